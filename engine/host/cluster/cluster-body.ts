import { isMillraceError } from '../../base/errors.ts'
import { type ClusterOptions, EmbeddedCluster } from '../../cluster/index.ts'
import type { Environment, LogSink, WorkerContext } from '../../environment/index.ts'
import { forwardingLog } from '../../runner/forward-log.ts'
import type { Input, Output } from '../contract.ts'
import { errorOnWire } from '../wire.ts'
import { answerCalls } from '../worker-calls.ts'
import { ClusterView } from './cluster-state.ts'
import type { ClusterCalls, ClusterStart, ClusterTold } from './messages.ts'

/** Changes come in bursts while brokers start or die; the window is told of each burst once. */
const tellMs = 150

/** What the cluster's thread runs: the brokers, until they are told to stop. */
export async function runCluster({ environment: given, data, port }: WorkerContext): Promise<void> {
  let cluster: EmbeddedCluster | undefined
  const view = new ClusterView()
  const state = () => view.state(cluster!.status(), cluster!.bootstrap, environment.clock.monotonicMs())
  const closed = Promise.withResolvers<void>()
  const done = (work: Promise<void>) => work.then(() => null)
  const tell = answerCalls<ClusterCalls, ClusterTold>(port, {
    state: async () => state(),
    metrics: async (wanted) => metricsOf(cluster!, wanted),
    kill: (broker) => done(cluster!.kill(broker)),
    stop: (broker) => done(cluster!.stopBroker(broker)),
    start: (broker) => done(cluster!.startBroker(broker)),
    async close() {
      await cluster!.stop()
      closed.resolve()
      return null
    },
  })
  const environment = forwardingLog(given, tell)
  try {
    cluster = await start(environment, data as ClusterStart)
  } catch (thrown) {
    tell({ kind: 'failed', error: errorOnWire(thrown) })
    return
  }
  cluster.onChange(gathered(environment, () => tell({ kind: 'changed', cluster: state() })))
  tell({ kind: 'ready', cluster: state() })
  await closed.promise
}

function metricsOf(
  cluster: EmbeddedCluster,
  { domain, type }: Input<'cluster.metrics'>,
): Output<'cluster.metrics'> {
  const brokers = cluster.metrics().map(({ broker, metrics }) => ({
    broker,
    metrics: metrics
      .filter((each) => (domain ?? each.domain) === each.domain && (type ?? each.type) === each.type)
      .map((each) => ({ ...each })),
  }))
  return { brokers }
}

async function start(environment: Environment, start: ClusterStart): Promise<EmbeddedCluster> {
  const { dataFolder, brokers, preferredPorts } = start
  const options: ClusterOptions = { dataFolder, brokers }
  const environmentFor = (broker: number): Environment => ({
    ...environment,
    random: environment.random.fork(`broker-${broker}`),
    log: logOf(broker, environment.log),
  })
  if (preferredPorts) {
    try {
      return await EmbeddedCluster.start(environmentFor, { ...options, ports: preferredPorts })
    } catch (thrown) {
      // Another cluster has them: any others do, and they are shown.
      if (!isMillraceError(thrown, 'PORT_IN_USE')) throw thrown
    }
  }
  return EmbeddedCluster.start(environmentFor, { ...options, ports: 'free' })
}

/** Three brokers write the same lines: each says whose it is. */
function logOf(broker: number, log: LogSink): LogSink {
  const name = `broker-${broker}`
  return {
    write: (level, source, text, facts) =>
      log.write(level, name, source === name ? text : `${source}: ${text}`, facts),
  }
}

function gathered(environment: Environment, fn: () => void): () => void {
  let waiting = false
  return () => {
    if (waiting) return
    waiting = true
    environment.timers.after(tellMs, () => {
      waiting = false
      fn()
    })
  }
}

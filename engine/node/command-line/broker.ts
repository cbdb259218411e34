import {
  type ClusterOptions,
  type ClusterStatus,
  type ClusterTopic,
  EmbeddedCluster,
} from '../../cluster/index.ts'
import type { Environment } from '../../environment/index.ts'
import { prometheusText } from '../../metrics/index.ts'
import { createNodeEnvironment } from '../environment/index.ts'
import { parseOptions, usage, wholeNumber } from './arguments.ts'
import { type BrokerCommand, controlByLines } from './broker-control.ts'
import type { Command } from './command.ts'
import { absolute } from './folders.ts'
import { type MetricsServer, serveMetrics } from './metrics-server.ts'
import type { Output } from './output.ts'
import { stopSignal } from './signals.ts'

export const broker: Command = {
  help: `millrace broker [--brokers 3] [--port 9092] [--data DIR] [--set key=value]… [--topic name:partitions[:replicas]]… [--metrics-port N]

Starts the embedded cluster on consecutive ports of 127.0.0.1 and prints a line once every broker answers.

  --brokers N      how many; default 3
  --port N         the first one's port; default 9092; 0 takes free ones
  --data DIR       keep the data there; without it nothing is kept after the cluster stops
  --set key=value  a setting of Kafka's brokers by its dotted name
  --topic NAME:PARTITIONS[:REPLICAS]
                   a topic to create
  --metrics-port N serve the brokers' metrics to Prometheus: GET http://127.0.0.1:N/metrics; 0 takes a free port

Lines on standard input break and mend brokers: kill 2, stop 2, start 2, isolate 2, heal 2, slow-disk 2 50ms, status.`,
  async run(args, output) {
    const { values } = parseOptions('broker', args, {
      brokers: { type: 'string' },
      port: { type: 'string' },
      data: { type: 'string' },
      set: { type: 'string', multiple: true },
      topic: { type: 'string', multiple: true },
      'metrics-port': { type: 'string' },
    })
    const brokers = wholeNumber('broker', 'brokers', values.brokers, 3, 1, 99)
    const port = wholeNumber('broker', 'port', values.port, 9092, 0, 65_536 - brokers)
    const metricsPort = wholeNumber('broker', 'metrics-port', values['metrics-port'], 0, 0, 65_535)
    const options: ClusterOptions = {
      brokers,
      ports: port === 0 ? 'free' : Array.from({ length: brokers }, (_, index) => port + index),
      dataFolder: values.data === undefined ? undefined : absolute(values.data),
      settings: Object.fromEntries((values.set ?? []).map(parseSetting)),
      topics: (values.topic ?? []).map(parseTopic),
    }
    const stopped = stopSignal()
    const environment = createNodeEnvironment()
    const cluster = await EmbeddedCluster.start((id) => ofBroker(environment, id), options)
    const metrics = values['metrics-port'] === undefined ? undefined : await metricsOf(cluster, metricsPort)
    output.object({ event: 'ready', bootstrap: cluster.bootstrap, metrics: metrics?.url })
    output.line(`ready ${cluster.bootstrap.join(',')}`)
    if (metrics) output.line(`metrics ${metrics.url}`)
    // Its end means nothing: a cluster that was started without a terminal runs on.
    void controlByLines(
      process.stdin,
      (command) => carryOut(cluster, command, output),
      (text) => answer(output, text),
    )
    await stopped
    process.stdin.destroy()
    await metrics?.close()
    await cluster.stop()
  },
}

/** A port that cannot be had leaves no cluster behind. */
async function metricsOf(cluster: EmbeddedCluster, port: number): Promise<MetricsServer> {
  try {
    return await serveMetrics(port, () =>
      prometheusText(
        cluster.metrics().map(({ broker, metrics }) => ({ labels: { broker: String(broker) }, metrics })),
      ),
    )
  } catch (thrown) {
    await cluster.stop()
    throw thrown
  }
}

function ofBroker(environment: Environment, id: number): Environment {
  return { ...environment, random: environment.random.fork(`broker-${id}`) }
}

async function carryOut(
  cluster: EmbeddedCluster,
  command: BrokerCommand,
  output: Output,
): Promise<string | undefined> {
  switch (command.name) {
    case 'kill':
      await cluster.kill(command.broker)
      return undefined
    case 'stop':
      await cluster.stopBroker(command.broker)
      return undefined
    case 'start':
      await cluster.startBroker(command.broker)
      return undefined
    case 'isolate':
      cluster.isolate(command.broker)
      return undefined
    case 'heal':
      cluster.heal(command.broker)
      return undefined
    case 'slow-disk':
      cluster.slowDisk(command.broker, command.delayMs)
      return undefined
    case 'status': {
      const status = cluster.status()
      output.object({ event: 'status', ...status })
      return output.json ? undefined : statusLines(status)
    }
  }
}

function answer(output: Output, text: string): void {
  output.line(text)
  const [, state, rest] = /^(ok|error) (.*)$/s.exec(text) ?? []
  if (state !== undefined) output.object({ event: state, text: rest })
}

function statusLines({
  brokers,
  topics,
  underReplicatedPartitions,
  offlinePartitions,
}: ClusterStatus): string {
  const partitions = topics.reduce((sum, topic) => sum + topic.partitions.length, 0)
  return [
    'ok status',
    ...brokers.map(
      ({ id, host, port, state, failure, isController, isIsolated, leaders, replicas }) =>
        `  broker ${id} ${host}:${port} ${state}${isController ? ' controller' : ''}${isIsolated ? ' isolated' : ''}` +
        ` leads ${leaders} of ${replicas}${failure === undefined ? '' : `: ${failure}`}`,
    ),
    `  topics ${topics.length} partitions ${partitions}` +
      ` under-replicated ${underReplicatedPartitions} offline ${offlinePartitions}`,
  ].join('\n')
}

function parseSetting(text: string): [name: string, value: string] {
  const [, name, value] = /^([^=]+)=(.*)$/s.exec(text) ?? []
  if (name === undefined || value === undefined) throw usage('broker', `--set takes key=value, not "${text}"`)
  return [name.trim(), value.trim()]
}

function parseTopic(text: string): ClusterTopic {
  const [, name, partitions, replicas] = /^([^:]+):(\d+)(?::(\d+))?$/.exec(text) ?? []
  if (name === undefined) throw usage('broker', `--topic takes name:partitions[:replicas], not "${text}"`)
  return {
    name,
    partitions: Number(partitions),
    replicationFactor: replicas === undefined ? undefined : Number(replicas),
  }
}

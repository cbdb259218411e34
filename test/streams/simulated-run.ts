/**
 * An application of two instances on three brokers, in virtual time, under faults: each user's orders are gathered. At least once
 * they are gathered as a set, so that processing a record twice, which is allowed, shows nothing, and missing one does; exactly once
 * as a list, in which every order has to stand once.
 */
import { createAdmin, createConsumer, createProducer } from '../../engine/client/index.ts'
import { createCodeLoader, nodeCodecs } from '../../engine/node/environment/index.ts'
import { FaultPlan, World } from '../../engine/sim/index.ts'
import {
  createBuilder,
  createStreams,
  type KafkaStreams,
  type ProcessingGuarantee,
  type Topology,
} from '../../engine/streams/index.ts'
import { brokerIds, nodeOf, SimCluster } from '../simulation/sim-cluster.ts'

interface SimulatedResult {
  readonly acknowledged: ReadonlySet<number>
  readonly sent: number
  /** Of the output's last values. */
  readonly gathered: ReadonlySet<number>
  /** Orders that stand in a list more than once, and updates of a list that are not one longer than that before. */
  readonly repeated: readonly number[]
  readonly jumps: readonly string[]
  /** Instances that ended by themselves, and why. */
  readonly failures: readonly string[]
  readonly faults: readonly string[]
  /** How often a log was compacted. */
  readonly compactions: number
}

interface Order {
  readonly user: string
  readonly id: number
}

const instances = ['app-1', 'app-2'] as const
const input = 'orders'
const output = 'orders-of-users'
const changelog = 'gather-ids-changelog'
const convergenceMs = 120_000
/** The timeout of transactions, and how often the coordinator looks. */
const transactionEndMsMax = 25_000
const drain = () => new Promise<void>((resolve) => setImmediate(resolve))

export async function simulatedRun(
  seed: number,
  options: {
    durationMs: number
    processingGuarantee?: ProcessingGuarantee
    settings?: Readonly<Record<string, string>>
    /** In place of the runtime's own. */
    changelogConfigs?: Readonly<Record<string, string>>
    trace?: (line: string) => void
  },
): Promise<SimulatedResult> {
  const isExactlyOnce = options.processingGuarantee === 'exactly_once_v2'
  const failures: string[] = []
  const faults: string[] = []
  let compactions = 0
  const world: World = new World({
    seed,
    drain,
    codecs: nodeCodecs,
    code: createCodeLoader(),
    log: (node, level, source, text) => {
      if (/: compacted up to offset/.test(text)) compactions++
      options.trace?.(`${world.scheduler.elapsedMs.toFixed(1)} ${node} ${level} ${source}: ${text}`)
    },
  })
  const cluster = new SimCluster(world, { settings: options.settings })
  for (const id of brokerIds) cluster.start(id)
  await world.scheduler.runUntil(() => cluster.isActive, 10_000)
  await createTopics(world, cluster, options.changelogConfigs)

  const apps = new Map<string, KafkaStreams>()
  const startApp = (name: string) => {
    const streams = createStreams(world.node(name), gatherOrders(isExactlyOnce), {
      applicationId: 'gather',
      processingGuarantee: options.processingGuarantee,
      bootstrap: cluster.bootstrap,
      sessionTimeoutMs: 6000,
    })
    apps.set(name, streams)
    streams.onStateChange((state, error) => {
      options.trace?.(`${world.scheduler.elapsedMs.toFixed(1)} ${name} is ${state}`)
      if (state === 'failed') failures.push(`${name}: ${String(error?.error)}`)
    })
    streams.start().catch((error: unknown) => failures.push(`${name} did not start: ${String(error)}`))
  }
  for (const name of instances) startApp(name)

  const plan = new FaultPlan(world, {
    nodes: [...brokerIds.map(nodeOf), ...instances],
    kinds: ['kill', 'partition', 'pause'],
    everyMs: 600,
    lastsMs: 1500,
    mayGoDown: (node) =>
      isApp(node) ? instances.every((name) => world.isUp(name)) : cluster.live.size === brokerIds.length,
    onDown: (node) => {
      if (isApp(node)) apps.delete(node)
      else cluster.forget(idOf(node))
    },
    onUp: (node) => {
      world.restart(node)
      if (isApp(node)) startApp(node)
      else cluster.start(idOf(node))
    },
    onFault: (text) => {
      faults.push(text)
      options.trace?.(`${world.scheduler.elapsedMs.toFixed(1)} FAULT ${text}`)
    },
  })
  plan.start()
  const load = startLoad(world, cluster)
  await world.scheduler.runFor(options.durationMs)
  plan.stop()
  load.stop()
  const settled = () => load.outstanding() === 0 && cluster.isWhole && failures.length === 0 && caughtUp(apps)
  // An instance that was killed leaves a transaction, behind whose records nobody reads before it has timed out.
  if (isExactlyOnce) await world.scheduler.runFor(transactionEndMsMax)
  if (!(await world.scheduler.runUntil(settled, convergenceMs))) {
    failures.push(`not settled after ${convergenceMs} ms: ${describe(apps, load.outstanding(), cluster)}`)
  }
  for (const streams of apps.values()) await world.scheduler.settle(streams.close())
  const result = await world.scheduler.settle(readGathered(world, cluster))
  return { acknowledged: load.acknowledged, sent: load.sent(), ...result, failures, faults, compactions }
}

function gatherOrders(isExactlyOnce: boolean): Topology {
  const isKnown = (ids: readonly number[], id: number) => !isExactlyOnce && ids.includes(id)
  const builder = createBuilder()
  builder
    .stream<string, Order>(input, { name: 'orders' })
    .groupBy(({ value }) => value.user, { name: 'by-user' })
    .aggregate<number[]>(
      { init: () => [], add: (ids, order: Order) => (isKnown(ids, order.id) ? ids : [...ids, order.id]) },
      { name: 'ids' },
    )
    .toStream({ name: 'updates' })
    .to(output, { name: 'out' })
  return builder.build()
}

function isApp(node: string): boolean {
  return node.startsWith('app-')
}

function idOf(node: string): number {
  return Number(node.slice('broker-'.length))
}

/** Both instances run, and together they have committed every partition's end. */
function caughtUp(apps: ReadonlyMap<string, KafkaStreams>): boolean {
  const all = [...apps.values()]
  const lag = all.flatMap((streams) => [...streams.metrics().lag])
  return (
    all.length === instances.length &&
    all.every(({ state }) => state === 'running') &&
    lag.length === 8 &&
    lag.every(({ endOffset, committedOffset }) => endOffset === committedOffset)
  )
}

function describe(apps: ReadonlyMap<string, KafkaStreams>, outstanding: number, cluster: SimCluster): string {
  const states = [...apps].map(([name, { state }]) => `${name} ${state}`)
  const lag = [...apps.values()].flatMap((streams) =>
    streams
      .metrics()
      .lag.map(
        ({ topic, partition, endOffset, committedOffset }) =>
          `${topic}-${partition} ${committedOffset}/${endOffset}`,
      ),
  )
  return [...states, ...lag, `${outstanding} outstanding`, cluster.isWhole ? 'whole' : 'not whole'].join(', ')
}

async function createTopics(
  world: World,
  cluster: SimCluster,
  changelogConfigs: Readonly<Record<string, string>> | undefined,
): Promise<void> {
  const admin = createAdmin(world.node('client'), { bootstrap: cluster.bootstrap })
  const topics = [
    { name: input, partitions: 4 },
    { name: output, partitions: 2 },
    ...(changelogConfigs ? [{ name: changelog, partitions: 4, configs: changelogConfigs }] : []),
  ]
  await world.scheduler.settle(admin.createTopics(topics))
  await world.scheduler.settle(admin.close())
}

function startLoad(world: World, cluster: SimCluster) {
  const { timers, random } = world.node('client')
  const producer = createProducer(world.node('client'), { bootstrap: cluster.bootstrap, lingerMs: 2 })
  const acknowledged = new Set<number>()
  const numbers = random.fork('load')
  let sent = 0
  let answered = 0
  let running = true
  const sendOne = () => {
    if (!running) return
    const id = sent++
    const value = Buffer.from(JSON.stringify({ user: `u${id % 7}`, id }))
    producer
      .send({ topic: input, key: Buffer.from(JSON.stringify(`o${id}`)), value })
      .then(() => acknowledged.add(id))
      .catch(() => undefined)
      .finally(() => answered++)
    timers.after(1 + numbers.int(40), sendOne)
  }
  sendOne()
  return {
    acknowledged,
    sent: () => sent,
    outstanding: () => sent - answered,
    stop() {
      running = false
    },
  }
}

async function readGathered(
  world: World,
  cluster: SimCluster,
): Promise<Pick<SimulatedResult, 'gathered' | 'repeated' | 'jumps'>> {
  const environment = world.node('client')
  const admin = createAdmin(environment, { bootstrap: cluster.bootstrap })
  const partitions = [0, 1].map((partition) => ({ topic: output, partition }))
  const ends = await admin.listOffsets(partitions.map((at) => ({ ...at, spec: 'latest' as const })))
  const consumer = createConsumer(environment, {
    bootstrap: cluster.bootstrap,
    autoOffsetReset: 'earliest',
    isolation: 'read_committed',
  })
  consumer.assign(partitions)
  const latest = new Map<string, number[]>()
  const jumps: string[] = []
  while (ends.some((end) => (consumer.position(end) ?? 0) < end.offset)) {
    for (const { key, value } of await consumer.poll(100)) {
      const user = Buffer.from(key!).toString()
      const ids = JSON.parse(Buffer.from(value!).toString()) as number[]
      const before = latest.get(user)?.length ?? 0
      if (ids.length !== before + 1) jumps.push(`${user}: ${before} → ${ids.length}`)
      latest.set(user, ids)
    }
  }
  await consumer.close()
  await admin.close()
  const all = [...latest.values()].flat()
  return { gathered: new Set(all), repeated: all.filter((id, at) => all.indexOf(id) !== at), jumps }
}

import { createAdmin, createProducer } from '../../engine/client/index.ts'
import { createCodeLoader, nodeCodecs } from '../../engine/node/environment/index.ts'
import { type FaultKind, FaultPlan, World } from '../../engine/sim/index.ts'
import { startAdminLoad } from './admin-load.ts'
import { type Acknowledged, finalViolations, RunningChecks, type Violation } from './checkers.ts'
import { brokerIds, nodeOf, SimCluster } from './sim-cluster.ts'
import { areDecided, transactionViolations } from './transactions/transaction-checker.ts'
import { type Attempt, ledger, ledgerPartitions, startTransactions } from './transactions/transaction-load.ts'

export interface SeedResult {
  readonly seed: number
  readonly violations: readonly Violation[]
  readonly sent: number
  readonly acknowledged: number
  readonly faults: Readonly<Record<string, number>>
  readonly checks: number
  /** How often administrators did what. */
  readonly administration: Readonly<Record<string, number>>
  /** By outcome. */
  readonly transactions: Readonly<Record<string, number>>
  /** Producers that had been replaced, and were refused. */
  readonly zombies: number
  readonly events: number
  readonly virtualMs: number
}

export interface SeedOptions {
  readonly seed: number
  readonly kinds?: readonly FaultKind[]
  readonly durationMs?: number
  readonly trace?: (line: string) => void
}

const topic = 'events'
const partitions = 3
const convergenceMs = 60_000

export const allFaults: readonly FaultKind[] = [
  'crash',
  'kill',
  'partition',
  'one-way cut',
  'reset',
  'pause',
  'slow disk',
  'clock skew',
]

const drain = () => new Promise<void>((resolve) => setImmediate(resolve))

/** One whole run: a cluster, a producer, faults, healing, and what the checkers say. */
export async function runSeed(options: SeedOptions): Promise<SeedResult> {
  const { seed, trace, durationMs = 6000 } = options
  const world: World = new World({
    seed,
    drain,
    codecs: nodeCodecs,
    code: createCodeLoader(),
    trace: trace && ((line) => trace(line)),
    log: (node, level, source, text) =>
      trace?.(`${world.scheduler.elapsedMs.toFixed(3)} ${node} ${level} ${source}: ${text}`),
  })
  const cluster = new SimCluster(world)
  const checks = new RunningChecks()
  const faults: Record<string, number> = {}
  for (const id of brokerIds) cluster.start(id)
  await createTopic(world, cluster)

  /** Whoever lost unsynced bytes last, and under which registration: the cluster may not have noticed yet. */
  let hurt = { id: 0, brokerEpoch: 0 }
  const plan = new FaultPlan(world, {
    nodes: brokerIds.map(nodeOf),
    kinds: options.kinds ?? allFaults,
    everyMs: 500,
    lastsMs: 2000,
    // Losing unsynced bytes is only survivable while the others have everything, and until the one that lost them is
    // back in sync (invariant 1): in between nobody else goes down.
    mayGoDown: (node, kind) => {
      if (cluster.live.size < brokerIds.length) return false
      const isHealed = cluster.isInSync && cluster.brokerEpochOf(hurt.id) !== hurt.brokerEpoch
      if (kind === 'crash' ? !isHealed : hurt.id !== 0 && !isHealed) return false
      const id = idOf(node)
      hurt = kind === 'crash' ? { id, brokerEpoch: cluster.brokerEpochOf(id) } : { id: 0, brokerEpoch: 0 }
      return true
    },
    onDown: (node) => cluster.forget(idOf(node)),
    onUp: (node) => {
      world.restart(node)
      cluster.start(idOf(node))
    },
    onFault: (text) => {
      const kind = (options.kinds ?? allFaults).find((each) => text.includes(` ${each} `))
      if (kind) faults[kind] = (faults[kind] ?? 0) + 1
      trace?.(`FAULT ${text}`)
    },
  })
  plan.start()
  const load = startLoad(world, cluster)
  const transactions = startTransactions(world, cluster)
  const administration = startAdminLoad(world, cluster, { topic, partitions })
  await watch(world, cluster, checks, durationMs)
  plan.stop()
  load.stop()
  transactions.stop()
  administration.stop()
  const violations: Violation[] = []
  const isDone = () => {
    const areEnded = transactions.isDone() && areDecided(cluster) && administration.isDone()
    return load.outstanding() === 0 && areEnded && cluster.isWhole
  }
  if (!(await world.scheduler.runUntil(isDone, convergenceMs))) {
    violations.push({
      invariant: 11,
      text: `not healed after ${convergenceMs} ms: ${describe(cluster, load.outstanding())}`,
    })
  }
  checks.look(cluster)
  violations.push(...checks.violations)
  violations.push(
    ...(await world.scheduler.settle(finalViolations(cluster, load.acknowledged, topic, nodeCodecs))),
  )
  violations.push(...(await world.scheduler.settle(transactionViolations(cluster, transactions, nodeCodecs))))
  for (const text of [
    ...cluster.failures,
    ...load.failures,
    ...transactions.failures,
    ...administration.failures,
  ])
    violations.push({ invariant: 11, text })
  return {
    seed,
    violations,
    sent: load.sent(),
    acknowledged: load.acknowledged.length,
    faults,
    checks: checks.checks,
    administration: administration.done,
    transactions: countOutcomes(transactions.attempts),
    zombies: transactions.zombies.refused,
    events: world.scheduler.eventCount,
    virtualMs: world.scheduler.elapsedMs,
  }
}

function countOutcomes(attempts: readonly Attempt[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { outcome } of attempts) counts[outcome] = (counts[outcome] ?? 0) + 1
  return counts
}

function idOf(node: string): number {
  return Number(node.slice('broker-'.length))
}

async function createTopic(world: World, cluster: SimCluster): Promise<void> {
  await world.scheduler.runUntil(() => cluster.isActive, 10_000)
  const admin = createAdmin(world.node('client'), { bootstrap: cluster.bootstrap })
  const topics = [
    { name: topic, partitions },
    { name: ledger, partitions: ledgerPartitions },
  ]
  await world.scheduler.settle(admin.createTopics(topics))
  await world.scheduler.settle(admin.close())
}

async function watch(
  world: World,
  cluster: SimCluster,
  checks: RunningChecks,
  durationMs: number,
): Promise<void> {
  const endMs = world.scheduler.elapsedMs + durationMs
  while (world.scheduler.elapsedMs < endMs) {
    await world.scheduler.runFor(5)
    checks.look(cluster)
  }
}

/** An idempotent producer that sends numbered records at random times, and notes what was acknowledged. */
function startLoad(world: World, cluster: SimCluster) {
  const environment = world.node('client')
  const random = environment.random.fork('load')
  const producer = createProducer(environment, {
    bootstrap: cluster.bootstrap,
    lingerMs: 2,
    requestTimeoutMs: 3000,
    deliveryTimeoutMs: 300_000,
    metadataMaxAgeMs: 5000,
  })
  const acknowledged: Acknowledged[] = []
  const failures: string[] = []
  let next = 0
  let isStopped = false
  let outstanding = 0
  const sendSome = () => {
    if (isStopped) return
    for (let count = 1 + random.int(4); count > 0; count--) {
      const value = String(next++)
      outstanding++
      const record = { topic, partition: random.int(partitions), key: null, value: Buffer.from(value) }
      producer
        .send(record)
        .then(({ partition, offset }) => acknowledged.push({ topic, partition, offset, value }))
        .catch((thrown: unknown) => failures.push(`record ${value} failed: ${thrown}`))
        .finally(() => outstanding--)
    }
    environment.timers.after(random.int(20), sendSome)
  }
  sendSome()
  return {
    acknowledged,
    failures,
    sent: () => next,
    outstanding: () => outstanding,
    stop() {
      isStopped = true
    },
  }
}

function describe(cluster: SimCluster, outstanding: number): string {
  const states = cluster
    .replicas()
    .filter(({ replica }) => replica.topic === topic)
    .map(({ id, replica }) => {
      const { state, log, highWatermark } = replica
      const role = replica.leader ? 'leader' : `follower of ${state!.leader}`
      const pending = replica.leader?.pendingIsr ? ` wants ${replica.leader.pendingIsr}` : ''
      const ends = `hw ${highWatermark} written ${log.writtenEndOffset} end ${log.logEndOffset}`
      return `${replica.name}@${id} ${role} epoch ${state!.leaderEpoch} isr ${state!.isr}${pending} ${ends}`
    })
  return `${outstanding} records unanswered; live ${[...cluster.live.keys()]}; ${states.join('; ')}`
}

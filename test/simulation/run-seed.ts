import { isMillraceError, type MillraceError } from '../../engine/base/errors.ts'
import { createAdmin } from '../../engine/client/index.ts'
import { createCodeLoader, nodeCodecs } from '../../engine/node/environment/index.ts'
import { type DownKind, type FaultKind, FaultPlan, World } from '../../engine/sim/index.ts'
import { checkStates } from './checks/contents.ts'
import { Findings, type Violation } from './checks/findings.ts'
import { QuorumChecks } from './checks/quorum-checks.ts'
import { RunningChecks } from './checks/running-checks.ts'
import { readEverything, spoilLog } from './corruption.ts'
import { LateMessages } from './late-messages.ts'
import type { Load, LoadContext } from './loads/load.ts'
import { type LoadName, shortLived, startLoads, table, topics } from './loads/loads.ts'
import { brokerIds, nodeOf, SimCluster } from './sim-cluster.ts'
import { areDecided } from './transactions/transaction-checker.ts'
import { ledger } from './transactions/transaction-load.ts'

export interface SeedResult {
  readonly seed: number
  readonly violations: readonly Violation[]
  /** How often what was done, by all clients. */
  readonly operations: Readonly<Record<string, number>>
  readonly faults: Readonly<Record<string, number>>
  /** Which of the plan happened, by their place in it. */
  readonly faultIndexes: readonly number[]
  /** How often each invariant had something to check. */
  readonly checked: Readonly<Record<number, number>>
  readonly events: number
  readonly virtualMs: number
}

export interface SeedOptions {
  readonly seed: number
  readonly kinds?: readonly FaultKind[]
  readonly durationMs?: number
  /** All that happens, event by event. */
  readonly trace?: (line: string) => void
  /** Faults, what clients did, and what brokers note. */
  readonly tell?: (line: string) => void
  /** For minimising. */
  readonly loads?: ReadonlySet<LoadName>
  readonly skippedFaults?: ReadonlySet<number>
}

export const allFaults: readonly FaultKind[] = [
  'crash',
  'kill',
  'kill all',
  'partition',
  'one-way cut',
  'reset',
  'pause',
  'slow disk',
  'full disk',
  'corruption',
  'clock skew',
  'time jump',
]

const convergenceMs = 60_000
const operationsMin = 1000
const faultsMin = 3
const lookEveryMs = 8
const looksPerStateCheck = 20
const stateTopics = topics.map(({ name }) => name).filter((name) => name !== table && name !== shortLived)
/** Segments are small, looks frequent, and memory short: what takes days elsewhere happens within seconds. */
const settings = {
  'log.cleaner.backoff.ms': '150',
  'log.retention.check.interval.ms': '300',
  'offsets.topic.segment.bytes': '4096',
  'transaction.state.log.segment.bytes': '4096',
  'group.min.session.timeout.ms': '500',
}

const drain = () => new Promise<void>((resolve) => setImmediate(resolve))

/** One whole run: a cluster, clients, faults, healing, and what the checkers say. */
export async function runSeed(options: SeedOptions): Promise<SeedResult> {
  const { seed, trace, durationMs = 6000 } = options
  const tell = (text: string) => {
    const line = `${world.scheduler.elapsedMs.toFixed(1)} ${text}`
    options.tell?.(line)
    trace?.(line)
  }
  const world: World = new World({
    seed,
    drain,
    codecs: nodeCodecs,
    code: createCodeLoader(),
    trace: trace && ((line) => trace(line)),
    log: (node, level, source, text) => tell(`${node} ${level} ${source}: ${text}`),
  })
  const findings = new Findings()
  const quorumChecks = new QuorumChecks(findings)
  const late = new LateMessages(world)
  const faults = new Faults(world, options, tell)
  const cluster: SimCluster = new SimCluster(world, {
    settings,
    tailBytesMax: 16 * 1024,
    wrapLinks: (id, links) => {
      const wrapped = late.wrap(id, links)
      return {
        ...wrapped,
        raft: (to, message) => {
          quorumChecks.sent(id, to, message)
          wrapped.raft(to, message)
        },
      }
    },
    onChange: (id, image) => quorumChecks.applied(id, image),
    onFailed: (id, error) => faults.failed(id, error),
  })
  for (const id of brokerIds) cluster.start(id)
  await createTopics(world, cluster)
  const checks = new RunningChecks(findings)
  const context: LoadContext = { world, cluster, findings, environment: world.node('client'), tell }
  const loads = startLoads(context, options.loads)
  let looks = 0
  const look = () => {
    checks.look(cluster)
    loads.group?.look()
    if (++looks % looksPerStateCheck === 0) checkStates(cluster, stateTopics, findings)
  }
  faults.start(cluster)
  const isEnough = () => {
    const isMinimised = options.loads !== undefined || options.skippedFaults !== undefined
    return (
      isMinimised || (sum(operationsOf(loads.all)) >= operationsMin && faults.indexes.length >= faultsMin)
    )
  }
  await watch(world, look, () => world.scheduler.elapsedMs >= durationMs && isEnough())
  faults.stop()
  late.stop()
  for (const load of loads.all) load.stop()
  // One after the other may be done only after others are: all are asked each time.
  const isDone = () => {
    const open = loads.all.filter((load) => !load.isDone())
    return open.length === 0 && areDecided(cluster) && cluster.isWhole
  }
  const endMs = world.scheduler.elapsedMs + convergenceMs
  await watch(world, look, () => isDone() || world.scheduler.elapsedMs >= endMs)
  findings.check(11, isDone(), () => `not healed after ${convergenceMs} ms: ${describe(cluster, loads.all)}`)
  if (isDone()) {
    // What memory has is one thing, what lies on the disks another.
    faults.killAll(cluster)
    await watch(world, look, () => cluster.isWhole || world.scheduler.elapsedMs >= endMs + convergenceMs)
    findings.check(11, cluster.isWhole, () => `not healed after the last stop: ${describe(cluster, [])}`)
    const areServed = () => cluster.committedOffset('readers', '', 0) !== undefined
    await world.scheduler.runUntil(areServed, 5000)
    await world.scheduler.runFor(500)
  }
  for (const load of loads.all) {
    if (load.verify) await world.scheduler.settle(Promise.resolve(load.verify()))
    for (const text of load.failures) findings.violate(11, text)
  }
  for (const text of cluster.failures) findings.violate(11, text)
  return {
    seed,
    violations: findings.violations,
    operations: operationsOf(loads.all),
    faults: { ...faults.counts, ...late.counts },
    faultIndexes: faults.indexes,
    checked: findings.checked,
    events: world.scheduler.eventCount,
    virtualMs: world.scheduler.elapsedMs,
  }
}

/** The fault plan, and what the cluster may be asked to bear. */
class Faults {
  readonly counts: Record<string, number> = {}
  readonly indexes: number[] = []
  private readonly world: World
  private readonly options: SeedOptions
  private readonly tell: (line: string) => void
  private cluster: SimCluster | undefined
  private plan: FaultPlan | undefined
  /** Whoever lost bytes last, and under which registration: the cluster may not have noticed yet. */
  private hurt = { id: 0, brokerEpoch: 0 }
  private fullDisk = 0
  /** Whose disk may hold damage that nobody has met yet. */
  private spoilt = 0
  private readonly random
  private isOver = false

  constructor(world: World, options: SeedOptions, tell: (line: string) => void) {
    this.world = world
    this.options = options
    this.tell = tell
    this.random = world.random.fork('damage')
  }

  start(cluster: SimCluster): void {
    this.cluster = cluster
    const up = (node: string) => {
      const id = idOf(node)
      if (this.fullDisk === id) this.fullDisk = 0
      this.world.restart(node)
      cluster.start(id)
      if (this.spoilt === id) void this.lookForDamage(id, cluster)
    }
    this.plan = new FaultPlan(this.world, {
      nodes: brokerIds.map(nodeOf),
      kinds: this.options.kinds ?? allFaults,
      everyMs: 400,
      lastsMs: 2000,
      skipped: this.options.skippedFaults,
      mayGoDown: (node, kind) => this.mayGoDown(node, kind, cluster),
      damage: (node) => {
        const path = spoilLog(this.world, node, this.random)
        this.spoilt = path === undefined ? 0 : idOf(node)
        this.tell(`${node}: a byte of ${path} has rotted`)
      },
      onDown: (node) => cluster.forget(idOf(node)),
      onUp: up,
      onFault: (text, { index, kind }) => {
        this.counts[kind] = (this.counts[kind] ?? 0) + 1
        this.indexes.push(index)
        this.tell(`FAULT ${index}: ${text}`)
      },
    })
    this.plan.start()
  }

  stop(): void {
    this.isOver = true
    this.plan?.stop()
  }

  /** All processes at once, and back. */
  killAll(cluster: SimCluster): void {
    for (const id of brokerIds) {
      this.world.crash(nodeOf(id), { keepsDisk: true })
      cluster.forget(id)
    }
    for (const id of brokerIds) {
      this.world.restart(nodeOf(id))
      cluster.start(id)
    }
  }

  /**
   * Losing bytes is only survivable while the others have everything, and until the one that lost them is back in sync
   * (invariant 1): in between nobody else goes down.
   */
  private mayGoDown(node: string, kind: DownKind, cluster: SimCluster): boolean {
    if (cluster.live.size < brokerIds.length || this.fullDisk !== 0 || this.spoilt !== 0) return false
    const isHealed = cluster.isInSync && cluster.brokerEpochOf(this.hurt.id) !== this.hurt.brokerEpoch
    const losesBytes = kind === 'crash' || kind === 'corruption'
    if (losesBytes || kind === 'kill all' ? !isHealed : this.hurt.id !== 0 && !isHealed) return false
    const id = idOf(node)
    this.hurt = losesBytes ? { id, brokerEpoch: cluster.brokerEpochOf(id) } : { id: 0, brokerEpoch: 0 }
    if (kind === 'full disk') this.fullDisk = id
    return true
  }

  private async lookForDamage(id: number, cluster: SimCluster): Promise<void> {
    const { timers } = this.world.node(nodeOf(id))
    for (const delayMs of [50, 150, 500, 1500]) {
      await timers.sleep(delayMs)
      await readEverything(cluster, id)
    }
    this.spoilt = 0
  }

  /** A broker that cannot write, or whose data is damaged, stops, as Kafka's do without a log directory; and comes back. */
  failed(id: number, error: MillraceError): boolean {
    const { cluster, world } = this
    if (!cluster?.live.has(id)) return true
    const isFull = this.fullDisk === id
    const isDamaged = isMillraceError(error.cause, 'CORRUPT_BATCH')
    if (!isFull && !isDamaged) return false
    this.tell(`broker-${id} goes offline: ${error.message}`)
    const kind = isFull ? 'log directory offline' : 'damage found'
    this.counts[kind] = (this.counts[kind] ?? 0) + 1
    if (isDamaged) {
      this.spoilt = 0
      this.hurt = { id, brokerEpoch: cluster.brokerEpochOf(id) }
    }
    world.crash(nodeOf(id), { keepsDisk: true })
    cluster.forget(id)
    // With the fault's end it is started again, once there is room; the damaged one at once.
    if (isFull && !this.isOver) return true
    world.restart(nodeOf(id))
    cluster.start(id)
    return true
  }
}

async function watch(world: World, look: () => void, isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    await world.scheduler.runFor(lookEveryMs)
    look()
  }
}

export function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((total, count) => total + count, 0)
}

function operationsOf(loads: readonly Load[]): Record<string, number> {
  const all: Record<string, number> = {}
  for (const { operations } of loads) {
    for (const [kind, count] of Object.entries(operations)) all[kind] = (all[kind] ?? 0) + count
  }
  return all
}

function idOf(node: string): number {
  return Number(node.slice('broker-'.length))
}

async function createTopics(world: World, cluster: SimCluster): Promise<void> {
  await world.scheduler.runUntil(() => cluster.isActive, 10_000)
  const admin = createAdmin(world.node('client'), { bootstrap: cluster.bootstrap })
  await world.scheduler.settle(admin.createTopics(topics))
  await world.scheduler.settle(admin.close())
}

function describe(cluster: SimCluster, loads: readonly Load[]): string {
  const states = cluster
    .replicas()
    .filter(
      ({ replica }) => replica.log.logEndOffset !== replica.highWatermark || replica.state!.isr.length < 3,
    )
    .map(({ id, replica }) => {
      const { state, log, highWatermark } = replica
      const role = replica.leader ? 'leader' : `follower of ${state!.leader}`
      const pending = replica.leader?.pendingIsr ? ` wants ${replica.leader.pendingIsr}` : ''
      const ends = `hw ${highWatermark} written ${log.writtenEndOffset} end ${log.logEndOffset}`
      return `${replica.name}@${id} ${role} epoch ${state!.leaderEpoch} isr ${state!.isr}${pending} ${ends}`
    })
  const open = loads.flatMap((load, i) => (load.isDone() ? [] : [i]))
  const undecided = areDecided(cluster) ? '' : `, something of ${ledger} is undecided`
  return `loads ${open} are open; live ${[...cluster.live.keys()]}${undecided}; ${states.join('; ')}`
}

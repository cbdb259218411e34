import type { Environment, TimerHandle } from '../environment/index.ts'
import type { PipelineDocument } from '../pipeline/document.ts'
import type { TopologyPlan } from '../streams/plan.ts'
import type {
  AcknowledgedTopic,
  FeedMetrics,
  FromThread,
  RunProblem,
  RunSample,
  RunStateName,
} from './messages.ts'
import {
  addSteps,
  type Counts,
  hasMoved,
  isRead,
  lagMsOf,
  lagRecordsOf,
  perSecond,
  RunMetrics,
  type Totals,
} from './metrics.ts'

/** Rates are over about a second: shorter makes them jump with every batch. */
const rateWindowMs = 1000
/** Sources at their end and no lag for so long: nothing more will come. */
const idleAfterMs = 2000

interface SamplerContext {
  readonly state: () => RunStateName
  readonly memoryBytes: () => number
  readonly onSample: (sample: RunSample) => void
  readonly onIdle: (idle: boolean) => void
}

type MetricsMessage = Extract<FromThread, { kind: 'metrics' }>

interface Moment {
  readonly monotonicMs: number
  readonly nodes: Record<string, Totals>
  readonly edges: Record<string, number>
}

/** Puts together what the threads tell into one sample for every interval. */
export class Sampler {
  readonly #environment: Environment
  readonly #metrics: RunMetrics
  readonly #plan: TopologyPlan
  readonly #intervalMs: number
  readonly #context: SamplerContext
  readonly #startedMs: number
  readonly #threads = new Map<object, MetricsMessage>()
  readonly #errors: Record<string, { what: string; where: string; count: number }> = {}
  #feeds: readonly FeedMetrics[] = []
  #acknowledged: readonly AcknowledgedTopic[] = []
  #moments: Moment[] = []
  #quietSinceMs: number | undefined
  #timer: TimerHandle | undefined
  #stopped = false
  #hasBegun = false

  constructor(
    environment: Environment,
    plan: TopologyPlan,
    document: PipelineDocument,
    intervalMs: number,
    context: SamplerContext,
  ) {
    this.#environment = environment
    this.#plan = plan
    this.#metrics = new RunMetrics(plan, document)
    this.#intervalMs = intervalMs
    this.#context = context
    this.#startedMs = environment.clock.monotonicMs()
    this.#arm()
  }

  receive(thread: object, message: Extract<FromThread, { kind: 'metrics' | 'feeds' }>): void {
    if (message.kind === 'metrics') {
      // A thread that has handed its partitions back knows no lag any more: the last one known stays for the summary.
      const lag =
        message.lag.length === 0 && this.#isEnding() ? (this.#threads.get(thread)?.lag ?? []) : message.lag
      this.#threads.set(thread, { ...message, lag })
      if (!this.#hasBegun && hasMoved(message.steps)) this.#sampleFirst()
    } else {
      this.#feeds = message.feeds
      this.#acknowledged = message.acknowledged
    }
  }

  /** The thread is gone, and what it did is done; its partitions are another's. */
  replaced(thread: object): void {
    const last = this.#threads.get(thread)
    if (last) this.#threads.set(thread, { ...last, lag: [] })
  }

  #isEnding(): boolean {
    return this.#context.state() !== 'running' && this.#context.state() !== 'idle'
  }

  noteProblem({ node, error, count = 1, lastWhere = error.where }: RunProblem): void {
    if (node === undefined) return
    const before = this.#errors[node]?.count ?? 0
    this.#errors[node] = { what: error.what, where: lastWhere ?? '', count: before + count }
  }

  /** With one last sample, so that the final figures are right. */
  stop(): void {
    if (this.#stopped) return
    this.#stopped = true
    this.#timer?.cancel()
    this.#sample()
  }

  /** The first record is shown as soon as it is known. */
  #sampleFirst(): void {
    this.#hasBegun = true
    if (this.#stopped) return
    this.#timer?.cancel()
    this.#sample()
    this.#arm()
  }

  #arm(): void {
    this.#timer = this.#environment.timers.after(this.#intervalMs, () => {
      this.#sample()
      if (!this.#stopped) this.#arm()
    })
  }

  #sample(): void {
    const nowMs = this.#environment.clock.monotonicMs()
    const counts = this.#counts()
    const nodes = this.#metrics.nodeTotals(counts)
    const edges = this.#metrics.edgeTotals(counts)
    const before = this.#moments[0] ?? { monotonicMs: this.#startedMs, nodes: {}, edges: {} }
    const seconds = (nowMs - before.monotonicMs) / 1000
    this.#remember({ monotonicMs: nowMs, nodes, edges })
    const shown = this.#metrics.nodeMetrics(counts, nodes, before.nodes, seconds)
    const sum = (of: readonly string[], field: 'inPerSec' | 'outPerSec') =>
      of.reduce((total, node) => total + (shown[node]?.[field] ?? 0), 0)
    this.#watchIdle(counts, nodes, nowMs)
    this.#context.onSample({
      timeMs: this.#environment.clock.nowMs(),
      elapsedMs: nowMs - this.#startedMs,
      state: this.#context.state(),
      inPerSec: sum(this.#sources(), 'outPerSec'),
      outPerSec: sum(this.#sinks(), 'inPerSec'),
      lagRecords: lagRecordsOf(counts.lag),
      lagMs: lagMsOf(counts.lag),
      streamTimeMs: this.#streamTimeMs(),
      nodes: shown,
      edges: Object.fromEntries(
        Object.entries(edges).map(([edge, total]) => [
          edge,
          { total, recordsPerSec: perSecond(total - (before.edges[edge] ?? 0), seconds) },
        ]),
      ),
      memoryBytes: this.#context.memoryBytes(),
      acknowledged: this.#acknowledged,
    })
  }

  #counts(): Counts {
    const threads = [...this.#threads.values()]
    return {
      steps: addSteps(threads.map((thread) => thread.steps)),
      lag: threads.flatMap((thread) => thread.lag),
      feeds: this.#feeds,
      errors: this.#errors,
    }
  }

  #remember(moment: Moment): void {
    this.#moments.push(moment)
    while (this.#moments.length > 1 && moment.monotonicMs - this.#moments[1]!.monotonicMs >= rateWindowMs) {
      this.#moments.shift()
    }
  }

  /** Bounded: every source of this run has an end, and has come to it. */
  #watchIdle(counts: Counts, nodes: Record<string, Totals>, nowMs: number): void {
    const feedsEnded =
      this.#feeds.length === this.#plan.feeds.length && this.#feeds.every((feed) => feed.ended)
    const caughtUp =
      counts.lag.length > 0 && lagRecordsOf(counts.lag) === 0 && isRead(this.#acknowledged, counts.lag)
    const moving = Object.entries(nodes).some(
      ([node, totals]) => totals.in !== (this.#moments.at(-2)?.nodes[node]?.in ?? totals.in),
    )
    if (!feedsEnded || !caughtUp || moving) {
      this.#quietSinceMs = undefined
      this.#context.onIdle(false)
      return
    }
    this.#quietSinceMs ??= nowMs
    if (nowMs - this.#quietSinceMs >= idleAfterMs) this.#context.onIdle(true)
  }

  /** The furthest of any thread. Rows of a table that holds from the beginning of time on are all at 0: they move nothing. */
  #streamTimeMs(): number | undefined {
    const furthest = Math.max(0, ...[...this.#threads.values()].map(({ streamTimeMs = 0 }) => streamTimeMs))
    return furthest > 0 ? furthest : undefined
  }

  #sources(): string[] {
    return nodesWith(this.#plan, (op) => op === 'stream' || op === 'table')
  }

  #sinks(): string[] {
    return nodesWith(this.#plan, (op) => op === 'to' || op === 'external')
  }
}

function nodesWith(plan: TopologyPlan, wanted: (op: string) => boolean): string[] {
  return [...new Set(plan.steps.filter((step) => wanted(step.op)).map((step) => step.node))]
}

/** From what threads count per step to what the canvas shows per node and edge. Pure. */
import type { PipelineDocument } from '../pipeline/document.ts'
import type { SourceLag, StepMetrics } from '../streams/api.ts'
import type { TopologyPlan } from '../streams/plan.ts'
import type { AcknowledgedTopic, FeedMetrics, RunNodeMetrics } from './messages.ts'
import { type NodeSteps, parentsOf, stepsByNode, topicOfNode } from './plan-nodes.ts'

export interface Counts {
  /** Sums over all threads, by step. */
  readonly steps: Readonly<Record<string, StepMetrics>>
  readonly lag: readonly SourceLag[]
  readonly feeds: readonly FeedMetrics[]
  /** Of skipped records, by node. */
  readonly errors: Readonly<Record<string, { what: string; where: string; count: number }>>
}

export interface Totals {
  readonly in: number
  readonly out: number
  readonly dropped: number
  readonly failed: number
  readonly busyMs: number
}

const none: StepMetrics = { in: 0, out: 0, dropped: 0, failed: 0, busyMs: 0 }

export class RunMetrics {
  readonly #nodes: readonly NodeSteps[]
  readonly #document: PipelineDocument

  constructor(plan: TopologyPlan, document: PipelineDocument) {
    this.#nodes = stepsByNode(plan)
    this.#document = document
  }

  nodeTotals(counts: Counts): Record<string, Totals> {
    const totals: Record<string, Totals> = {}
    for (const { node, steps, first, last } of this.#nodes) {
      const sum = (of: readonly { id: string }[], field: keyof StepMetrics) =>
        of.reduce((total, step) => total + (counts.steps[step.id] ?? none)[field], 0)
      const feed = counts.feeds.find((candidate) => candidate.node === node)
      totals[node] = {
        in: feed ? feed.read : sum(first, 'in'),
        out: sum(last, 'out'),
        dropped: sum(steps, 'dropped') + (feed?.bad ?? 0),
        failed: sum(steps, 'failed'),
        busyMs: sum(steps, 'busyMs'),
      }
    }
    return totals
  }

  /** Records that went over each edge since the start. */
  edgeTotals(counts: Counts): Record<string, number> {
    const totals: Record<string, number> = {}
    for (const edge of this.#document.edges) {
      const from = this.#nodes.find((candidate) => candidate.node === edge.from.node)
      if (!from) continue
      const branch = from.last.find((step) => step.op === 'branch')
      const counted = branch
        ? this.#receivedFrom(`${branch.id}.${edge.from.port}`, edge.to.node, counts)
        : from.last.reduce((total, step) => total + (counts.steps[step.id] ?? none).out, 0)
      totals[edge.id] = counted
    }
    return totals
  }

  /** A branch counts all that leaves it as one; what went one way is what came in there, less what others sent there. */
  #receivedFrom(ref: string, toNode: string, counts: Counts): number {
    const to = this.#nodes.find((candidate) => candidate.node === toNode)?.steps ?? []
    const takers = to.filter((step) => parentsOf(step).includes(ref))
    let received = 0
    for (const taker of takers) {
      // Grouping by the key as it is takes no step of its own.
      const counting =
        taker.op === 'groupByKey' ? to.filter((step) => parentsOf(step).includes(taker.id)) : [taker]
      for (const step of counting) received += (counts.steps[step.id] ?? none).in
      for (const other of parentsOf(taker)) if (other !== ref) received -= (counts.steps[other] ?? none).out
    }
    return Math.max(0, received)
  }

  nodeMetrics(
    counts: Counts,
    now: Readonly<Record<string, Totals>>,
    before: Readonly<Record<string, Totals>>,
    seconds: number,
  ): Record<string, RunNodeMetrics> {
    const metrics: Record<string, RunNodeMetrics> = {}
    for (const { node, steps } of this.#nodes) {
      const totals = now[node]!
      const earlier = before[node] ?? totals
      const topic = topicOfNode(steps)
      metrics[node] = {
        in: totals.in,
        out: totals.out,
        dropped: totals.dropped,
        failed: totals.failed,
        inPerSec: perSecond(totals.in - earlier.in, seconds),
        outPerSec: perSecond(totals.out - earlier.out, seconds),
        busy: Math.min(1, perSecond(totals.busyMs - earlier.busyMs, seconds) / 1000),
        topic,
        lastError: counts.errors[node],
        ...lagOf(
          steps.some((step) => step.op === 'stream' || step.op === 'table') ? topic : undefined,
          counts.lag,
        ),
      }
    }
    return metrics
  }
}

/** Totals of several threads as one. */
export function addSteps(
  threads: readonly Readonly<Record<string, StepMetrics>>[],
): Readonly<Record<string, StepMetrics>> {
  const sums: Record<string, StepMetrics> = {}
  for (const steps of threads) {
    for (const [name, step] of Object.entries(steps)) {
      const sum = sums[name] ?? none
      sums[name] = {
        in: sum.in + step.in,
        out: sum.out + step.out,
        dropped: sum.dropped + step.dropped,
        failed: sum.failed + step.failed,
        busyMs: sum.busyMs + step.busyMs,
      }
    }
  }
  return sums
}

export function hasMoved(steps: Readonly<Record<string, StepMetrics>>): boolean {
  return Object.values(steps).some((step) => step.in > 0)
}

export function perSecond(count: number, seconds: number): number {
  return seconds > 0 ? Math.max(0, count / seconds) : 0
}

/** The longest delay of the partitions; unknown while any partition's is not known. */
export function lagMsOf(lag: readonly SourceLag[]): number | undefined {
  let longest = 0
  for (const { lagMs } of lag) {
    if (lagMs === undefined) return undefined
    longest = Math.max(longest, lagMs)
  }
  return lag.length === 0 ? undefined : longest
}

export function lagRecordsOf(lag: readonly SourceLag[]): number {
  return lag.reduce(
    (total, { endOffset, committedOffset }) => total + Math.max(0, endOffset - committedOffset),
    0,
  )
}

/** Whether all that feeds have written is processed: the ends that consumers know of may be those of a while ago. */
export function isRead(acknowledged: readonly AcknowledgedTopic[], lag: readonly SourceLag[]): boolean {
  return acknowledged.every(({ topic, partitions }) =>
    partitions.every(({ partition, startOffset, firstNumber, lastNumber }) => {
      const written = lastNumber + 1 - firstNumber
      const isOfPartition = (entry: SourceLag) => entry.topic === topic && entry.partition === partition
      return (
        written === 0 ||
        lag.some((entry) => isOfPartition(entry) && entry.committedOffset >= startOffset + written)
      )
    }),
  )
}

function lagOf(topic: string | undefined, all: readonly SourceLag[]): Partial<RunNodeMetrics> {
  const lag = topic === undefined ? [] : all.filter((entry) => entry.topic === topic)
  if (lag.length === 0) return {}
  return {
    lagRecords: lagRecordsOf(lag),
    lagMs: lagMsOf(lag),
    lagPerPartition: lag
      .map((entry) => ({
        topic: entry.topic,
        partition: entry.partition,
        records: Math.max(0, entry.endOffset - entry.committedOffset),
      }))
      .sort((a, b) => a.partition - b.partition),
  }
}

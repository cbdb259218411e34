/** Runs of pipelines, their figures and what goes wrong. */
import * as z from 'zod/mini'
import { errorParts, method, nothing } from './method.ts'

const nodeMetrics = z.object({
  in: z.number(),
  out: z.number(),
  dropped: z.number(),
  failed: z.number(),
  /** Records a second over the last sample. */
  inPerSec: z.number(),
  outPerSec: z.number(),
  /** 0 … 1 of one thread. */
  busy: z.number(),
  lagRecords: z.optional(z.number()),
  lagMs: z.optional(z.number()),
  lagPerPartition: z.optional(
    z.array(z.object({ topic: z.string(), partition: z.number(), records: z.number() })),
  ),
  /** The topic that this node reads or writes, when it does. */
  topic: z.optional(z.string()),
  lastError: z.optional(z.object({ what: z.string(), where: z.string(), count: z.number() })),
})

/** Acknowledged records of the run's feeds against what lies in their topics. */
const verdict = z.object({
  acknowledged: z.number(),
  lost: z.number(),
  duplicates: z.number(),
  checkedMs: z.number(),
})

const sample = z.object({
  sequence: z.number(),
  runId: z.string(),
  timeMs: z.number(),
  elapsedMs: z.number(),
  state: z.enum(['starting', 'running', 'idle', 'stopping', 'stopped', 'failed']),
  inPerSec: z.number(),
  outPerSec: z.number(),
  lagRecords: z.number(),
  lagMs: z.optional(z.number()),
  streamTimeMs: z.optional(z.number()),
  nodes: z.record(z.string(), nodeMetrics),
  /** By edge id. */
  edges: z.record(z.string(), z.object({ recordsPerSec: z.number(), total: z.number() })),
  verdict: z.optional(verdict),
  memoryBytes: z.number(),
})

const runFailure = z.object({
  error: errorParts,
  node: z.optional(z.string()),
  file: z.optional(z.object({ path: z.string(), line: z.number(), column: z.number() })),
})

/** Of records that were skipped: the first of them, how many (absent: one), and where the last was. */
export const runProblem = z.extend(runFailure, {
  count: z.optional(z.number()),
  lastWhere: z.optional(z.string()),
})

export const runState = z.object({
  runId: z.string(),
  path: z.string(),
  state: sample.shape.state,
  startedMs: z.number(),
  failure: z.optional(runFailure),
  /** Hash of each node's configuration and code as it runs: for "changed since it ran". */
  nodeVersions: z.record(z.string(), z.string()),
})

export const runMethods = {
  /** Runs what was saved. Starts the cluster when it is not up. A running one of the same pipeline is redeployed. */
  'run.start': method(z.object({ path: z.string(), fromStart: z.boolean() }), runState),
  'run.stop': method(z.object({ runId: z.string() }), nothing),
  'run.state': method(nothing, z.object({ run: z.optional(runState) })),
  /** Answers with a sample newer than `after` (0: any), or with none after 10 s. */
  'run.nextSample': method(
    z.object({ runId: z.string(), after: z.number() }),
    z.object({ sample: z.optional(sample) }),
  ),
} as const

export type Sample = z.infer<typeof sample>
export type NodeMetrics = z.infer<typeof nodeMetrics>
export type RunState = z.infer<typeof runState>
export type RunFailure = z.infer<typeof runFailure>
export type RunProblem = z.infer<typeof runProblem>
export type Verdict = z.infer<typeof verdict>

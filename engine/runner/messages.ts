/** What goes between a run's process and whoever started it, and between that process and its threads. */
import type { ErrorParts } from '../base/errors.ts'
import type { BundledCode } from '../environment/index.ts'
import type { PipelineDocument } from '../pipeline/document.ts'
import type { SourceLag, StepMetrics } from '../streams/api.ts'
import type { TopologyPlan } from '../streams/plan.ts'
import type { ForwardedLog } from './forward-log.ts'

export type RunStateName = 'starting' | 'running' | 'idle' | 'stopping' | 'stopped' | 'failed'

export interface RunLimits {
  /** Of each stream thread's heap. */
  readonly heapBytesMax: number
  /** Of the run's process, buffers outside the heap included. */
  readonly residentBytesMax: number
  /** One call of the user's code that takes so long is ended, and its thread with it. */
  readonly callMsMax: number
}

export const defaultLimits: RunLimits = {
  heapBytesMax: 512 * 1024 * 1024,
  residentBytesMax: 1536 * 1024 * 1024,
  callMsMax: 1200,
}

/** What a runner's process is started with: enough to have its threads up before there is anything to run. */
export interface RunnerSetup {
  /** Stream threads; one more is for feeds. */
  readonly threads: number
  readonly limits: RunLimits
}

export interface RunStart {
  /** Holds the processors' files and input data. */
  readonly folder: string
  readonly document: PipelineDocument
  readonly bootstrap: readonly string[]
  /** Begins anew: offsets, stores and the topics that the run makes for itself are removed first. */
  readonly fromStart: boolean
  readonly stateFolder: string
  /** Between two samples. */
  readonly sampleMs: number
}

export type ToRun = { readonly kind: 'start'; readonly start: RunStart } | { readonly kind: 'stop' }

export type FromRun =
  | ForwardedLog
  | { readonly kind: 'state'; readonly state: RunStateName }
  | { readonly kind: 'sample'; readonly sample: RunSample }
  /** Ends the run. */
  | { readonly kind: 'failed'; readonly failure: RunFailure }
  /** Does not: records were skipped. */
  | { readonly kind: 'problem'; readonly problem: RunProblem }

export interface RunFailure {
  readonly error: ErrorParts
  /** Canvas node. */
  readonly node?: string
  readonly file?: { readonly path: string; readonly line: number; readonly column: number }
}

/** Of records that were skipped, the first of their kind since this was told last. */
export interface RunProblem extends RunFailure {
  /** How many; absent: one. */
  readonly count?: number
  /** Where the last of them was. */
  readonly lastWhere?: string
}

export interface RunNodeMetrics {
  readonly in: number
  readonly out: number
  readonly dropped: number
  readonly failed: number
  readonly inPerSec: number
  readonly outPerSec: number
  /** 0 … 1 of one thread. */
  readonly busy: number
  readonly lagRecords?: number
  readonly lagMs?: number
  readonly lagPerPartition?: {
    readonly topic: string
    readonly partition: number
    readonly records: number
  }[]
  readonly topic?: string
  readonly lastError?: { readonly what: string; readonly where: string; readonly count: number }
}

export interface RunSample {
  readonly timeMs: number
  readonly elapsedMs: number
  readonly state: RunStateName
  readonly inPerSec: number
  readonly outPerSec: number
  readonly lagRecords: number
  readonly lagMs?: number
  readonly streamTimeMs?: number
  readonly nodes: Readonly<Record<string, RunNodeMetrics>>
  readonly edges: Readonly<Record<string, { readonly recordsPerSec: number; readonly total: number }>>
  readonly memoryBytes: number
  /** What the brokers have acknowledged of the run's feeds. */
  readonly acknowledged: readonly AcknowledgedTopic[]
}

/** Of one source topic that a feed fills. Each partition's records are numbered from 1 in a header. */
export interface AcknowledgedTopic {
  readonly topic: string
  readonly partitions: readonly AcknowledgedPartition[]
}
export interface AcknowledgedPartition {
  readonly partition: number
  /** Where this run's first record may lie, and its number. */
  readonly startOffset: number
  readonly firstNumber: number
  /** All numbers from the first to this one are acknowledged, but for `unanswered`. */
  readonly lastNumber: number
  /** Sent in vain: the producer gave up on them. */
  readonly unanswered: readonly number[]
}

export interface ThreadStart {
  readonly role: 'streams' | 'feeds'
  readonly index: number
  readonly folder: string
  readonly applicationId: string
  readonly bootstrap: readonly string[]
  readonly processingGuarantee: PipelineDocument['processingGuarantee']
  readonly plan: TopologyPlan
  /** By module path, as the plan names it. */
  readonly modules: Readonly<Record<string, BundledCode>>
  /** Nodes where a record that fails is skipped. */
  readonly skipping: readonly string[]
  readonly stateFolder: string
  readonly sampleMs: number
  /** See `guard.ts`. */
  readonly guard: SharedArrayBuffer
}

export type ToThread = { readonly kind: 'start'; readonly start: ThreadStart } | { readonly kind: 'stop' }

export type FromThread =
  | ForwardedLog
  | { readonly kind: 'state'; readonly state: 'running' | 'stopped' }
  | {
      readonly kind: 'metrics'
      readonly steps: Readonly<Record<string, StepMetrics>>
      readonly streamTimeMs: number | undefined
      readonly lag: readonly SourceLag[]
    }
  | {
      readonly kind: 'feeds'
      readonly feeds: readonly FeedMetrics[]
      readonly acknowledged: readonly AcknowledgedTopic[]
    }
  | { readonly kind: 'failed'; readonly failure: RunFailure }
  | { readonly kind: 'problem'; readonly problem: RunProblem }

export interface FeedMetrics {
  readonly node: string
  readonly read: number
  readonly produced: number
  /** Lines that could not be read. */
  readonly bad: number
  readonly ended: boolean
}

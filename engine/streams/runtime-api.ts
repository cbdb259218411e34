/** A topology at work: how it is started, what goes wrong in it, and what it tells of itself. Types only. */

/** What the runtime counts for each step by its `name`; cumulative since the start of the run. */
export interface StepMetrics {
  readonly in: number
  readonly out: number
  readonly dropped: number
  readonly failed: number
  /** Time spent in the step itself, without what it calls downstream (exclusive), in ms. */
  readonly busyMs: number
}

export interface SourceLag extends Readonly<{ topic: string; partition: number }> {
  readonly endOffset: number
  readonly committedOffset: number
  /** How long ago the log end passed the committed offset; undefined when not known. */
  readonly lagMs: number | undefined
}

/** `fail` ends the run; `continue` leaves the record out and counts it as failed. */
export type ErrorDecision = 'fail' | 'continue'
export interface ProcessingError {
  readonly stage: 'deserialization' | 'processing' | 'production'
  readonly step: string
  readonly topic?: string
  readonly partition?: number
  readonly offset?: number
  readonly error: unknown
}
export type ErrorHandler = (error: ProcessingError) => ErrorDecision

export type ProcessingGuarantee = 'at_least_once' | 'exactly_once_v2'

export interface StreamsOptions {
  readonly applicationId: string
  readonly bootstrap: readonly string[]
  /** What this thread's clients are called, with an ending for each; default the application's id. */
  readonly clientId?: string
  readonly threads?: number
  /** Default 500, with exactly_once_v2 100. */
  readonly commitIntervalMs?: number
  /**
   * Whether what a record leads to counts at least once, or once (KIP-447): then input offsets, changelogs and outputs are
   * committed in transactions, and readers have to use read_committed. Default at_least_once.
   */
  readonly processingGuarantee?: ProcessingGuarantee
  /** For stores on disk. What lies there is made anew from the changelogs at every start. */
  readonly stateFolder?: string
  readonly replicationFactor?: number
  readonly onError?: ErrorHandler
  /** How long the group waits for a sign of life of this thread. */
  readonly sessionTimeoutMs?: number
}

/** A running topology in this thread. */
export interface KafkaStreams {
  start(): Promise<void>
  readonly state: 'created' | 'rebalancing' | 'running' | 'stopping' | 'stopped' | 'failed'
  onStateChange(handler: (state: KafkaStreams['state'], error?: ProcessingError) => void): void
  metrics(): {
    readonly steps: Readonly<Record<string, StepMetrics>>
    readonly streamTimeMs: number | undefined
    readonly lag: readonly SourceLag[]
  }
  close(): Promise<void>
}

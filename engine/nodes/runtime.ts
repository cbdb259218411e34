/** What a kind runs where the stream runtime has no operator for it: a feed for sources, a sink outside Kafka. */
import type { Environment } from '../environment/index.ts'
import type { NodeConfig } from '../pipeline/index.ts'
import type { ExternalSink } from '../streams/api.ts'

export interface NodeRuntime {
  readonly feed?: FeedRuntime
  readonly sink?: (context: SinkContext) => () => ExternalSink
  /** Undoes what earlier runs have left outside the cluster: for a run from the start. */
  reset?(
    context: Omit<SinkContext, 'config'> & { readonly config: Readonly<Record<string, unknown>> },
  ): Promise<void>
}

export interface SinkContext {
  readonly environment: Environment
  readonly config: Readonly<Record<string, unknown>>
  /** The pipeline's folder; files are named relative to it. */
  readonly folder: string
}

export interface FeedRuntime {
  /** Settles when the input has ended, or soon after `signal` is aborted. @throws MillraceError FILE_NOT_FOUND, … */
  run(context: FeedContext): Promise<void>
  /**
   * Tells the source from others, without spaces and dots. `known` is what an earlier run got: the answer is the same where
   * positions of that time still mean the same. @throws MillraceError FILE_NOT_FOUND, …
   */
  identify(context: Pick<FeedContext, 'environment' | 'config' | 'folder'>, known?: string): Promise<string>
  pace(config: NodeConfig): Pace
}

/** How fast records go into the topic. Waiting is the feeding's work, not the feed's. */
export type Pace =
  | { readonly by: 'nothing' }
  | { readonly by: 'rate'; readonly recordsPerSec: number }
  | { readonly by: 'event-time'; readonly speed: number }

export interface FeedContext {
  readonly environment: Environment
  readonly config: NodeConfig
  readonly folder: string
  readonly signal: AbortSignal
  /** What the last record that is surely in the topic said in `resume`; undefined: from the beginning. */
  readonly resume: string | undefined
  compileExpression(text: string, names: readonly string[]): (...values: unknown[]) => unknown
  /** Resolves when there is room for more; undefined: there is. Records that the topic has already are passed over. */
  produce(record: FeedRecord): Promise<void> | undefined
  /** Counted and shown; the feed goes on. */
  badLine(line: FeedBadLine): void
}

export interface FeedRecord {
  /** JSON values; null is an absent key or value. */
  readonly key: unknown
  readonly value: unknown
  readonly timestampMs: number
  /**
   * Grows from record to record, and is the same for the same record whenever the feed runs: the line in a file, the number of
   * a generated record. From 1.
   */
  readonly ordinal: number
  /** Whatever the feed needs to go on after this record. */
  readonly resume: string
}

export interface FeedBadLine {
  readonly line: number
  readonly what: string
  readonly text: string
}

/**
 * A topology as data: what `compile` makes of a document, what is printed, exported as code, and built into a `Topology`
 * by `build-plan.ts`. Functions are texts of JavaScript expressions (names in scope given per operator), so that a plan
 * can cross process borders and be written out as code a person would write.
 *
 * `id` is the step's stable name (see `api.ts`), `from` the id of the step before it; a branch's child is `id.name`.
 */
import type { Emit, WindowSpec } from './api.ts'
import type { GlobalTableStep, TableStep } from './plan-tables.ts'
import type { SuppressRule } from './suppress-api.ts'

/** JavaScript expression; sees `key`, `value`, `timestamp`, `headers` unless the operator says otherwise. */
export type Expression = string

export interface TopologyPlan {
  readonly steps: readonly Step[]
  /** What fills source topics of this run from outside Kafka. */
  readonly feeds: readonly Feed[]
  /** Topics that the run needs, created when missing. */
  readonly topics: readonly PlannedTopic[]
}

export interface PlannedTopic {
  readonly name: string
  /** Undefined: must exist, or is created with the cluster's default. */
  readonly partitions?: number
  readonly configs?: Readonly<Record<string, string>>
}

/** A source outside Kafka that the runner runs; it produces into `topic`, `<app>-<node>-source`. */
export interface Feed {
  readonly id: string
  readonly node: string
  /** The node kind whose `runtime` has the feed. */
  readonly kind: string
  readonly topic: string
  readonly config: Readonly<Record<string, unknown>>
  /** Ends before feeds without it begin: lookup data that joins must find. */
  readonly first?: boolean
}

export interface StepBase {
  readonly id: string
  /** The canvas node that it came from: metrics and errors are shown there. */
  readonly node: string
}
interface Following extends StepBase {
  readonly from: string
}

export type SerdeName = 'json' | 'string' | 'bytes' | 'windowed-json'

export type Step =
  | TableStep
  | GlobalTableStep
  | (StepBase & {
      readonly op: 'stream' | 'table'
      readonly topic: string
      /** Event time; default the record's own. An expression's negative result drops the record (counted). */
      readonly timestamp?: 'record' | 'wall-clock' | { readonly expr: Expression }
      readonly keyFormat?: SerdeName
      readonly valueFormat?: SerdeName
      readonly reset?: 'earliest' | 'latest'
      readonly store?: string
      /** Tables only: keeps versions of rows for so long. */
      readonly versionedHistoryMs?: number
    })
  | (Following & { readonly op: 'map' /** → [key, value] */; readonly expr: Expression })
  | (Following & {
      readonly op: 'flatMap' | 'flatMapValues' | 'selectKey' | 'groupBy'
      readonly expr: Expression
    })
  | (Following & {
      /** On streams, or on tables (where it sees `key` and `value`). */
      readonly op: 'mapValues' | 'filter' | 'filterNot'
      readonly expr: Expression
      /** Tables only. */
      readonly store?: string
    })
  | (Following & { readonly op: 'repartition' | 'groupByKey' | 'toStream'; readonly partitions?: number })
  | (Following & {
      readonly op: 'branch'
      readonly branches: readonly { readonly name: string; readonly when: Expression }[]
      readonly otherwise?: string
    })
  | (StepBase & { readonly op: 'merge'; readonly from: readonly string[] })
  | (Following & {
      readonly op: 'process'
      /** Module path relative to the pipeline's folder; its default export is `processor(...)`. */
      readonly module: string
      readonly stores: readonly { readonly name: string }[]
      /** Its children are `id.output`; absent: one output, which is the step itself. */
      readonly outputs?: readonly string[]
    })
  | (Following & {
      readonly op: 'count'
      readonly window?: WindowSpec
      readonly emit?: Emit
      readonly store?: string
      readonly retentionMs?: number
    })
  | (Following & {
      readonly op: 'summarize'
      /** Named aggregates of one pass; `expr` sees `key`, `value`. `count` has none. */
      readonly functions: readonly {
        readonly fn: 'count' | 'sum' | 'avg' | 'min' | 'max'
        readonly expr?: Expression
        readonly as: string
      }[]
      readonly window?: WindowSpec
      readonly emit?: Emit
      readonly store?: string
      readonly retentionMs?: number
    })
  | (Following & {
      readonly op: 'aggregate' /** JSON value */
      /** Session windows need it; sees `key`, `left`, `right`. */
      readonly merge?: Expression
      readonly init: unknown /** sees `aggregate`, `value`, `key` */
      readonly add: Expression
      /** Aggregates of tables need it; sees what `add` sees. */
      readonly subtract?: Expression
      readonly window?: WindowSpec
      readonly emit?: Emit
      readonly store?: string
      readonly retentionMs?: number
    })
  | (Following & {
      readonly op: 'reduce' /** sees `aggregate`, `value`, `key`; the first value is taken as it is */
      readonly add: Expression
      /** Aggregates of tables need it; sees what `add` sees. */
      readonly subtract?: Expression
      readonly window?: WindowSpec
      readonly emit?: Emit
      readonly store?: string
      readonly retentionMs?: number
    })
  | (Following & { readonly op: 'toTable'; readonly store?: string })
  | (Following & SuppressRule & { readonly op: 'suppress' })
  | (StepBase & {
      readonly op: 'streamStreamJoin'
      readonly type: 'inner' | 'left' | 'outer'
      readonly left: string
      readonly right: string
      readonly beforeMs: number
      readonly afterMs: number
      readonly graceMs: number
      /** sees `key`, `left`, `right` (null where missing) */
      readonly joiner: Expression
    })
  | (StepBase & {
      readonly op: 'streamTableJoin'
      readonly type: 'inner' | 'left'
      readonly left: string
      readonly right: string
      readonly joiner: Expression
      /** Versioned tables only. */
      readonly graceMs?: number
    })
  | (Following & {
      readonly op: 'to'
      readonly topic: string
      readonly keyFormat?: SerdeName
      readonly valueFormat?: SerdeName
      /** The expression also sees `partitions`, their number. */
      readonly partitioner?: 'default' | 'round-robin' | 'least-bytes' | { readonly expr: Expression }
      /** Default `all`; anything less gives up what the runtime otherwise promises for this topic. */
      readonly acks?: 0 | 1 | 'all'
      readonly compression?: 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd'
    })
  | (Following & {
      readonly op: 'external'
      /** The node kind whose `runtime` has the sink. */
      readonly kind: string
      readonly config: Readonly<Record<string, unknown>>
    })

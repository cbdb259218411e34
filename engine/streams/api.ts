/**
 * The public DSL: what exported projects are written in and what `compile` builds. Semantics are those of Kafka Streams 4.x.
 * Every operator takes a stable `name`, from which stores and internal topics get theirs: `<app>-<name>-changelog`,
 * `<app>-<name>-repartition`. Implemented by `topology.ts` and the operators beside it.
 */

import type { CompressionName } from '../environment/codecs.ts'
import type { SuppressOptions } from './suppress-api.ts'
import type {
  CogroupedKStream,
  ForeignKeyJoinOptions,
  GlobalKTable,
  GlobalTableOptions,
  KGroupedTable,
  TableJoinOptions,
} from './table-api.ts'

export type * from './runtime-api.ts'

export interface StreamRecord<K = unknown, V = unknown> {
  readonly key: K
  readonly value: V
  /** Event time, milliseconds since the epoch. */
  readonly timestampMs: number
  readonly headers: Headers
}

/** Name and value in order; names may repeat. */
export type Headers = readonly (readonly [name: string, value: Uint8Array | null])[]

/** A pair of functions between a value and its bytes. null stays null without a call. */
export interface Serde<T> {
  readonly name: string
  serialize(value: T): Uint8Array
  /** @throws when the bytes are not of this format */
  deserialize(bytes: Uint8Array): T
}

export interface Windowed<K> {
  readonly key: K
  readonly windowStartMs: number
  readonly windowEndMs: number
}

export type TimeWindowSpec =
  | { readonly type: 'tumbling'; readonly sizeMs: number; readonly graceMs: number }
  | {
      readonly type: 'hopping'
      readonly sizeMs: number
      readonly advanceMs: number
      readonly graceMs: number
    }

/** A key's records as long as none comes later than the gap after the one before. Both ends are inclusive. */
export interface SessionWindowSpec {
  readonly type: 'session'
  readonly gapMs: number
  readonly graceMs: number
}

/** A window for every set of a key's records that lie at most the difference apart. Both ends are inclusive. */
export interface SlidingWindowSpec {
  readonly type: 'sliding'
  readonly differenceMs: number
  readonly graceMs: number
}

export type WindowSpec = TimeWindowSpec | SessionWindowSpec | SlidingWindowSpec

export type Emit = 'on-update' | 'on-window-close'

export type TimestampFrom<K = unknown, V = unknown> =
  | 'record'
  | 'wall-clock'
  | ((key: K, value: V, recordTimestampMs: number) => number)

export interface SourceOptions<K, V> {
  readonly name: string
  readonly key?: Serde<K>
  readonly value?: Serde<V>
  /** A negative result of the function drops the record (counted). */
  readonly timestamp?: TimestampFrom<K, V>
  /** Where to begin without a committed offset; default `earliest`. */
  readonly reset?: 'earliest' | 'latest'
}

export interface VersionedOptions {
  /**
   * Keeps versions of rows, each valid from its record's timestamp, for so long before the table's largest timestamp: joins see rows as
   * of their records' time (KIP-889). Without it only the row as it is now is kept.
   */
  readonly versionedHistoryMs?: number
}

/** A table keeps its rows when something needs them (a join), or when it has a named store. */
export interface TableOptions<K, V> extends SourceOptions<K, V>, VersionedOptions {
  readonly store?: string
  readonly kind?: StoreKind
}

export interface SinkOptions<K, V> {
  readonly name: string
  readonly key?: Serde<K>
  readonly value?: Serde<V>
  readonly partitioner?:
    | 'default'
    | 'round-robin'
    | 'least-bytes'
    | ((record: StreamRecord<K, V>, partitions: number) => number)
  /** Default `all`; anything less gives up what the runtime otherwise promises for this topic. */
  readonly acks?: 0 | 1 | 'all'
  /** Default `none`. */
  readonly compression?: CompressionName
}

export interface Named {
  readonly name: string
}

/**
 * `memory`: rows live in the heap. `disk`: rows live in a database beside, with a cache in front, for more state than fits into
 * memory; without a state folder, as in the test driver, it is `memory`. Either is restored from its changelog.
 */
export type StoreKind = 'memory' | 'disk'

export interface StoreOptions extends Named {
  /** The store's name, for those who look into it; default: the step's. */
  readonly store?: string
}

export interface RowStoreOptions extends StoreOptions {
  /** Default `memory`. */
  readonly kind?: StoreKind
}

export interface WindowStoreOptions extends StoreOptions {
  /** Default `on-update`. */
  readonly emit?: Emit
  /**
   * How long windows stay in the store; default, and at least, size (gap, twice the time difference) + grace. What the store has
   * forgotten is not emitted on close: after a long silence give it more, as in Kafka Streams.
   */
  readonly retentionMs?: number
}

/** Keeps the result in a store of its own when `store` names one. */
export interface TableStepOptions extends Named {
  readonly store?: string
  readonly kind?: StoreKind
}

export interface StreamsBuilder {
  stream<K = unknown, V = unknown>(topic: string, options: SourceOptions<K, V>): KStream<K, V>
  table<K = unknown, V = unknown>(topic: string, options: TableOptions<K, V>): KTable<K, V>
  /** A table of which every instance has all rows, for joins that need no common partitioning. */
  globalTable<K = unknown, V = unknown>(topic: string, options: GlobalTableOptions<K, V>): GlobalKTable<K, V>
  /** The finished, immutable topology. @throws MillraceError with the step's name for what can't work */
  build(): Topology
}

/** Opaque outside `engine/streams`; printed by `describe`, the same way for the same topology. */
export interface Topology {
  describe(): string
}

export interface KStream<K, V> {
  map<K2, V2>(fn: (record: StreamRecord<K, V>) => readonly [K2, V2], options: Named): KStream<K2, V2>
  mapValues<V2>(fn: (record: StreamRecord<K, V>) => V2, options: Named): KStream<K, V2>
  filter(predicate: (record: StreamRecord<K, V>) => boolean, options: Named): KStream<K, V>
  filterNot(predicate: (record: StreamRecord<K, V>) => boolean, options: Named): KStream<K, V>
  flatMap<K2, V2>(
    fn: (record: StreamRecord<K, V>) => Iterable<readonly [K2, V2]>,
    options: Named,
  ): KStream<K2, V2>
  flatMapValues<V2>(fn: (record: StreamRecord<K, V>) => Iterable<V2>, options: Named): KStream<K, V2>
  selectKey<K2>(fn: (record: StreamRecord<K, V>) => K2, options: Named): KStream<K2, V>
  /** First match wins; without `otherwise` what matches none is dropped. */
  branch<Names extends string>(
    branches: readonly { readonly name: Names; readonly when: (record: StreamRecord<K, V>) => boolean }[],
    options: Named & { readonly otherwise?: Names },
  ): Readonly<Record<Names, KStream<K, V>>>
  merge(other: KStream<K, V>, options: Named): KStream<K, V>
  /** A processor with several outputs, to which it forwards by name. */
  process<K2, V2, Names extends string>(
    supplier: () => Processor<K, V, K2, V2>,
    options: ProcessOptions & { readonly outputs: readonly Names[] },
  ): Readonly<Record<Names, KStream<K2, V2>>>
  process<K2, V2>(supplier: () => Processor<K, V, K2, V2>, options: ProcessOptions): KStream<K2, V2>
  repartition(options: Named & { readonly partitions?: number }): KStream<K, V>
  groupByKey(options: Named): KGroupedStream<K, V>
  groupBy<K2>(fn: (record: StreamRecord<K, V>) => K2, options: Named): KGroupedStream<K2, V>
  toTable(options: TableStepOptions & VersionedOptions): KTable<K, V>
  /** Join with the other stream within a window around each record. */
  joinStream<V2, R>(
    other: KStream<K, V2>,
    joiner: InnerJoiner<K, V, V2, R>,
    options: StreamJoinOptions & { readonly type: 'inner' },
  ): KStream<K, R>
  joinStream<V2, R>(
    other: KStream<K, V2>,
    joiner: Joiner<K, V, V2, R>,
    options: StreamJoinOptions & { readonly type: 'inner' | 'left' },
  ): KStream<K, R>
  joinStream<V2, R>(
    other: KStream<K, V2>,
    joiner: OuterJoiner<K, V, V2, R>,
    options: StreamJoinOptions,
  ): KStream<K, R>
  joinTable<V2, R>(
    table: KTable<K, V2>,
    joiner: InnerJoiner<K, V, V2, R>,
    options: StreamTableJoinOptions & { readonly type: 'inner' },
  ): KStream<K, R>
  joinTable<V2, R>(
    table: KTable<K, V2>,
    joiner: Joiner<K, V, V2, R>,
    options: StreamTableJoinOptions,
  ): KStream<K, R>
  /** Looks up the row of the global table that `keyOf` names. */
  joinGlobal<K2, V2, R>(
    table: GlobalKTable<K2, V2>,
    keyOf: (record: StreamRecord<K, V>) => K2 | null,
    joiner: InnerJoiner<K, V, V2, R>,
    options: Named & { readonly type: 'inner' },
  ): KStream<K, R>
  joinGlobal<K2, V2, R>(
    table: GlobalKTable<K2, V2>,
    keyOf: (record: StreamRecord<K, V>) => K2 | null,
    joiner: Joiner<K, V, V2, R>,
    options: Named & { readonly type: 'inner' | 'left' },
  ): KStream<K, R>
  to(topic: string, options: SinkOptions<K, V>): void
  /** A sink outside Kafka: `deliver` gets the records of a commit interval in order; the commit waits for it. */
  toExternal(supplier: () => ExternalSink<K, V>, options: Named): void
}

/** `right` is null for the unmatched side of a left join. */
export type Joiner<K, L, R, Out> = (left: L, right: R | null, key: K) => Out

/** Either side is null when it is unmatched, never both. */
export type OuterJoiner<K, L, R, Out> = (left: L | null, right: R | null, key: K) => Out

/** An inner join has both sides. */
export type InnerJoiner<K, L, R, Out> = (left: L, right: R, key: K) => Out

/**
 * Pairs have left.t − before ≤ right.t ≤ left.t + after. One of before and after may be below 0, their sum may not: a window that
 * lies entirely before or after the left record.
 */
export interface StreamJoinOptions extends Named {
  readonly type: 'inner' | 'left' | 'outer'
  readonly beforeMs: number
  readonly afterMs: number
  readonly graceMs: number
}

export interface StreamTableJoinOptions extends Named {
  readonly type: 'inner' | 'left'
  /** The stream's records wait for so long, in stream time, for rows that come later. The table has to be versioned. */
  readonly graceMs?: number
}

export interface KGroupedStream<K, V> {
  windowedBy(window: SessionWindowSpec): SessionWindowedKStream<K, V>
  windowedBy(window: TimeWindowSpec | SlidingWindowSpec): WindowedKStream<K, V>
  aggregate<A, R = A>(aggregator: Aggregator<K, V, A, R>, options: RowStoreOptions): KTable<K, R>
  reduce(add: (aggregate: V, value: V, key: K) => V, options: RowStoreOptions): KTable<K, V>
  count(options: RowStoreOptions): KTable<K, number>
  /** Begins an aggregate that other groupings feed too, each in its own way. */
  cogroup<A>(add: (aggregate: A, value: V, key: K) => A): CogroupedKStream<K, A>
}

export interface WindowedKStream<K, V> {
  aggregate<A, R = A>(aggregator: Aggregator<K, V, A, R>, options: WindowStoreOptions): KTable<Windowed<K>, R>
  reduce(add: (aggregate: V, value: V, key: K) => V, options: WindowStoreOptions): KTable<Windowed<K>, V>
  count(options: WindowStoreOptions): KTable<Windowed<K>, number>
}

/** As `WindowedKStream`, for windows that merge. A reduce merges with its own function, the older session first. */
export interface SessionWindowedKStream<K, V> {
  aggregate<A, R = A>(
    aggregator: SessionAggregator<K, V, A, R>,
    options: WindowStoreOptions,
  ): KTable<Windowed<K>, R>
  reduce(add: (aggregate: V, value: V, key: K) => V, options: WindowStoreOptions): KTable<Windowed<K>, V>
  count(options: WindowStoreOptions): KTable<Windowed<K>, number>
}

export interface Aggregator<K, V, A, R = A> {
  readonly init: () => A
  /** null deletes the row. Must not change `aggregate` in place. */
  readonly add: (aggregate: A, value: V, key: K) => A
  /** What goes downstream, when that is not what is kept: an average is kept as sum and count. */
  readonly result?: (aggregate: A) => R
}

export interface SessionAggregator<K, V, A, R = A> extends Aggregator<K, V, A, R> {
  /** One aggregate of two sessions' aggregates, the older one first; `left` is at first what `init` gives. */
  readonly merge: (left: A, right: A, key: K) => A
}

export interface KTable<K, V> {
  toStream(options: Named): KStream<K, V>
  mapValues<V2>(fn: (value: V, key: K) => V2, options: TableStepOptions): KTable<K, V2>
  /** A row that does not match is absent: a tombstone goes downstream, unless it is known that it was absent before. */
  filter(predicate: (value: V, key: K) => boolean, options: TableStepOptions): KTable<K, V>
  filterNot(predicate: (value: V, key: K) => boolean, options: TableStepOptions): KTable<K, V>
  /** A row for every key that both tables (inner), this one (left) or one of them (outer) has. */
  joinTable<V2, R>(
    other: KTable<K, V2>,
    joiner: InnerJoiner<K, V, V2, R>,
    options: TableJoinOptions & { readonly type: 'inner' },
  ): KTable<K, R>
  joinTable<V2, R>(
    other: KTable<K, V2>,
    joiner: Joiner<K, V, V2, R>,
    options: TableJoinOptions & { readonly type: 'inner' | 'left' },
  ): KTable<K, R>
  joinTable<V2, R>(
    other: KTable<K, V2>,
    joiner: OuterJoiner<K, V, V2, R>,
    options: TableJoinOptions,
  ): KTable<K, R>
  /** Holds updates back until their window closes, or for a time, and gives the last one only. */
  suppress(options: SuppressOptions): KTable<K, V>
  /**
   * A row for every row of this table, joined with the row of the other that `foreignKey` names: inner only where that is there. Without
   * a foreign key (null) there is no row to join with.
   */
  joinForeignKey<K2, V2, R>(
    other: KTable<K2, V2>,
    foreignKey: (value: V, key: K) => K2 | null,
    joiner: InnerJoiner<K, V, V2, R>,
    options: ForeignKeyJoinOptions & { readonly type: 'inner' },
  ): KTable<K, R>
  joinForeignKey<K2, V2, R>(
    other: KTable<K2, V2>,
    foreignKey: (value: V, key: K) => K2 | null,
    joiner: Joiner<K, V, V2, R>,
    options: ForeignKeyJoinOptions,
  ): KTable<K, R>
  /** Puts rows into groups, by the key of the pair; its value is what is aggregated. A null key or value is in no group. */
  groupBy<K2, V2>(fn: (value: V, key: K) => readonly [K2, V2], options: Named): KGroupedTable<K2, V2>
}

export interface ProcessOptions extends Named {
  readonly stores?: readonly { readonly name: string; readonly kind?: StoreKind }[]
}

/** Processor API: one instance per task. Synchronous. */
export interface Processor<K = unknown, V = unknown, K2 = unknown, V2 = unknown> {
  init?(context: ProcessorContext<K2, V2>): void
  process(record: StreamRecord<K, V>, context: ProcessorContext<K2, V2>): void
  close?(): void
}

export interface ProcessorContext<K2 = unknown, V2 = unknown> {
  /**
   * Missing fields are those of the record being processed. Without `output` it goes to every output, in order.
   * @throws MillraceError UNKNOWN_OUTPUT
   */
  forward(
    record: {
      readonly key?: K2
      readonly value: V2
      readonly timestampMs?: number
      readonly headers?: Headers
    },
    output?: string,
  ): void
  /** @throws MillraceError UNKNOWN_STORE */
  store<SK = unknown, SV = unknown>(name: string): KeyValueStore<SK, SV>
  /**
   * Calls back at most once per record: by stream time first at `startTimeMs` (0), by wall clock first at `startTimeMs` (now +
   * interval); then at the next multiple of the interval after it. Missed times are not made up for.
   */
  schedule(
    everyMs: number,
    clock: 'stream-time' | 'wall-clock',
    punctuate: (timestampMs: number) => void,
    options?: { readonly startTimeMs?: number },
  ): { cancel(): void }
  readonly streamTimeMs: number
  readonly wallClockMs: number
  readonly task: string
  readonly partition: number
}

export interface KeyValueStore<K, V> {
  readonly name: string
  get(key: K): V | undefined
  /** null or undefined deletes. */
  put(key: K, value: V | null | undefined): void
  delete(key: K): void
  /** In order of the keys' bytes. */
  entries(): Iterable<readonly [K, V]>
}

export interface ExternalSink<K = unknown, V = unknown> {
  open?(task: { readonly id: string; readonly partition: number }): Promise<void>
  deliver(records: readonly StreamRecord<K, V>[]): Promise<void>
  close?(): Promise<void>
}

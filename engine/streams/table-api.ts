/** The public DSL of tables, beside `api.ts`: joins of tables, aggregates of tables. */
import type {
  KGroupedStream,
  KTable,
  RowStoreOptions,
  Serde,
  StoreOptions,
  TableStepOptions,
  Windowed,
  WindowSpec,
} from './api.ts'

/** Its result is a table: kept in a store of its own when `store` names one, else looked up by joining anew. */
export interface TableJoinOptions extends TableStepOptions {
  readonly type: 'inner' | 'left' | 'outer'
}

/** Its result is kept in a store of its own when `store` names one, or something needs to look it up. */
export interface ForeignKeyJoinOptions extends TableStepOptions {
  readonly type: 'inner' | 'left'
}

/** Rows of a table under other keys: a row that changes leaves its old group and enters its new one. */
export interface KGroupedTable<K, V> {
  aggregate<A, R = A>(aggregator: TableAggregator<K, V, A, R>, options: RowStoreOptions): KTable<K, R>
  reduce(
    add: (aggregate: V, value: V, key: K) => V,
    subtract: (aggregate: V, value: V, key: K) => V,
    options: RowStoreOptions,
  ): KTable<K, V>
  count(options: RowStoreOptions): KTable<K, number>
}

export interface TableAggregator<K, V, A, R = A> {
  readonly init: () => A
  /** null deletes the row. Must not change `aggregate` in place. */
  readonly add: (aggregate: A, value: V, key: K) => A
  /** Takes a value that was added before out again; called before `add` when a row stays in its group. */
  readonly subtract: (aggregate: A, value: V, key: K) => A
  /** What goes downstream, when that is not what is kept. */
  readonly result?: (aggregate: A) => R
}

/** Several groupings that feed one aggregate per key. */
export interface CogroupedKStream<K, A> {
  cogroup<V>(
    grouped: KGroupedStream<K, V>,
    add: (aggregate: A, value: V, key: K) => A,
  ): CogroupedKStream<K, A>
  aggregate(init: () => A, options: CogroupOptions): KTable<K, A>
  /** Each grouping has a stream time of its own, by which its records are late. */
  aggregateWindows(
    window: WindowSpec,
    init: () => A,
    options: WindowedCogroupOptions<K, A>,
  ): KTable<Windowed<K>, A>
}

export type CogroupOptions = RowStoreOptions

export interface WindowedCogroupOptions<K, A> extends StoreOptions {
  /** How long windows stay in the store; default, and at least, size (gap, twice the time difference) + grace. */
  readonly retentionMs?: number
  /** Sessions need it: one aggregate of two sessions', the older one first. */
  readonly merge?: (left: A, right: A, key: K) => A
}

export interface GlobalTableOptions<K, V> extends StoreOptions {
  readonly key?: Serde<K>
  readonly value?: Serde<V>
}

/** All rows are in the memory of every instance: it is for tables that are small beside streams. */
export interface GlobalKTable<K, V> {
  readonly store: string
  readonly key: Serde<K>
  readonly value: Serde<V>
}

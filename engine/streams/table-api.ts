/** The public DSL of tables, beside `api.ts`: joins of tables, aggregates of tables. */
import type { KTable, RowStoreOptions, TableStepOptions } from './api.ts'

/** Its result is a table: kept in a store of its own when `store` names one, else looked up by joining anew. */
export interface TableJoinOptions extends TableStepOptions {
  readonly type: 'inner' | 'left' | 'outer'
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

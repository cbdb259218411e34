import type { KTable, RowStoreOptions } from './api.ts'
import { changeSerde } from './change-serde.ts'
import type { GraphBuilder, Outlet } from './graph-builder.ts'
import type { FlowSerdes } from './kstream.ts'
import { rowStoreOf, Table } from './ktable.ts'
import { tableAggregate } from './operators/table-aggregate.ts'
import { jsonSerde } from './serdes.ts'
import type { KGroupedTable, TableAggregator } from './table-api.ts'
import { TableInfo } from './table-info.ts'

type Untyped = TableAggregator<unknown, unknown, unknown, unknown>

export class GroupedTable<K, V> implements KGroupedTable<K, V> {
  readonly #graph: GraphBuilder
  readonly #outlet: Outlet
  readonly #serdes: FlowSerdes
  readonly #name: string
  #grouped: Outlet | undefined

  constructor(graph: GraphBuilder, outlet: Outlet, serdes: FlowSerdes, name: string) {
    this.#graph = graph
    this.#outlet = outlet
    this.#serdes = serdes
    this.#name = name
  }

  aggregate<A, R = A>(aggregator: TableAggregator<K, V, A, R>, options: RowStoreOptions): KTable<K, R> {
    return this.#aggregate('aggregate', aggregator as Untyped, options)
  }

  /** The first value of a group is taken as it is. */
  reduce(
    add: (aggregate: V, value: V, key: K) => V,
    subtract: (aggregate: V, value: V, key: K) => V,
    options: RowStoreOptions,
  ): KTable<K, V> {
    const reducer: TableAggregator<K, V, V | null> = {
      init: () => null,
      add: (aggregate, value, key) => (aggregate === null ? value : add(aggregate, value, key)),
      subtract: (aggregate, value, key) => (aggregate === null ? null : subtract(aggregate, value, key)),
    }
    return this.#aggregate('reduce', reducer as Untyped, options)
  }

  count(options: RowStoreOptions): KTable<K, number> {
    return this.#aggregate('count', counter, options)
  }

  #aggregate<R>(kind: string, aggregator: Untyped, options: RowStoreOptions): KTable<K, R> {
    const storeName = options.store ?? options.name
    const serdes = { key: this.#serdes.key, value: jsonSerde }
    const info = new TableInfo(undefined, (value) => value)
    if (aggregator.result !== undefined) info.shown = aggregator.result
    const node = this.#graph.add({
      name: options.name,
      kind: `table-${kind}`,
      parents: [this.#partitioned()],
      create: tableAggregate(storeName, aggregator),
    })
    info.attach(node, rowStoreOf(serdes, options.kind))
    info.keepRows(storeName)
    return new Table<K, R>(this.#graph, { node, output: 0 }, serdes, info, false)
  }

  /** One repartition serves all aggregates of the grouping. */
  #partitioned(): Outlet {
    this.#grouped ??= this.#graph.repartition(this.#outlet, {
      name: this.#name,
      reportAs: this.#name,
      key: this.#serdes.key,
      value: changeSerde(this.#serdes.value),
    })
    return this.#grouped
  }
}

const counter: Untyped = {
  init: () => 0,
  add: (aggregate) => (aggregate as number) + 1,
  subtract: (aggregate) => (aggregate as number) - 1,
}

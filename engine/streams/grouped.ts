import type {
  Aggregator,
  KGroupedStream,
  KTable,
  RowStoreOptions,
  SessionWindowedKStream,
  SessionWindowSpec,
  SlidingWindowSpec,
  TimeWindowSpec,
  WindowedKStream,
  WindowSpec,
} from './api.ts'
import { CogroupedStream } from './cogrouped.ts'
import type { GraphBuilder, Outlet } from './graph-builder.ts'
import type { FlowSerdes } from './kstream.ts'
import { rowStoreOf, Table } from './ktable.ts'
import { aggregate } from './operators/aggregate.ts'
import { counter, reducer } from './reducers.ts'
import { jsonSerde } from './serdes.ts'
import type { CogroupedKStream } from './table-api.ts'
import { TableInfo } from './table-info.ts'
import { sessionStream, windowedStream } from './windowed-streams.ts'

type Untyped = Aggregator<unknown, unknown, unknown, unknown>

export class GroupedStream<K, V> implements KGroupedStream<K, V> {
  readonly #graph: GraphBuilder
  readonly #outlet: Outlet
  readonly #serdes: FlowSerdes
  readonly #keyChanged: boolean
  readonly #name: string
  #grouped: Outlet | undefined

  constructor(graph: GraphBuilder, outlet: Outlet, serdes: FlowSerdes, keyChanged: boolean, name: string) {
    this.#graph = graph
    this.#outlet = outlet
    this.#serdes = serdes
    this.#keyChanged = keyChanged
    this.#name = name
  }

  windowedBy(window: SessionWindowSpec): SessionWindowedKStream<K, V>
  windowedBy(window: TimeWindowSpec | SlidingWindowSpec): WindowedKStream<K, V>
  windowedBy(window: WindowSpec): SessionWindowedKStream<K, V> | WindowedKStream<K, V> {
    const grouping = {
      graph: this.#graph,
      key: this.#serdes.key,
      partitioned: () => this.#partitioned(),
    }
    return window.type === 'session' ? sessionStream(grouping, window) : windowedStream(grouping, window)
  }

  aggregate<A, R = A>(aggregator: Aggregator<K, V, A, R>, options: RowStoreOptions): KTable<K, R> {
    return this.#plain('aggregate', aggregator as Untyped, options)
  }

  reduce(add: (aggregate: V, value: V, key: K) => V, options: RowStoreOptions): KTable<K, V> {
    return this.#plain('reduce', reducer(add) as Untyped, options)
  }

  count(options: RowStoreOptions): KTable<K, number> {
    return this.#plain('count', counter, options)
  }

  cogroup<A>(add: (aggregate: A, value: V, key: K) => A): CogroupedKStream<K, A> {
    return new CogroupedStream<K, A>(this.#graph, [this.part(add as Untyped['add'])])
  }

  /** What a cogroup takes of this grouping. */
  part(add: Untyped['add']) {
    return { outlet: this.#partitioned(), serdes: this.#serdes, add }
  }

  #plain<R>(kind: string, aggregator: Untyped, options: RowStoreOptions): KTable<K, R> {
    const storeName = options.store ?? options.name
    const serdes = { key: this.#serdes.key, value: jsonSerde }
    const info = new TableInfo(undefined, (value) => value)
    if (aggregator.result !== undefined) info.shown = aggregator.result
    const node = this.#graph.add({
      name: options.name,
      kind,
      parents: [this.#partitioned()],
      create: aggregate(storeName, aggregator),
    })
    info.attach(node, rowStoreOf(serdes, options.kind))
    info.keepRows(storeName)
    return new Table<K, R>(this.#graph, { node, output: 0 }, serdes, info, false)
  }

  /** One repartition serves all aggregates of the grouping. */
  #partitioned(): Outlet {
    if (!this.#keyChanged) return this.#outlet
    this.#grouped ??= this.#graph.repartition(this.#outlet, {
      name: this.#name,
      reportAs: this.#name,
      ...this.#serdes,
    })
    return this.#grouped
  }
}

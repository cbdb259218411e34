import type {
  Aggregator,
  KGroupedStream,
  KTable,
  RowStoreOptions,
  Windowed,
  WindowedKStream,
  WindowSpec,
  WindowStoreOptions,
} from './api.ts'
import type { GraphBuilder, Outlet } from './graph-builder.ts'
import type { FlowSerdes } from './kstream.ts'
import { rowStoreOf, Table } from './ktable.ts'
import { aggregate } from './operators/aggregate.ts'
import { windowAggregate } from './operators/window-aggregate.ts'
import { jsonSerde, windowedJsonSerde } from './serdes.ts'
import { WindowStore } from './stores/window-store.ts'
import { TableInfo } from './table-info.ts'
import { checkWindow } from './windows.ts'

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

  windowedBy(window: WindowSpec): WindowedKStream<K, V> {
    return {
      aggregate: (aggregator, options) => this.#windowed(window, 'aggregate', aggregator as Untyped, options),
      reduce: (add, options) => this.#windowed(window, 'reduce', reducer(add) as Untyped, options),
      count: (options) => this.#windowed(window, 'count', counter, options),
    }
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

  #windowed<R>(
    window: WindowSpec,
    kind: string,
    aggregator: Untyped,
    options: WindowStoreOptions,
  ): KTable<Windowed<K>, R> {
    checkWindow(window, options.retentionMs, options.name)
    const storeName = options.store ?? options.name
    const emit = options.emit ?? 'on-update'
    const serdes = { key: this.#serdes.key, value: jsonSerde }
    const shape = {
      sizeMs: window.sizeMs,
      retentionMs: options.retentionMs ?? window.sizeMs + window.graceMs,
      keepsBoundary: emit === 'on-window-close',
    }
    const store = {
      name: storeName,
      onDisk: false,
      create: () => new WindowStore(storeName, serdes, shape),
    }
    const node = this.#graph.add({
      name: options.name,
      kind,
      detail: describeWindow(window, emit),
      parents: [this.#partitioned()],
      stores: [store],
      create: windowAggregate({ window, emit, storeName, aggregator }),
    })
    const info = new TableInfo(undefined, (value) => value)
    info.store = storeName
    const outside = { key: windowedJsonSerde, value: jsonSerde }
    return new Table<Windowed<K>, R>(this.#graph, { node, output: 0 }, outside, info, true)
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

const counter: Untyped = { init: () => 0, add: (aggregate) => (aggregate as number) + 1 }

/** The first value is taken as it is. */
function reducer<K, V>(add: (aggregate: V, value: V, key: K) => V): Aggregator<K, V, V | null> {
  return {
    init: () => null,
    add: (aggregate, value, key) => (aggregate === null ? value : add(aggregate, value, key)),
  }
}

function describeWindow(window: WindowSpec, emit: string): string {
  const { type, sizeMs, graceMs } = window
  const advance = window.type === 'hopping' ? ` every ${window.advanceMs} ms` : ''
  return `${type} ${sizeMs} ms${advance}, grace ${graceMs} ms, ${emit}`
}

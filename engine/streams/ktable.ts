import { MillraceError } from '../base/errors.ts'
import type { KStream, KTable, Named, StoreKind, TableStepOptions, VersionedOptions } from './api.ts'
import { addForeignKeyJoin } from './foreign-key-joins.ts'
import type { StoreSpec } from './graph.ts'
import type { GraphBuilder, Outlet } from './graph-builder.ts'
import { GroupedTable } from './grouped-table.ts'
import { type FlowSerdes, Stream } from './kstream.ts'
import { table } from './operators/table.ts'
import { tableFilter } from './operators/table-filter.ts'
import { tableGroup } from './operators/table-group.ts'
import { tableMapValues } from './operators/table-map-values.ts'
import { toStream } from './operators/to-stream.ts'
import { jsonSerde } from './serdes.ts'
import { DiskRowStore } from './stores/disk-row-store.ts'
import { MemoryRowStore } from './stores/row-store.ts'
import { VersionedStore } from './stores/versioned-store.ts'
import type { SuppressOptions } from './suppress-api.ts'
import { addSuppress } from './suppression.ts'
import type { ForeignKeyJoinOptions, KGroupedTable, TableJoinOptions } from './table-api.ts'
import { TableInfo } from './table-info.ts'
import { addTableTableJoin } from './table-joins.ts'

export class Table<K, V> implements KTable<K, V> {
  readonly graph: GraphBuilder
  readonly outlet: Outlet
  readonly serdes: FlowSerdes
  readonly info: TableInfo
  /** Its keys are windows, by which nothing is partitioned. */
  readonly windowed: boolean

  constructor(graph: GraphBuilder, outlet: Outlet, serdes: FlowSerdes, info: TableInfo, windowed: boolean) {
    this.graph = graph
    this.outlet = outlet
    this.serdes = serdes
    this.info = info
    this.windowed = windowed
  }

  toStream(options: Named): KStream<K, V> {
    const node = this.graph.add({
      name: options.name,
      kind: 'toStream',
      parents: [this.outlet],
      create: toStream,
    })
    return new Stream<K, V>(this.graph, { node, output: 0 }, this.serdes, this.windowed)
  }

  mapValues<V2>(fn: (value: V, key: K) => V2, options: TableStepOptions): KTable<K, V2> {
    const view = fn as (value: unknown, key: unknown) => unknown
    const serdes = { key: this.serdes.key, value: jsonSerde }
    return this.#view<V2>('mapValues', options, view, serdes, (info) => tableMapValues(info, view))
  }

  filter(predicate: (value: V, key: K) => boolean, options: TableStepOptions): KTable<K, V> {
    return this.#filter('filter', predicate, true, options)
  }

  filterNot(predicate: (value: V, key: K) => boolean, options: TableStepOptions): KTable<K, V> {
    return this.#filter('filterNot', predicate, false, options)
  }

  joinTable<V2, R>(
    other: KTable<K, V2>,
    joiner: (left: never, right: never, key: K) => R,
    options: TableJoinOptions,
  ): KTable<K, R> {
    return addTableTableJoin(this, tableOf(other), joiner, options)
  }

  joinForeignKey<K2, V2, R>(
    other: KTable<K2, V2>,
    foreignKey: (value: V, key: K) => K2 | null,
    joiner: (left: never, right: never, key: K) => R,
    options: ForeignKeyJoinOptions,
  ): KTable<K, R> {
    return addForeignKeyJoin(this, tableOf(other), foreignKey, joiner, options)
  }

  groupBy<K2, V2>(fn: (value: V, key: K) => readonly [K2, V2], options: Named): KGroupedTable<K2, V2> {
    this.info.needOld()
    const node = this.graph.add({
      name: options.name,
      kind: 'table-groupBy',
      parents: [this.outlet],
      create: tableGroup(fn as (value: unknown, key: unknown) => readonly [unknown, unknown]),
    })
    const serdes = { key: jsonSerde, value: jsonSerde }
    return new GroupedTable<K2, V2>(this.graph, { node, output: 0 }, serdes, options.name)
  }

  suppress(options: SuppressOptions): KTable<K, V> {
    return addSuppress(this, options)
  }

  #filter(
    kind: string,
    typed: (value: V, key: K) => boolean,
    keeps: boolean,
    options: TableStepOptions,
  ): KTable<K, V> {
    const predicate = typed as (value: unknown, key: unknown) => boolean
    const view = (value: unknown, key: unknown) => (Boolean(predicate(value, key)) === keeps ? value : null)
    this.info.wantOld()
    return this.#view<V>(kind, options, view, this.serdes, (info) => tableFilter(info, predicate, keeps))
  }

  #view<V2>(
    kind: string,
    options: TableStepOptions,
    view: (value: unknown, key: unknown) => unknown,
    serdes: FlowSerdes,
    create: (info: TableInfo) => Parameters<GraphBuilder['add']>[0]['create'],
  ): Table<K, V2> {
    const info = new TableInfo(this.info, view)
    const node = this.graph.add({
      name: options.name,
      kind: `table-${kind}`,
      parents: [this.outlet],
      create: create(info),
    })
    info.attach(node, rowStoreOf(serdes, options.kind))
    if (options.store !== undefined) info.keepRows(options.store)
    return new Table<K, V2>(this.graph, { node, output: 0 }, serdes, info, this.windowed)
  }
}

/** @throws MillraceError FOREIGN_STREAM */
export function tableOf<K, V>(table: KTable<K, V>): Table<K, V> {
  if (table instanceof Table) return table
  throw new MillraceError({
    code: 'FOREIGN_STREAM',
    what: "the table was not made by this library's builder",
    remedy: 'use streams and tables of one createBuilder()',
  })
}

/** A table that takes what `from` gives as updates. */
export function addTable<K, V>(
  graph: GraphBuilder,
  from: Outlet,
  serdes: FlowSerdes,
  options: TableStepOptions & VersionedOptions,
  kind: string,
  detail: string,
): Table<K, V> {
  const info = new TableInfo(undefined, (value) => value)
  const node = graph.add({ name: options.name, kind, detail, parents: [from], create: table(info) })
  const { versionedHistoryMs: historyMs, name, store } = options
  if (historyMs !== undefined) {
    checkHistory(historyMs, name)
    info.historyMs = historyMs
    info.attach(node, versionedStoreOf(serdes, historyMs))
    info.keepRows(store ?? name)
  } else {
    info.attach(node, rowStoreOf(serdes, options.kind))
    if (store !== undefined) info.keepRows(store)
  }
  return new Table<K, V>(graph, { node, output: 0 }, serdes, info, false)
}

export function rowStoreOf(serdes: FlowSerdes, kind: StoreKind | undefined): (name: string) => StoreSpec {
  const onDisk = kind === 'disk'
  return (name) => ({
    name,
    onDisk,
    create: (database) =>
      onDisk && database !== undefined
        ? new DiskRowStore(name, serdes, database)
        : new MemoryRowStore(name, serdes),
  })
}

function versionedStoreOf(serdes: FlowSerdes, historyMs: number): (name: string) => StoreSpec {
  return (name) => ({ name, onDisk: false, create: () => new VersionedStore(name, serdes, historyMs) })
}

function checkHistory(historyMs: number, step: string): void {
  if (Number.isSafeInteger(historyMs) && historyMs >= 0) return
  throw new MillraceError({
    code: 'BAD_HISTORY',
    what: `the history of the table is ${historyMs} ms`,
    where: step,
    remedy: 'give whole milliseconds, not below 0',
  })
}

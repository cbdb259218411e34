import { MillraceError } from '../base/errors.ts'
import type {
  ExternalSink,
  InnerJoiner,
  Joiner,
  KGroupedStream,
  KStream,
  KTable,
  Named,
  OuterJoiner,
  ProcessOptions,
  Processor,
  Serde,
  SinkOptions,
  StreamJoinOptions,
  StreamRecord,
  StreamTableJoinOptions,
  TableStepOptions,
  VersionedOptions,
} from './api.ts'
import type { SinkSpec, StoreSpec } from './graph.ts'
import type { GraphBuilder, NodeSpec, Outlet } from './graph-builder.ts'
import { GroupedStream } from './grouped.ts'
import { addStreamStreamJoin, addStreamTableJoin } from './joins.ts'
import { addTable, rowStoreOf, Table } from './ktable.ts'
import { branch } from './operators/branch.ts'
import { external } from './operators/external.ts'
import { filter } from './operators/filter.ts'
import { flatMap, flatMapValues } from './operators/flat-map.ts'
import { map } from './operators/map.ts'
import { mapValues } from './operators/map-values.ts'
import { pass } from './operators/pass.ts'
import { processStep } from './operators/process.ts'
import { selectKey } from './operators/select-key.ts'
import { sink } from './operators/sink.ts'
import { streamGlobalJoin } from './operators/stream-global-join.ts'
import { jsonSerde } from './serdes.ts'
import type { GlobalKTable } from './table-api.ts'

export interface FlowSerdes {
  readonly key: Serde<unknown>
  readonly value: Serde<unknown>
}

/** A user's function over typed records, seen from the engine, which does not know the types. */
type OfRecord<R> = (record: StreamRecord) => R

export class Stream<K, V> implements KStream<K, V> {
  readonly graph: GraphBuilder
  readonly outlet: Outlet
  readonly serdes: FlowSerdes
  /** Equal keys may lie in different partitions. */
  readonly keyChanged: boolean

  constructor(graph: GraphBuilder, outlet: Outlet, serdes: FlowSerdes, keyChanged: boolean) {
    this.graph = graph
    this.outlet = outlet
    this.serdes = serdes
    this.keyChanged = keyChanged
  }

  map<K2, V2>(fn: (record: StreamRecord<K, V>) => readonly [K2, V2], options: Named): KStream<K2, V2> {
    const create = map(fn as OfRecord<readonly [K2, V2]>)
    return this.#then({ name: options.name, kind: 'map', create }, jsonSerdes, true)
  }

  mapValues<V2>(fn: (record: StreamRecord<K, V>) => V2, options: Named): KStream<K, V2> {
    const create = mapValues(fn as OfRecord<V2>)
    return this.#then({ name: options.name, kind: 'mapValues', create }, this.#keyOnly(), this.keyChanged)
  }

  filter(predicate: (record: StreamRecord<K, V>) => boolean, options: Named): KStream<K, V> {
    const create = filter(predicate as OfRecord<boolean>, true)
    return this.#then({ name: options.name, kind: 'filter', create }, this.serdes, this.keyChanged)
  }

  filterNot(predicate: (record: StreamRecord<K, V>) => boolean, options: Named): KStream<K, V> {
    const create = filter(predicate as OfRecord<boolean>, false)
    return this.#then({ name: options.name, kind: 'filterNot', create }, this.serdes, this.keyChanged)
  }

  flatMap<K2, V2>(
    fn: (record: StreamRecord<K, V>) => Iterable<readonly [K2, V2]>,
    options: Named,
  ): KStream<K2, V2> {
    const create = flatMap(fn as OfRecord<Iterable<readonly [K2, V2]>>)
    return this.#then({ name: options.name, kind: 'flatMap', create }, jsonSerdes, true)
  }

  flatMapValues<V2>(fn: (record: StreamRecord<K, V>) => Iterable<V2>, options: Named): KStream<K, V2> {
    const create = flatMapValues(fn as OfRecord<Iterable<V2>>)
    return this.#then({ name: options.name, kind: 'flatMapValues', create }, this.#keyOnly(), this.keyChanged)
  }

  selectKey<K2>(fn: (record: StreamRecord<K, V>) => K2, options: Named): KStream<K2, V> {
    const create = selectKey(fn as OfRecord<K2>)
    return this.#then({ name: options.name, kind: 'selectKey', create }, this.#valueOnly(), true)
  }

  branch<Names extends string>(
    branches: readonly { readonly name: Names; readonly when: (record: StreamRecord<K, V>) => boolean }[],
    options: Named & { readonly otherwise?: Names },
  ): Readonly<Record<Names, KStream<K, V>>> {
    const predicates = branches.map(({ when }) => when as OfRecord<boolean>)
    const names = branches.map(({ name }) => name)
    if (options.otherwise !== undefined) names.push(options.otherwise)
    const node = this.graph.add({
      name: options.name,
      kind: 'branch',
      detail: names.join(' | '),
      parents: [this.outlet],
      create: branch(predicates, options.otherwise !== undefined),
    })
    const streams: Partial<Record<Names, KStream<K, V>>> = {}
    names.forEach((name, output) => {
      streams[name] = new Stream<K, V>(this.graph, { node, output }, this.serdes, this.keyChanged)
    })
    return streams as Record<Names, KStream<K, V>>
  }

  merge(other: KStream<K, V>, options: Named): KStream<K, V> {
    const right = streamOf(other)
    const node = this.graph.add({
      name: options.name,
      kind: 'merge',
      parents: [this.outlet, right.outlet],
      create: pass,
    })
    const same = (a: Serde<unknown>, b: Serde<unknown>) => (a.name === b.name ? a : jsonSerde)
    const serdes = {
      key: same(this.serdes.key, right.serdes.key),
      value: same(this.serdes.value, right.serdes.value),
    }
    return new Stream(this.graph, { node, output: 0 }, serdes, this.keyChanged || right.keyChanged)
  }

  process<K2, V2, Names extends string>(
    supplier: () => Processor<K, V, K2, V2>,
    options: ProcessOptions & { readonly outputs: readonly Names[] },
  ): Readonly<Record<Names, KStream<K2, V2>>>
  process<K2, V2>(supplier: () => Processor<K, V, K2, V2>, options: ProcessOptions): KStream<K2, V2>
  process(
    supplier: () => Processor<K, V>,
    options: ProcessOptions & { readonly outputs?: readonly string[] },
  ): KStream<unknown, unknown> | Readonly<Record<string, KStream<unknown, unknown>>> {
    const storeNames = new Map<string, string>()
    const stores: StoreSpec[] = []
    for (const { name, kind } of options.stores ?? []) {
      const storeName = `${options.name}-${name}`
      storeNames.set(name, storeName)
      stores.push(rowStoreOf(jsonSerdes, kind)(storeName))
    }
    const { name, outputs } = options
    const create = processStep(supplier as () => Processor, storeNames, outputs ?? [])
    const spec = { name, kind: 'process', detail: outputs?.join(' | '), stores, create }
    if (outputs === undefined) return this.#then(spec, jsonSerdes, true)
    const node = this.graph.add({ ...spec, parents: [this.outlet] })
    const child = (output: number) => new Stream(this.graph, { node, output }, jsonSerdes, true)
    return Object.fromEntries(outputs.map((output, at) => [output, child(at)]))
  }

  repartition(options: Named & { readonly partitions?: number }): KStream<K, V> {
    const outlet = this.graph.repartition(this.outlet, {
      name: options.name,
      reportAs: options.name,
      ...this.serdes,
      partitions: options.partitions,
      explicit: true,
    })
    return new Stream(this.graph, outlet, this.serdes, false)
  }

  groupByKey(options: Named): KGroupedStream<K, V> {
    return new GroupedStream<K, V>(this.graph, this.outlet, this.serdes, this.keyChanged, options.name)
  }

  groupBy<K2>(fn: (record: StreamRecord<K, V>) => K2, options: Named): KGroupedStream<K2, V> {
    const create = selectKey(fn as OfRecord<K2>)
    const spec = { name: options.name, kind: 'groupBy', create }
    const keyed = this.#then<K2, V>(spec, this.#valueOnly(), true)
    return new GroupedStream<K2, V>(this.graph, keyed.outlet, keyed.serdes, true, options.name)
  }

  toTable(options: TableStepOptions & VersionedOptions): KTable<K, V> {
    const from = this.keyChanged
      ? this.graph.repartition(this.outlet, { name: options.name, reportAs: options.name, ...this.serdes })
      : this.outlet
    return addTable<K, V>(this.graph, from, this.serdes, options, 'toTable', '')
  }

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
  joinStream<V2, R>(
    other: KStream<K, V2>,
    joiner: (left: never, right: never, key: K) => R,
    options: StreamJoinOptions,
  ): KStream<K, R> {
    return addStreamStreamJoin<K, V, V2, R>(this, streamOf(other), joiner, options)
  }

  joinTable<V2, R>(
    table: KTable<K, V2>,
    joiner: Joiner<K, V, V2, R>,
    options: StreamTableJoinOptions,
  ): KStream<K, R> {
    if (!(table instanceof Table)) throw foreign('table')
    return addStreamTableJoin<K, V, V2, R>(this, table, joiner, options)
  }

  joinGlobal<K2, V2, R>(
    table: GlobalKTable<K2, V2>,
    keyOf: (record: StreamRecord<K, V>) => K2 | null,
    joiner: (left: never, right: never, key: K) => R,
    options: Named & { readonly type: 'inner' | 'left' },
  ): KStream<K, R> {
    const { name, type } = options
    const anyJoiner = joiner as Joiner<unknown, unknown, unknown, unknown>
    const create = streamGlobalJoin(type, table.store, keyOf as OfRecord<unknown>, anyJoiner)
    const spec = { name, kind: 'streamGlobalTableJoin', detail: `${type}, ${table.store}`, create }
    return this.#then(spec, this.#keyOnly(), this.keyChanged)
  }

  to(topic: string, options: SinkOptions<K, V>): void {
    const spec: SinkSpec = {
      topic: { name: topic, internal: false },
      key: (options.key as Serde<unknown> | undefined) ?? this.serdes.key,
      value: (options.value as Serde<unknown> | undefined) ?? this.serdes.value,
      partitioner: (options.partitioner as SinkSpec['partitioner'] | undefined) ?? 'default',
      acks: options.acks,
      compression: options.compression,
    }
    this.graph.add({
      name: options.name,
      kind: 'to',
      detail: `topic ${topic}`,
      parents: [this.outlet],
      sink: spec,
      create: sink(spec),
    })
  }

  toExternal(supplier: () => ExternalSink<K, V>, options: Named): void {
    this.graph.add({
      name: options.name,
      kind: 'external',
      parents: [this.outlet],
      create: external(supplier as () => ExternalSink),
    })
  }

  #then<K2, V2>(spec: NodeSpec, serdes: FlowSerdes, keyChanged: boolean): Stream<K2, V2> {
    const node = this.graph.add({ ...spec, parents: [this.outlet] })
    return new Stream<K2, V2>(this.graph, { node, output: 0 }, serdes, keyChanged)
  }

  #keyOnly(): FlowSerdes {
    return { key: this.serdes.key, value: jsonSerde }
  }

  #valueOnly(): FlowSerdes {
    return { key: jsonSerde, value: this.serdes.value }
  }
}

const jsonSerdes: FlowSerdes = { key: jsonSerde, value: jsonSerde }

function streamOf<K, V>(stream: KStream<K, V>): Stream<K, V> {
  if (!(stream instanceof Stream)) throw foreign('stream')
  return stream
}

function foreign(what: string): MillraceError {
  return new MillraceError({
    code: 'FOREIGN_STREAM',
    what: `the ${what} was not made by this library's builder`,
    remedy: 'use streams and tables of one createBuilder()',
  })
}

import { assert } from '../base/assert.ts'
import { MillraceError } from '../base/errors.ts'
import type { Aggregator, KGroupedStream, KTable, Windowed, WindowSpec } from './api.ts'
import type { StepLogic, StepSetup } from './graph.ts'
import type { GraphBuilder, Outlet } from './graph-builder.ts'
import { GroupedStream } from './grouped.ts'
import type { FlowSerdes } from './kstream.ts'
import { rowStoreOf, Table } from './ktable.ts'
import { aggregate } from './operators/aggregate.ts'
import { cogroup } from './operators/cogroup.ts'
import { jsonSerde, windowedJsonSerde } from './serdes.ts'
import type { CogroupedKStream, CogroupOptions, WindowedCogroupOptions } from './table-api.ts'
import { TableInfo } from './table-info.ts'
import { operatorOf, windowStoreOf } from './windowed-streams.ts'
import { checkWindow, describeWindow } from './windows.ts'

type Adder = Aggregator<unknown, unknown, unknown>['add']

interface Part {
  readonly outlet: Outlet
  readonly serdes: FlowSerdes
  readonly add: Adder
}

export class CogroupedStream<K, A> implements CogroupedKStream<K, A> {
  readonly #graph: GraphBuilder
  readonly #parts: readonly Part[]

  constructor(graph: GraphBuilder, parts: readonly Part[]) {
    this.#graph = graph
    this.#parts = parts
  }

  cogroup<V>(
    grouped: KGroupedStream<K, V>,
    add: (aggregate: A, value: V, key: K) => A,
  ): CogroupedKStream<K, A> {
    assert(grouped instanceof GroupedStream, 'a grouping comes from groupBy or groupByKey')
    return new CogroupedStream<K, A>(this.#graph, [...this.#parts, grouped.part(add as Adder)])
  }

  aggregate(init: () => A, options: CogroupOptions): KTable<K, A> {
    const { name, store: storeName = name, kind } = options
    const key = this.#key(name)
    const parts = this.#parts.map(({ add }) => aggregate(storeName, { init, add }))
    const node = this.#add(name, '', cogroup({ storeName, timesName: undefined, parts }))
    const serdes = { key, value: jsonSerde }
    const info = new TableInfo(undefined, (value) => value)
    info.attach(node, rowStoreOf(serdes, kind))
    info.keepRows(storeName)
    return new Table<K, A>(this.#graph, { node, output: 0 }, serdes, info, false)
  }

  aggregateWindows(
    window: WindowSpec,
    init: () => A,
    options: WindowedCogroupOptions<K, A>,
  ): KTable<Windowed<K>, A> {
    const { name, store: storeName = name, retentionMs, merge } = options
    checkWindow(window, retentionMs, name)
    if (window.type === 'session' && merge === undefined) throw withoutMerge(name)
    const key = this.#key(name)
    const timesName = `${storeName}-stream-times`
    const mergeAny = merge as ((left: unknown, right: unknown, key: unknown) => unknown) | undefined
    const parts = this.#parts.map(({ add }) => {
      const aggregator = { init, add, merge: mergeAny ?? ((left: unknown) => left) }
      return operatorOf(window, { emit: 'on-update', storeName, aggregator })
    })
    const node = this.#add(
      name,
      describeWindow(window, 'on-update'),
      cogroup({ storeName, timesName, parts }),
    )
    const times = rowStoreOf({ key: jsonSerde, value: jsonSerde }, 'memory')
    node.stores.push(windowStoreOf(window, { name: storeName, retentionMs }, key), times(timesName))
    const info = new TableInfo(undefined, (value) => value)
    info.store = storeName
    info.windows = { spec: window, key }
    const outside = { key: windowedJsonSerde, value: jsonSerde }
    return new Table<Windowed<K>, A>(this.#graph, { node, output: 0 }, outside, info, true)
  }

  #add(name: string, detail: string, create: (setup: StepSetup) => StepLogic) {
    const [first, ...others] = this.#parts
    const node = this.#graph.add({
      name,
      kind: 'cogroup',
      detail,
      parents: this.#parts.map(({ outlet }) => outlet),
      create,
    })
    for (const { outlet } of others) {
      this.#graph.coPartitionings.push({ step: name, left: first!.outlet.node, right: outlet.node })
    }
    return node
  }

  #key(step: string) {
    const [first, ...others] = this.#parts
    const { key } = first!.serdes
    const other = others.find(({ serdes }) => serdes.key.name !== key.name)
    if (other === undefined) return key
    throw new MillraceError({
      code: 'DIFFERENT_KEY_FORMATS',
      what: `the cogroup's keys are ${key.name} here and ${other.serdes.key.name} there: they never meet`,
      where: step,
      remedy: 'read the topics with the same key format, or select the key anew',
    })
  }
}

function withoutMerge(step: string): MillraceError {
  return new MillraceError({
    code: 'NO_MERGE',
    what: 'the cogroup has no merge function, and sessions merge when a record closes the gap between them',
    where: step,
    remedy: 'add merge: (left, right, key) => …, which makes one aggregate of those of two sessions',
  })
}

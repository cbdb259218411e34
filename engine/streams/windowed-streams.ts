/** Aggregates of a grouped stream over windows: which store and which operator each kind of window has. */
import { MillraceError } from '../base/errors.ts'
import type {
  Aggregator,
  KTable,
  Serde,
  SessionAggregator,
  SessionWindowedKStream,
  SessionWindowSpec,
  SlidingWindowSpec,
  TimeWindowSpec,
  Windowed,
  WindowedKStream,
  WindowSpec,
  WindowStoreOptions,
} from './api.ts'
import type { StepLogic, StepSetup, StoreSpec } from './graph.ts'
import type { GraphBuilder, Outlet } from './graph-builder.ts'
import { Table } from './ktable.ts'
import { sessionAggregate } from './operators/session-aggregate.ts'
import { slidingAggregate } from './operators/sliding-aggregate.ts'
import { windowAggregate } from './operators/window-aggregate.ts'
import { counter, reducer } from './reducers.ts'
import { jsonSerde, windowedJsonSerde } from './serdes.ts'
import { SpanStore } from './stores/span-store.ts'
import { WindowStore } from './stores/window-store.ts'
import { TableInfo } from './table-info.ts'
import { checkWindow, describeWindow, retentionOf, windowKeysOf } from './windows.ts'

export interface Grouping {
  readonly graph: GraphBuilder
  readonly key: Serde<unknown>
  /** Where equal keys meet. */
  partitioned(): Outlet
}

type Untyped = SessionAggregator<unknown, unknown, unknown, unknown>

export function windowedStream<K, V>(
  grouping: Grouping,
  window: TimeWindowSpec | SlidingWindowSpec,
): WindowedKStream<K, V> {
  return {
    aggregate: (aggregator, options) => add(grouping, window, 'aggregate', untyped(aggregator), options),
    reduce: (fn, options) => add(grouping, window, 'reduce', untyped(reducer(fn)), options),
    count: (options) => add(grouping, window, 'count', counter, options),
  }
}

export function sessionStream<K, V>(
  grouping: Grouping,
  window: SessionWindowSpec,
): SessionWindowedKStream<K, V> {
  return {
    aggregate: (aggregator, options) => {
      if (typeof aggregator.merge !== 'function') throw withoutMerge(options.name)
      return add(grouping, window, 'aggregate', aggregator as Untyped, options)
    },
    reduce: (fn, options) => add(grouping, window, 'reduce', reducer(fn) as Untyped, options),
    count: (options) => add(grouping, window, 'count', counter, options),
  }
}

/** Only sessions merge. */
function untyped<K, V, A, R>(aggregator: Aggregator<K, V, A, R>): Untyped {
  return { merge: (left) => left, ...(aggregator as Aggregator<unknown, unknown, unknown, unknown>) }
}

function add<K, R>(
  { graph, key, partitioned }: Grouping,
  window: WindowSpec,
  kind: string,
  aggregator: Untyped,
  options: WindowStoreOptions,
): KTable<Windowed<K>, R> {
  checkWindow(window, options.retentionMs, options.name)
  const storeName = options.store ?? options.name
  const emit = options.emit ?? 'on-update'
  const serdes = { key, value: jsonSerde }
  const node = graph.add({
    name: options.name,
    kind,
    detail: describeWindow(window, emit),
    parents: [partitioned()],
    stores: [windowStoreOf(window, { ...options, name: storeName, emit }, key)],
    create: operatorOf(window, { emit, storeName, aggregator }),
  })
  const info = new TableInfo(undefined, (value) => value)
  info.store = storeName
  info.windows = { spec: window, key }
  const outside = { ...serdes, key: windowedJsonSerde }
  return new Table<Windowed<K>, R>(graph, { node, output: 0 }, outside, info, true)
}

/** The store of an aggregate over windows; `name` is the store's. */
export function windowStoreOf(
  window: WindowSpec,
  { name, emit, retentionMs = retentionOf(window) }: WindowStoreOptions,
  key: Serde<unknown>,
): StoreSpec {
  const closes = emit === 'on-window-close'
  const serdes = { key, value: jsonSerde }
  const spanShape = { keys: windowKeysOf(window), retentionMs, closes }
  switch (window.type) {
    case 'session':
      return {
        name,
        onDisk: false,
        create: () => new SpanStore(name, serdes, { ...spanShape, orderedBy: 'end', keepsBoundary: false }),
      }
    case 'sliding':
      return {
        name,
        onDisk: false,
        create: () =>
          new SpanStore(name, serdes, { ...spanShape, orderedBy: 'start', keepsBoundary: closes }),
      }
    default: {
      const shape = { sizeMs: window.sizeMs, retentionMs, keepsBoundary: closes }
      return { name, onDisk: false, create: () => new WindowStore(name, serdes, shape) }
    }
  }
}

/** The operator of an aggregate over windows. */
export function operatorOf(
  window: WindowSpec,
  spec: {
    readonly emit: NonNullable<WindowStoreOptions['emit']>
    readonly storeName: string
    readonly aggregator: Untyped
  },
): (setup: StepSetup) => StepLogic {
  switch (window.type) {
    case 'session':
      return sessionAggregate({ window, ...spec })
    case 'sliding':
      return slidingAggregate({ window, ...spec })
    default:
      return windowAggregate({ window, ...spec })
  }
}

function withoutMerge(step: string): MillraceError {
  return new MillraceError({
    code: 'NO_MERGE',
    what: 'the aggregate has no merge function, and sessions merge when a record closes the gap between them',
    where: step,
    remedy: 'add merge: (left, right, key) => …, which makes one aggregate of those of two sessions',
  })
}

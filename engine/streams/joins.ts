import { MillraceError } from '../base/errors.ts'
import type { Joiner, KStream, Serde, StreamJoinOptions, StreamTableJoinOptions } from './api.ts'
import type { StoreSpec } from './graph.ts'
import type { Outlet } from './graph-builder.ts'
import { Stream } from './kstream.ts'
import type { Table } from './ktable.ts'
import { isOptional, streamStreamJoin } from './operators/stream-stream-join.ts'
import { streamTableJoin } from './operators/stream-table-join.ts'
import { jsonSerde } from './serdes.ts'
import { HeldStore } from './stores/held-store.ts'
import { JoinStore } from './stores/join-store.ts'
import { WaitingStore } from './stores/waiting-store.ts'

type AnyJoiner = Joiner<unknown, unknown, unknown, unknown>

export function addStreamTableJoin<K, V, V2, R>(
  left: Stream<K, V>,
  right: Table<K, V2>,
  joiner: Joiner<K, V, V2, R>,
  options: StreamTableJoinOptions,
): KStream<K, R> {
  const { graph } = left
  const key = commonKey(left, right, options.name)
  const { graceMs } = options
  const waiting = graceMs === undefined ? undefined : { graceMs, storeName: `${options.name}-held` }
  checkGrace(graceMs, right.info.versionsMs, options.name)
  right.info.makeReadable()
  const from = left.keyChanged
    ? graph.repartition(left.outlet, {
        name: `${options.name}-left`,
        reportAs: options.name,
        key,
        value: left.serdes.value,
        keepsNullKeys: options.type === 'left',
      })
    : left.outlet
  const node = graph.add({
    name: options.name,
    kind: 'streamTableJoin',
    detail: waiting === undefined ? options.type : `${options.type}, grace ${waiting.graceMs} ms`,
    parents: [from, right.outlet],
    stores: waiting === undefined ? [] : [heldStore(waiting.storeName, key, left.serdes.value)],
    create: streamTableJoin(options.type, right.info, joiner as AnyJoiner, waiting),
  })
  graph.coPartitionings.push({ step: options.name, left: from.node, right: right.outlet.node })
  return new Stream<K, R>(graph, { node, output: 0 }, { key, value: jsonSerde }, false)
}

export function addStreamStreamJoin<K, V, V2, R>(
  left: Stream<K, V>,
  right: Stream<K, V2>,
  joiner: (left: never, right: never, key: K) => R,
  options: StreamJoinOptions,
): KStream<K, R> {
  const { graph } = left
  const { name, type, beforeMs, afterMs, graceMs } = options
  checkJoinWindow(options)
  const key = commonKey(left, right, name)
  const partitioned = <T>(side: 'left' | 'right', stream: Stream<K, T>): Outlet =>
    stream.keyChanged
      ? graph.repartition(stream.outlet, {
          name: `${name}-${side}`,
          reportAs: name,
          key,
          value: stream.serdes.value,
          keepsNullKeys: isOptional(type, side),
        })
      : stream.outlet
  const leftOutlet = partitioned('left', left)
  const self = left.outlet.node === right.outlet.node && left.outlet.output === right.outlet.output
  const rightOutlet = self ? leftOutlet : partitioned('right', right)
  const stores = { left: `${name}-left`, right: `${name}-right`, waiting: `${name}-waiting` }
  const retentionMs = beforeMs + afterMs + graceMs
  const values = { left: left.serdes.value, right: right.serdes.value }
  const side = (of: 'left' | 'right') => ({
    name: stores[of],
    onDisk: false,
    create: () => new JoinStore(stores[of], { key, value: values[of] }, retentionMs),
  })
  const waiting = {
    name: stores.waiting,
    onDisk: false,
    create: () => new WaitingStore(stores.waiting, key, values),
  }
  const node = graph.add({
    name,
    kind: 'streamStreamJoin',
    detail: `${type}, from ${beforeMs} ms before to ${afterMs} ms after, grace ${graceMs} ms`,
    parents: [leftOutlet, rightOutlet],
    stores: [side('left'), side('right'), waiting],
    create: streamStreamJoin({ type, beforeMs, afterMs, graceMs, joiner: joiner as AnyJoiner, stores }),
  })
  graph.coPartitionings.push({ step: name, left: leftOutlet.node, right: rightOutlet.node })
  return new Stream<K, R>(graph, { node, output: 0 }, { key, value: jsonSerde }, false)
}

interface Side {
  readonly serdes: Stream<unknown, unknown>['serdes']
  readonly keyChanged?: boolean
}

/**
 * Equal keys meet only when both sides have the same bytes for them. A side that goes through a repartition takes the other's
 * format; two sides as they are must agree.
 */
export function commonKey(left: Side, right: Side, step: string) {
  if (left.keyChanged === true) return right.serdes.key
  if (right.keyChanged === true || left.serdes.key.name === right.serdes.key.name) return left.serdes.key
  throw new MillraceError({
    code: 'DIFFERENT_KEY_FORMATS',
    what: `the join's left keys are ${left.serdes.key.name}, its right keys ${right.serdes.key.name}: they never meet`,
    where: step,
    remedy: 'read both topics with the same key format, or select the key anew on one side',
  })
}

function checkJoinWindow({ name, beforeMs, afterMs, graceMs }: StreamJoinOptions): void {
  const whole = [beforeMs, afterMs, graceMs].every((ms) => Number.isSafeInteger(ms))
  if (whole && graceMs >= 0 && beforeMs + afterMs >= 0) return
  throw new MillraceError({
    code: 'BAD_WINDOW',
    what: `the join's window (before ${beforeMs} ms, after ${afterMs} ms, grace ${graceMs} ms) is not possible`,
    where: name,
    remedy: 'give whole milliseconds; grace, and before and after together, are not below 0',
  })
}

function heldStore(name: string, key: Serde<unknown>, value: Serde<unknown>): StoreSpec {
  return { name, onDisk: false, create: () => new HeldStore(name, { key, value }) }
}

/** What waits for longer than the table remembers would find nothing. */
function checkGrace(graceMs: number | undefined, historyMs: number | undefined, step: string): void {
  if (graceMs === undefined) return
  const whole = Number.isSafeInteger(graceMs) && graceMs >= 0
  if (whole && historyMs !== undefined && graceMs <= historyMs) return
  throw new MillraceError({
    code: 'BAD_GRACE',
    what: !whole
      ? `the grace is ${graceMs} ms`
      : historyMs === undefined
        ? 'a join with grace looks into the past, and the table has no versions'
        : `the grace (${graceMs} ms) is longer than the table's history (${historyMs} ms)`,
    where: step,
    remedy: 'join a versioned table whose history is at least as long as the grace, or leave the grace out',
  })
}

/**
 * Stream-stream join. Pairs have equal keys and left.t − before ≤ right.t ≤ left.t + after. There is no check for late records:
 * what the other side still keeps is joined. On a record:
 *
 * | step | does |
 * |---|---|
 * | 1 | stream time of both sides together rises; a null value or key is dropped, but a null key of an optional side passes unmatched |
 * | 2 | in order (t = stream time): unmatched records that are due are given up, emitted with null |
 * | 3 | it is joined with what the other side keeps in the window; those are matched from now on |
 * | 4 | no partner, optional side: given up at once if its window has passed, otherwise it waits |
 *
 * Step 2 is skipped while the oracle would skip it: `low` is its estimate of the smallest waiting time, and may lie above it, so
 * that a result can come later than it is due.
 */
import { assert } from '../../base/assert.ts'
import type { Headers, Joiner, StreamJoinOptions, StreamRecord } from '../api.ts'
import type { StepLogic, StepSetup } from '../graph.ts'
import { makeRecord } from '../record.ts'
import { JoinStore, type Kept } from '../stores/join-store.ts'
import { type JoinSide, WaitingStore } from '../stores/waiting-store.ts'
import { joinLeft } from './stream-table-join.ts'

interface StreamStreamJoinSpec {
  readonly type: StreamJoinOptions['type']
  readonly beforeMs: number
  readonly afterMs: number
  readonly graceMs: number
  readonly joiner: Joiner<unknown, unknown, unknown, unknown>
  readonly stores: { readonly left: string; readonly right: string; readonly waiting: string }
}

/** Whether the side's records pass without a partner. */
export function isOptional(type: StreamJoinOptions['type'], side: JoinSide): boolean {
  return type === 'outer' || (type === 'left' && side === 'left')
}

export function streamStreamJoin(spec: StreamStreamJoinSpec) {
  return (setup: StepSetup): StepLogic => new StreamStreamJoin(setup, spec)
}

class StreamStreamJoin implements StepLogic {
  readonly #setup: StepSetup
  readonly #spec: StreamStreamJoinSpec
  readonly #left: JoinStore
  readonly #right: JoinStore
  readonly #waiting: WaitingStore

  constructor(setup: StepSetup, spec: StreamStreamJoinSpec) {
    const left = setup.store(spec.stores.left)
    const right = setup.store(spec.stores.right)
    const waiting = setup.store(spec.stores.waiting)
    assert(left instanceof JoinStore && right instanceof JoinStore, 'a join keeps both sides')
    assert(waiting instanceof WaitingStore, 'a join keeps what waits')
    this.#setup = setup
    this.#spec = spec
    this.#left = left
    this.#right = right
    this.#waiting = waiting
    this.#linkRestored()
  }

  process(record: StreamRecord, input: number): void {
    const side: JoinSide = input === joinLeft ? 'left' : 'right'
    const optional = isOptional(this.#spec.type, side)
    const waiting = this.#waiting
    if (record.timestampMs > waiting.streamTimeMs) waiting.streamTimeMs = record.timestampMs
    if (record.value === null || (record.key === null && !optional)) {
      this.#setup.dropped()
      return
    }
    if (record.key === null) {
      this.#emitUnmatched(side, record, record.headers)
      return
    }
    if (record.timestampMs === waiting.streamTimeMs) this.#giveUpDue(side, record.headers)
    const kept = (side === 'left' ? this.#left : this.#right).put(
      record.key,
      record.value,
      record.timestampMs,
    )
    if (this.#joinWithOther(side, record) || !optional) return
    if (this.#windowEndMs(side, record.timestampMs) < waiting.streamTimeMs) {
      this.#emitUnmatched(side, record, record.headers)
    } else {
      kept.waiting = waiting.add(side, kept)
    }
  }

  /** The last instant at which the other side's records match. The oracle's windows never lie below 0 as a whole. */
  #windowEndMs(side: JoinSide, timestampMs: number): number {
    return Math.max(0, timestampMs + this.#lookAheadMs(side))
  }

  #lookAheadMs(side: JoinSide): number {
    return side === 'left' ? this.#spec.afterMs : this.#spec.beforeMs
  }

  #joinWithOther(side: JoinSide, record: StreamRecord): boolean {
    const { timestampMs, key } = record
    const lookBackMs = side === 'left' ? this.#spec.beforeMs : this.#spec.afterMs
    const other = side === 'left' ? this.#right : this.#left
    const others: readonly Kept[] = other.find(
      key,
      Math.max(0, timestampMs - lookBackMs),
      this.#windowEndMs(side, timestampMs),
    )
    for (const other of others) {
      if (other.waiting !== undefined) {
        this.#waiting.remove(other.waiting)
        other.waiting = undefined
      }
      const [left, right] = side === 'left' ? [record.value, other.value] : [other.value, record.value]
      this.#emit(key, left, right, Math.max(timestampMs, other.timestampMs), record.headers)
    }
    return others.length > 0
  }

  #giveUpDue(side: JoinSide, headers: Headers): void {
    const { graceMs } = this.#spec
    const waiting = this.#waiting
    if (waiting.low + this.#lookAheadMs(side) + graceMs >= waiting.streamTimeMs) return
    waiting.low = Number.POSITIVE_INFINITY
    let leftOpen = false
    let rightOpen = false
    for (const entry of waiting.visit()) {
      waiting.low = entry.timestampMs
      if (leftOpen && rightOpen) break
      if (entry.timestampMs + this.#lookAheadMs(entry.side) + graceMs >= waiting.streamTimeMs) {
        if (entry.side === 'left') leftOpen = true
        else rightOpen = true
        continue
      }
      waiting.remove(entry)
      this.#emitUnmatched(entry.side, entry, headers)
    }
    waiting.compact()
  }

  #emitUnmatched(
    side: JoinSide,
    { key, value, timestampMs }: Pick<StreamRecord, 'key' | 'value' | 'timestampMs'>,
    headers: Headers,
  ): void {
    const [left, right] = side === 'left' ? [value, null] : [null, value]
    this.#emit(key, left, right, timestampMs, headers)
  }

  #emit(key: unknown, left: unknown, right: unknown, timestampMs: number, headers: Headers): void {
    const value = this.#spec.joiner(left, right, key) ?? null
    this.#setup.forward(makeRecord(key, value, timestampMs, headers))
  }

  /** After a restore both stores have their own copy of a waiting record. */
  #linkRestored(): void {
    for (const entry of this.#waiting.visit()) {
      const side = entry.side === 'left' ? this.#left : this.#right
      for (const kept of side.find(entry.key, entry.timestampMs, entry.timestampMs)) {
        if (kept.sequence === entry.sequence) kept.waiting = entry
      }
    }
  }
}

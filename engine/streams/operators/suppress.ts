/**
 * Holds updates of a table back. Each update raises the stream time, which is this step's own, and takes the place of the one of its
 * key that waits; then what is due is emitted, by due time, then key. With `window-closes` an update is due when window end +
 * grace ≤ stream time (sessions: end + gap + grace), otherwise when the key's first waiting update is `waitMs` old. What is
 * emitted carries timestamp, headers and old value of the last update, as in the oracle, whose old value is therefore not always
 * what was emitted before.
 */
import { assert } from '../../base/assert.ts'
import { MillraceError } from '../../base/errors.ts'
import type { StreamRecord, Windowed } from '../api.ts'
import type { StepLogic, StepSetup } from '../graph.ts'
import { Change, makeRecord } from '../record.ts'
import { SuppressStore } from '../stores/suppress-store.ts'
import { changeOf } from './to-stream.ts'

export interface SuppressSpec {
  readonly storeName: string
  readonly until: 'window-closes' | 'time-limit'
  readonly waitMs: number
  readonly recordsMax: number
  readonly bytesMax: number
  readonly whenFull: 'emit-early' | 'shut-down'
}

export function suppress(spec: SuppressSpec) {
  return (setup: StepSetup): StepLogic => {
    const store = setup.store(spec.storeName)
    assert(store instanceof SuppressStore, `store ${spec.storeName} holds updates back`)
    const timeOf = ({ key, timestampMs }: StreamRecord) =>
      spec.until === 'window-closes' ? (key as Windowed<unknown>).windowEndMs : timestampMs
    const isFull = () => store.size > spec.recordsMax || store.bytes > spec.bytesMax
    const emitFirst = () => {
      const { key, newValue, oldValue, timestampMs, headers } = store.first!
      // It leaves only afterwards: whoever looks the row up meanwhile still sees the value before.
      if (newValue !== null || spec.until === 'time-limit') {
        setup.forward(makeRecord(key, new Change(newValue, oldValue), timestampMs, headers))
      }
      store.takeFirst()
    }
    return {
      process(record) {
        const { key, timestampMs, headers } = record
        const { newValue, oldValue = null } = changeOf(record)
        if (timestampMs > store.streamTimeMs) store.streamTimeMs = timestampMs
        store.put(key, timeOf(record), { newValue, oldValue, timestampMs, headers })
        const dueMs = store.streamTimeMs - spec.waitMs
        while (store.first !== undefined && store.first.timeMs <= dueMs) emitFirst()
        if (!isFull()) return
        if (spec.whenFull === 'shut-down') throw full(setup.name, store, spec)
        while (isFull()) emitFirst()
      },
    }
  }
}

function full(
  step: string,
  { size, bytes }: SuppressStore,
  { recordsMax, bytesMax }: SuppressSpec,
): MillraceError {
  const inBytes = Number.isFinite(bytesMax) ? `, ${bytes} bytes (at most ${bytesMax})` : ''
  const inRecords = Number.isFinite(recordsMax) ? ` (at most ${recordsMax})` : ''
  return new MillraceError({
    code: 'BUFFER_FULL',
    what: `more updates wait than the buffer may hold: ${size} records${inRecords}${inBytes}`,
    where: step,
    remedy: 'give the buffer more room, or shorten windows and grace',
  })
}

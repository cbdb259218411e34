import type { Serde } from './api.ts'
import { Change } from './record.ts'
import { asBuffer } from './stores/window-store.ts'

const newMark = 1
const oldMark = 2

/**
 * A change of a row on its way through an internal topic: a byte with 1 for a new and 2 for an old value, the new value's length
 * as int32, the new value's bytes, the old value's bytes.
 */
export function changeSerde(values: Serde<unknown>): Serde<unknown> {
  const bytesOf = (value: unknown) =>
    value === null || value === undefined ? undefined : values.serialize(value)
  return {
    name: `change of ${values.name}`,
    serialize(change) {
      if (!(change instanceof Change)) throw new TypeError('a change of a row is written as such only')
      const [added, removed] = [bytesOf(change.newValue), bytesOf(change.oldValue)]
      const length = added?.byteLength ?? 0
      const bytes = Buffer.allocUnsafe(5 + length + (removed?.byteLength ?? 0))
      bytes.writeUInt8((added === undefined ? 0 : newMark) | (removed === undefined ? 0 : oldMark), 0)
      bytes.writeInt32BE(length, 1)
      if (added !== undefined) bytes.set(added, 5)
      if (removed !== undefined) bytes.set(removed, 5 + length)
      return bytes
    },
    deserialize(bytes) {
      const view = asBuffer(bytes)
      const marks = view.readUInt8(0)
      const end = 5 + view.readInt32BE(1)
      const newValue = (marks & newMark) === 0 ? null : values.deserialize(view.subarray(5, end))
      const oldValue = (marks & oldMark) === 0 ? null : values.deserialize(view.subarray(end))
      return new Change(newValue, oldValue)
    },
  }
}

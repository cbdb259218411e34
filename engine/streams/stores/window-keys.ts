/** Keys of windows as bytes, as Kafka Streams lays them out in changelogs. */
import { asBuffer, splitWindowedKey, windowedKey } from './window-store.ts'

export interface WindowBounds {
  readonly windowStartMs: number
  readonly windowEndMs: number
}

export interface WindowKeyCodec {
  encode(key: Uint8Array, bounds: WindowBounds): Buffer
  decode(bytes: Uint8Array): WindowBounds & { readonly key: Uint8Array }
}

/** The key's bytes, the start as int64, four zero bytes: all windows have one length, which is not told. */
export function fixedWindowKeys(lengthMs: number): WindowKeyCodec {
  return {
    encode: (key, { windowStartMs }) => windowedKey(key, windowStartMs),
    decode(bytes) {
      const { key, atMs } = splitWindowedKey(bytes)
      return { key, windowStartMs: atMs, windowEndMs: atMs + lengthMs }
    },
  }
}

/** The key's bytes, then end and start as int64. */
export const sessionKeys: WindowKeyCodec = {
  encode(key, { windowStartMs, windowEndMs }) {
    const bytes = Buffer.allocUnsafe(key.byteLength + 16)
    bytes.set(key, 0)
    bytes.writeBigInt64BE(BigInt(windowEndMs), key.byteLength)
    bytes.writeBigInt64BE(BigInt(windowStartMs), key.byteLength + 8)
    return bytes
  },
  decode(bytes) {
    const view = asBuffer(bytes)
    const length = view.byteLength - 16
    const windowEndMs = Number(view.readBigInt64BE(length))
    const windowStartMs = Number(view.readBigInt64BE(length + 8))
    return { key: view.subarray(0, length), windowStartMs, windowEndMs }
  },
}

import { type OffsetKey, textOf } from './offset-key.ts'

interface UnderWay {
  count: number
  /** Of the last tombstone that was acknowledged meanwhile; −1: none. */
  tombstoneOffset: number
}

/** Offsets that are in the log, outside of transactions, and not acknowledged yet. */
export class CommitsUnderWay {
  private readonly byKey = new Map<string, UnderWay>()

  begin(key: OffsetKey): void {
    const text = textOf(key)
    const known = this.byKey.get(text)
    if (known) known.count++
    else this.byKey.set(text, { count: 1, tombstoneOffset: -1 })
  }

  has(key: OffsetKey): boolean {
    return this.byKey.has(textOf(key))
  }

  /** What is committed before the offset is deleted by what lies there. */
  deleted(key: OffsetKey, tombstoneOffset: number): void {
    const known = this.byKey.get(textOf(key))
    if (known) known.tombstoneOffset = Math.max(known.tombstoneOffset, tombstoneOffset)
  }

  /** Whether it counts: no tombstone lies behind it. */
  end(key: OffsetKey, recordOffset: number): boolean {
    const text = textOf(key)
    const known = this.byKey.get(text)
    if (!known) return true
    known.count--
    if (known.count === 0) this.byKey.delete(text)
    return known.tombstoneOffset < recordOffset
  }
}

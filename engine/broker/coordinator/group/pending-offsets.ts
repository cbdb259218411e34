import { type OffsetKey, textOf } from './offset-key.ts'
import type { CommittedOffset } from './stored-records.ts'

export interface PendingOffset {
  readonly key: OffsetKey
  readonly committed: CommittedOffset
  /** Of the batch that holds it. */
  readonly recordOffset: number
}

/** Offsets that open transactions have committed: they count once the marker says so (KIP-98, KIP-447). */
export class PendingOffsets {
  private readonly byProducer = new Map<number, PendingOffset[]>()
  /** How many wait, by key. */
  private readonly counts = new Map<string, number>()

  add(producerId: number, pending: PendingOffset): void {
    const known = this.byProducer.get(producerId)
    if (known) known.push(pending)
    else this.byProducer.set(producerId, [pending])
    const text = textOf(pending.key)
    this.counts.set(text, (this.counts.get(text) ?? 0) + 1)
  }

  has(key: OffsetKey): boolean {
    return this.counts.has(textOf(key))
  }

  hasGroup(groupId: string): boolean {
    return [...this.byProducer.values()].some((list) => list.some(({ key }) => key.group === groupId))
  }

  /** Takes out what the producer's marker at the offset ends; a later transaction's stay. */
  end(producerId: number, markerOffset: number): readonly PendingOffset[] {
    const known = this.byProducer.get(producerId) ?? []
    const ended = known.filter(({ recordOffset }) => recordOffset < markerOffset)
    if (ended.length < known.length) this.byProducer.set(producerId, known.slice(ended.length))
    else this.byProducer.delete(producerId)
    for (const { key } of ended) {
      const text = textOf(key)
      const left = (this.counts.get(text) ?? 1) - 1
      if (left > 0) this.counts.set(text, left)
      else this.counts.delete(text)
    }
    return ended
  }

  clear(): void {
    this.byProducer.clear()
    this.counts.clear()
  }
}

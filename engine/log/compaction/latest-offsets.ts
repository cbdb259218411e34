/** What a key costs beside its bytes. */
const entryBytes = 64

/** The last offset of every key in a stretch of the log, as far as memory allows. */
export class LatestOffsets {
  readonly #offsets = new Map<string, number>()
  readonly #bytesMax: number
  #bytes = 0

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  get size(): number {
    return this.#offsets.size
  }

  /** False, and nothing is noted, when there is no room for another key. Offsets come in order. */
  note(key: Buffer, offset: number): boolean {
    const text = key.toString('latin1')
    if (!this.#offsets.has(text)) {
      const bytes = text.length + entryBytes
      if (this.#bytes + bytes > this.#bytesMax) return false
      this.#bytes += bytes
    }
    this.#offsets.set(text, offset)
    return true
  }

  /** No later record with the key is known. */
  isLatest(key: Buffer, offset: number): boolean {
    const latest = this.#offsets.get(key.toString('latin1'))
    return latest === undefined || latest <= offset
  }
}

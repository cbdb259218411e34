/** A producer's records between the two offsets that readers of committed data must not see; the last is the marker's. */
export interface AbortedTransaction {
  readonly producerId: number
  readonly firstOffset: number
  readonly lastOffset: number
  /** When the marker was written: whoever reads no further than this need not look for later entries. */
  readonly lastStableOffset: number
}

/** Kafka's `.txnindex`: a version, then four int64 for each, in the order of the markers. */
const entryBytes = 34
const entryVersion = 0

export function encodeAborted(entries: readonly AbortedTransaction[]): Buffer {
  const bytes = Buffer.alloc(entries.length * entryBytes)
  for (const [i, { producerId, firstOffset, lastOffset, lastStableOffset }] of entries.entries()) {
    const at = i * entryBytes
    bytes.writeInt16BE(entryVersion, at)
    bytes.writeBigInt64BE(BigInt(producerId), at + 2)
    bytes.writeBigInt64BE(BigInt(firstOffset), at + 10)
    bytes.writeBigInt64BE(BigInt(lastOffset), at + 18)
    bytes.writeBigInt64BE(BigInt(lastStableOffset), at + 26)
  }
  return bytes
}

/** The first `count` entries (all when left out); what follows is later than whoever asks. Undefined when the bytes are no such entries. */
export function decodeAborted(
  bytes: Buffer,
  count = Math.floor(bytes.length / entryBytes),
): AbortedTransaction[] | undefined {
  if (bytes.length < count * entryBytes) return undefined
  const entries: AbortedTransaction[] = []
  for (let at = 0; entries.length < count; at += entryBytes) {
    if (bytes.readInt16BE(at) !== entryVersion) return undefined
    const int64 = (position: number) => Number(bytes.readBigInt64BE(at + position))
    const entry = {
      producerId: int64(2),
      firstOffset: int64(10),
      lastOffset: int64(18),
      lastStableOffset: int64(26),
    }
    const before = entries.at(-1)?.lastOffset ?? -1
    if (entry.firstOffset > entry.lastOffset || entry.lastOffset <= before) return undefined
    entries.push(entry)
  }
  return entries
}

/** Those that have records between the offsets, the second exclusive. The lists follow each other in the log. */
export function abortedBetween(
  lists: Iterable<readonly AbortedTransaction[]>,
  startOffset: number,
  endOffset: number,
): AbortedTransaction[] {
  const found: AbortedTransaction[] = []
  for (const list of lists) {
    for (const entry of list) {
      if (entry.lastOffset >= startOffset && entry.firstOffset < endOffset) found.push(entry)
      // Everything that was open then begins at or behind it.
      if (entry.lastStableOffset >= endOffset) return found
    }
  }
  return found
}

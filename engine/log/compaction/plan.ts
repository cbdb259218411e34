import type { CompactionConfig } from '../log-config.ts'

/** What the decision needs to know of a segment. */
export interface PlannedSegment {
  readonly baseOffset: number
  readonly sizeBytes: number
  readonly maxTimestampMs: number
  readonly createdMs: number
}

export interface CompactionInput {
  /** The last of them is the one that is appended to. */
  readonly segments: readonly PlannedSegment[]
  /** Up to where the log has been compacted, exclusive. */
  readonly cleanedOffset: number
  /** Exclusive: what lies behind may still be cut off, or belongs to a transaction without an end. */
  readonly stableOffset: number
  readonly nowMs: number
  readonly config: CompactionConfig
}

export interface CompactionPlan {
  /** Keys from here on take the place of earlier ones. */
  readonly dirtyOffset: number
  /** Exclusive, where a segment ends. */
  readonly endOffset: number
}

/** Undefined: there is nothing to do, or not enough yet. */
export function planCompaction(input: CompactionInput): CompactionPlan | undefined {
  const { segments, config, nowMs, stableOffset } = input
  const first = segments[0]
  if (!first) return undefined
  const dirtyOffset = Math.max(input.cleanedOffset, first.baseOffset)
  let endOffset = dirtyOffset
  let cleanBytes = 0
  let dirtyBytes = 0
  let isOverdue = false
  // The active segment is left alone.
  for (const [i, segment] of segments.slice(0, -1).entries()) {
    const segmentEnd = segments[i + 1]!.baseOffset
    if (segmentEnd <= dirtyOffset) {
      cleanBytes += segment.sizeBytes
      continue
    }
    if (segmentEnd > stableOffset) break
    if (config.lagMsMin > 0 && segment.maxTimestampMs > nowMs - config.lagMsMin) break
    dirtyBytes += segment.sizeBytes
    endOffset = segmentEnd
    if (nowMs - segment.createdMs > config.lagMsMax) isOverdue = true
  }
  if (dirtyBytes === 0) return undefined
  const isDirtyEnough = dirtyBytes / (cleanBytes + dirtyBytes) >= config.dirtyRatioMin
  return isDirtyEnough || isOverdue ? { dirtyOffset, endOffset } : undefined
}

/** Neighbours that fit into one segment together, in order. */
export function groupSegments<S extends PlannedSegment>(
  segments: readonly S[],
  segmentBytesMax: number,
): S[][] {
  const groups: S[][] = []
  let sizeBytes = 0
  for (const segment of segments) {
    const group = groups.at(-1)
    const fits =
      group !== undefined &&
      sizeBytes + segment.sizeBytes <= segmentBytesMax &&
      segment.baseOffset - group[0]!.baseOffset < offsetSpanMax
    if (fits) group.push(segment)
    else groups.push([segment])
    sizeBytes = fits ? sizeBytes + segment.sizeBytes : segment.sizeBytes
  }
  return groups
}

/** Offsets are relative int32 in the indexes; a segment's own span is kept free. */
const offsetSpanMax = 2 ** 30

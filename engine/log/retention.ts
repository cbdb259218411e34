import type { LogConfig } from './log-config.ts'
import type { Segment } from './segment.ts'

/**
 * The oldest segments that may go, in order: older than the time limit by their newest record, or beyond the size limit, and
 * with nothing in them that reaches the high watermark. The last one may only go by age.
 */
export function expiredSegments(
  segments: readonly Segment[],
  config: LogConfig,
  nowMs: number,
  highWatermark: number,
  logEndOffset: number,
): Segment[] {
  const { retentionMs, retentionBytes } = config
  let totalBytes = segments.reduce((sum, segment) => sum + segment.sizeBytes, 0)
  const expired: Segment[] = []
  for (const [i, segment] of segments.entries()) {
    const endOffset = segments[i + 1]?.baseOffset ?? logEndOffset
    const isLast = i === segments.length - 1
    if (endOffset > highWatermark || segment.sizeBytes === 0) break
    // Batches without timestamps age from the segment's beginning.
    const newestMs = segment.maxTimestampMs >= 0 ? segment.maxTimestampMs : segment.createdMs
    const isOld = retentionMs >= 0 && nowMs - newestMs > retentionMs
    const isSurplus = !isLast && retentionBytes >= 0 && totalBytes - segment.sizeBytes >= retentionBytes
    if (!isOld && !isSurplus) break
    expired.push(segment)
    totalBytes -= segment.sizeBytes
  }
  return expired
}

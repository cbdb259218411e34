/** What a partition log needs of its topic's settings; Kafka's names in brackets. */
export interface LogConfig {
  /** [segment.bytes] */
  readonly segmentBytesMax: number
  /** By the wall clock since the segment was begun [segment.ms]. */
  readonly segmentMs: number
  /** −1: no limit [retention.bytes]. */
  readonly retentionBytes: number
  /** −1: never [retention.ms]. */
  readonly retentionMs: number
  /** Bytes of batches between two entries of the index [index.interval.bytes]. */
  readonly indexIntervalBytes: number
  /** Of one batch [max.message.bytes]. */
  readonly batchBytesMax: number
  /** [message.timestamp.type] */
  readonly timestampType: 'create' | 'log-append'
  /** How long an idle producer's sequence is remembered [producer.id.expiration.ms]. */
  readonly producerExpiryMs: number
  /** Left out: every record is kept until retention takes its segment [cleanup.policy without compact]. */
  readonly compaction?: CompactionConfig | undefined
}

export interface CompactionConfig {
  /** The share of bytes not compacted yet from which it is worth while [min.cleanable.dirty.ratio]. */
  readonly dirtyRatioMin: number
  /** How long tombstones stay once what they delete is gone [delete.retention.ms]. */
  readonly deleteRetentionMs: number
  /** Younger records are left alone [min.compaction.lag.ms]. */
  readonly lagMsMin: number
  /** Older ones are compacted whatever the share [max.compaction.lag.ms]. */
  readonly lagMsMax: number
}

export const defaultLogConfig: LogConfig = {
  segmentBytesMax: 1024 ** 3,
  segmentMs: 7 * 24 * 3_600_000,
  retentionBytes: -1,
  retentionMs: 7 * 24 * 3_600_000,
  indexIntervalBytes: 4096,
  batchBytesMax: 1024 * 1024 + 12,
  timestampType: 'create',
  producerExpiryMs: 24 * 3_600_000,
}

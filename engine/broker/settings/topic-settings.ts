import type { Setting } from './setting.ts'

const inert = ' Accepted and shown, without effect yet.'
const longMax = Number.MAX_SAFE_INTEGER

export interface TopicSetting extends Setting {
  /** The broker's setting whose value is this one's default. */
  readonly brokerName: string
}

const intMax = 2 ** 31 - 1

/** Every setting that a topic can have here, with the broker-wide name that gives its default. */
export const topicSettings: readonly TopicSetting[] = [
  {
    name: 'cleanup.policy',
    brokerName: 'log.cleanup.policy',
    type: 'list',
    fallback: 'delete',
    oneOf: ['delete', 'compact'],
    documentation: 'What becomes of old records: deleted by age and size, or kept as the latest per key.',
  },
  {
    name: 'compression.type',
    brokerName: 'compression.type',
    type: 'string',
    fallback: 'producer',
    oneOf: ['producer'],
    documentation: 'Batches are stored as the producer compressed them.',
  },
  {
    name: 'max.message.bytes',
    brokerName: 'message.max.bytes',
    type: 'int',
    fallback: String(1024 * 1024 + 12),
    min: 0,
    max: intMax,
    documentation: 'The largest batch that is accepted, as it comes over the wire.',
  },
  {
    name: 'message.timestamp.type',
    brokerName: 'log.message.timestamp.type',
    type: 'string',
    fallback: 'CreateTime',
    oneOf: ['CreateTime', 'LogAppendTime'],
    documentation: 'Whose time a record carries: the producer’s or the broker’s.',
  },
  {
    name: 'min.insync.replicas',
    brokerName: 'min.insync.replicas',
    type: 'int',
    fallback: '1',
    min: 1,
    max: intMax,
    documentation: 'How many replicas must be in sync for a write with acks=all to be taken.',
  },
  {
    name: 'retention.bytes',
    brokerName: 'log.retention.bytes',
    type: 'long',
    fallback: '-1',
    min: -1,
    documentation: 'The size of a partition above which its oldest segments go; -1: no limit.',
  },
  {
    name: 'retention.ms',
    brokerName: 'log.retention.ms',
    type: 'long',
    fallback: String(7 * 24 * 3_600_000),
    min: -1,
    documentation: 'The age at which segments go; -1: never.',
  },
  {
    name: 'segment.bytes',
    brokerName: 'log.segment.bytes',
    type: 'int',
    fallback: String(1024 ** 3),
    min: 14,
    max: intMax,
    documentation: 'The size at which a new segment file is begun.',
  },
  {
    name: 'segment.ms',
    brokerName: 'log.roll.ms',
    type: 'long',
    fallback: String(7 * 24 * 3_600_000),
    min: 1,
    documentation: 'The age at which a new segment file is begun.',
  },
  {
    name: 'segment.index.bytes',
    brokerName: 'log.index.size.max.bytes',
    type: 'int',
    fallback: String(10 * 1024 * 1024),
    min: 4,
    max: intMax,
    documentation: 'The largest size of an index file.',
  },
  {
    name: 'index.interval.bytes',
    brokerName: 'log.index.interval.bytes',
    type: 'int',
    fallback: '4096',
    min: 0,
    max: intMax,
    documentation: 'How many bytes of records lie between two entries of the index.',
  },
  {
    name: 'delete.retention.ms',
    brokerName: 'log.cleaner.delete.retention.ms',
    type: 'long',
    fallback: String(24 * 3_600_000),
    min: 0,
    documentation: 'How long compaction keeps a tombstone.',
  },
  {
    name: 'min.compaction.lag.ms',
    brokerName: 'log.cleaner.min.compaction.lag.ms',
    type: 'long',
    fallback: '0',
    min: 0,
    documentation: 'The age below which a record is not compacted.',
  },
  {
    name: 'max.compaction.lag.ms',
    brokerName: 'log.cleaner.max.compaction.lag.ms',
    type: 'long',
    fallback: String(longMax),
    min: 1,
    documentation: 'The age at which a record is compacted at the latest.',
  },
  {
    name: 'min.cleanable.dirty.ratio',
    brokerName: 'log.cleaner.min.cleanable.ratio',
    type: 'double',
    fallback: '0.5',
    min: 0,
    max: 1,
    documentation: 'The share of uncompacted bytes from which a log is compacted.',
  },
  {
    name: 'file.delete.delay.ms',
    brokerName: 'log.segment.delete.delay.ms',
    type: 'long',
    fallback: '60000',
    min: 0,
    documentation: `How long the file of a deleted segment stays.${inert}`,
  },
  {
    name: 'flush.messages',
    brokerName: 'log.flush.interval.messages',
    type: 'long',
    fallback: String(longMax),
    min: 1,
    documentation: `The number of records after which a log is synced.${inert}`,
  },
  {
    name: 'flush.ms',
    brokerName: 'log.flush.interval.ms',
    type: 'long',
    fallback: String(longMax),
    min: 0,
    documentation: `The time after which a log is synced.${inert}`,
  },
  {
    name: 'segment.jitter.ms',
    brokerName: 'log.roll.jitter.ms',
    type: 'long',
    fallback: '0',
    min: 0,
    documentation: `The random time taken off the age of segments.${inert}`,
  },
  {
    name: 'message.timestamp.before.max.ms',
    brokerName: 'log.message.timestamp.before.max.ms',
    type: 'long',
    fallback: String(longMax),
    min: 0,
    documentation: `How far a timestamp may lie in the past.${inert}`,
  },
  {
    name: 'message.timestamp.after.max.ms',
    brokerName: 'log.message.timestamp.after.max.ms',
    type: 'long',
    fallback: String(3_600_000),
    min: 0,
    documentation: `How far a timestamp may lie in the future.${inert}`,
  },
  {
    name: 'preallocate',
    brokerName: 'log.preallocate',
    type: 'boolean',
    fallback: 'false',
    documentation: `Whether files are made at their full size.${inert}`,
  },
  {
    name: 'unclean.leader.election.enable',
    brokerName: 'unclean.leader.election.enable',
    type: 'boolean',
    fallback: 'false',
    documentation: 'Whether a replica that is not in sync may lead when no other can.',
  },
]

const byName = new Map(topicSettings.map((setting) => [setting.name, setting]))

export function topicSetting(name: string): TopicSetting | undefined {
  return byName.get(name)
}

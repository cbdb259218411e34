import type { LogConfig } from '../../log/log-config.ts'
import type { BrokerSettings } from '../settings/broker-settings.ts'
import { topicValues } from '../settings/topic-configs.ts'

/** What a topic's settings mean to its logs. */
export function logConfigOf(settings: BrokerSettings, own: ReadonlyMap<string, string>): LogConfig {
  const values = topicValues(settings, own)
  const policies = values.list('cleanup.policy')
  // A topic that is only compacted keeps the latest record of every key, however old.
  const deletes = policies.includes('delete')
  const compacts = policies.includes('compact')
  const lagMsMax = values.number('max.compaction.lag.ms')
  // Nothing in the active segment is compacted: it may not stay so for longer than records may wait.
  const segmentMs = values.number('segment.ms')
  return {
    segmentBytesMax: values.number('segment.bytes'),
    segmentMs: compacts ? Math.min(segmentMs, lagMsMax) : segmentMs,
    retentionBytes: deletes ? values.number('retention.bytes') : -1,
    retentionMs: deletes ? values.number('retention.ms') : -1,
    indexIntervalBytes: values.number('index.interval.bytes'),
    batchBytesMax: values.number('max.message.bytes'),
    timestampType: values.text('message.timestamp.type') === 'LogAppendTime' ? 'log-append' : 'create',
    producerExpiryMs: settings.number('producer.id.expiration.ms'),
    compaction: compacts
      ? {
          dirtyRatioMin: values.number('min.cleanable.dirty.ratio'),
          deleteRetentionMs: values.number('delete.retention.ms'),
          lagMsMin: values.number('min.compaction.lag.ms'),
          lagMsMax,
        }
      : undefined,
  }
}

export function minInSyncOf(settings: BrokerSettings, own: ReadonlyMap<string, string>): number {
  return topicValues(settings, own).number('min.insync.replicas')
}

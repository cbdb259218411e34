import type { LogConfig } from '../../log/log-config.ts'
import type { BrokerSettings } from '../settings/broker-settings.ts'
import { topicValues } from '../settings/topic-configs.ts'

/** What a topic's settings mean to its logs. */
export function logConfigOf(settings: BrokerSettings, own: ReadonlyMap<string, string>): LogConfig {
  const values = topicValues(settings, own)
  // A compacted topic keeps the latest record of every key, however old.
  const deletes = values.list('cleanup.policy').includes('delete')
  return {
    segmentBytesMax: values.number('segment.bytes'),
    segmentMs: values.number('segment.ms'),
    retentionBytes: deletes ? values.number('retention.bytes') : -1,
    retentionMs: deletes ? values.number('retention.ms') : -1,
    indexIntervalBytes: values.number('index.interval.bytes'),
    batchBytesMax: values.number('max.message.bytes'),
    timestampType: values.text('message.timestamp.type') === 'LogAppendTime' ? 'log-append' : 'create',
    producerExpiryMs: settings.number('producer.id.expiration.ms'),
  }
}

export function minInSyncOf(settings: BrokerSettings, own: ReadonlyMap<string, string>): number {
  return topicValues(settings, own).number('min.insync.replicas')
}

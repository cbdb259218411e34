import { assert } from '../../base/assert.ts'
import type { TopicPartition } from '../../client/api.ts'
import { createAdmin, createConsumer } from '../../client/index.ts'
import type { Environment } from '../../environment/index.ts'
import type { StateStore } from '../stores/store.ts'
import type { Task } from '../task.ts'
import { changelogName } from './partition-plan.ts'

interface Setting {
  readonly environment: Environment
  readonly bootstrap: readonly string[]
  readonly applicationId: string
}

const pollMs = 200

/**
 * Reads the changelogs of the tasks' stores from their beginning to their end, all at once: what is committed, as an instance before
 * may have died in a transaction. The end is the high watermark, not the last stable offset: the markers of a transaction are written
 * after its commit was answered, so rows that belong to offsets already committed may still lie behind the last stable offset. To read
 * as far is to wait for such markers, and at most the transaction timeout for a transaction that nobody ends.
 */
export async function restoreStores(tasks: readonly Task[], setting: Setting): Promise<void> {
  const stores = new Map<string, StateStore>()
  const partitions: TopicPartition[] = []
  for (const task of tasks) {
    for (const store of task.stores.values()) {
      const topic = changelogName(setting.applicationId, store.name)
      partitions.push({ topic, partition: task.partition })
      stores.set(`${topic} ${task.partition}`, store)
    }
  }
  if (partitions.length === 0) return
  const ends = await highWatermarks(partitions, setting)
  const open = partitions.filter(({ topic, partition }) => ends.get(`${topic} ${partition}`)! > 0)
  if (open.length === 0) return
  const consumer = createConsumer(setting.environment, {
    bootstrap: setting.bootstrap,
    clientId: `${setting.applicationId}-restore`,
    autoOffsetReset: 'earliest',
    isolation: 'read_committed',
  })
  try {
    consumer.assign(open)
    let left = open
    while (left.length > 0) {
      for (const record of await consumer.poll(pollMs)) {
        const store = stores.get(`${record.topic} ${record.partition}`)
        assert(store !== undefined && record.key !== null, 'a changelog holds keyed records of its store')
        store.restore(record.key, record.value, record.timestampMs)
      }
      for (const task of tasks) await task.flushStores()
      left = left.filter((at) => {
        const position = consumer.position(at)
        return position === undefined || position < ends.get(`${at.topic} ${at.partition}`)!
      })
    }
  } finally {
    await consumer.close()
  }
}

async function highWatermarks(
  partitions: readonly TopicPartition[],
  setting: Setting,
): Promise<Map<string, number>> {
  const admin = createAdmin(setting.environment, { bootstrap: setting.bootstrap })
  try {
    const latest = partitions.map((at) => ({ ...at, spec: 'latest' as const }))
    const offsets = await admin.listOffsets(latest, 'read_uncommitted')
    return new Map(offsets.map(({ topic, partition, offset }) => [`${topic} ${partition}`, offset]))
  } finally {
    await admin.close()
  }
}

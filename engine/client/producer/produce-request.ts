import type { Codecs } from '../../environment/index.ts'
import type { RequestInput, ResponseOf } from '../../protocol/api.ts'
import { produce } from '../../protocol/apis/produce.ts'
import { zeroUuid } from '../../protocol/reader.ts'
import type { BrokerConnection } from '../cluster/connection.ts'
import { hasTopicId, type MetadataCache } from '../cluster/metadata-cache.ts'
import type { ProducerBatch } from './batch.ts'
import type { PartitionQueue } from './partition-queue.ts'
import type { ProducerSettings } from './settings.ts'
import type { Transactions } from './transactions.ts'

export interface Sent {
  readonly queue: PartitionQueue
  readonly batch: ProducerBatch
  /** Which sending of the batch this is: what comes of an earlier one no longer counts. */
  readonly attempt: number
}

export type ProduceAnswer = ResponseOf<typeof produce>

/** From v13 topics go by their id. */
const lastVersionByName = 12

/** One Produce request for one broker. */
export class ProduceRequest {
  readonly sent: readonly Sent[]
  readonly #body: RequestInput<typeof produce>
  readonly #versionMax: number | undefined
  readonly #byPlace = new Map<string, Sent>()

  constructor(
    metadata: MetadataCache,
    settings: ProducerSettings,
    codecs: Codecs,
    sent: readonly Sent[],
    transactions: Transactions | undefined,
  ) {
    this.sent = sent
    const topics = new Map<string, { topicId: string; partitionData: { index: number; records: Buffer }[] }>()
    let hasAllIds = true
    for (const one of sent) {
      const { topic: name, partition: index } = one.queue
      let topic = topics.get(name)
      if (topic === undefined) {
        const info = metadata.topic(name)
        if (!hasTopicId(info)) hasAllIds = false
        topic = { topicId: info?.topicId ?? zeroUuid, partitionData: [] }
        topics.set(name, topic)
      }
      topic.partitionData.push({
        index,
        records: one.batch.bytes(codecs, settings.compression, transactions !== undefined),
      })
      this.#byPlace.set(`${name} ${index}`, one)
      this.#byPlace.set(`${topic.topicId} ${index}`, one)
    }
    const limits = [hasAllIds ? undefined : lastVersionByName, transactions?.produceVersionMax]
    const limit = Math.min(...limits.map((each) => each ?? Number.POSITIVE_INFINITY))
    this.#versionMax = Number.isFinite(limit) ? limit : undefined
    this.#body = {
      transactionalId: settings.transactionalId ?? null,
      acks: settings.acks,
      timeoutMs: settings.requestTimeoutMs,
      topicData: [...topics].map(([name, topic]) => ({ name, ...topic })),
    }
  }

  send(connection: BrokerConnection): Promise<ProduceAnswer> {
    return connection.request(produce, this.#body, { versionMax: this.#versionMax })
  }

  sendUnanswered(connection: BrokerConnection): void {
    connection.requestUnanswered(produce, this.#body, { versionMax: this.#versionMax })
  }

  /** What was sent to a place that an answer speaks of; its name is empty where it goes by id. */
  sentTo(name: string, topicId: string, partition: number): Sent | undefined {
    return this.#byPlace.get(`${name === '' ? topicId : name} ${partition}`)
  }
}

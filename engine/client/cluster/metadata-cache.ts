import type { Address } from '../../environment/index.ts'
import type { ResponseOf } from '../../protocol/api.ts'
import type { metadata as metadataApi } from '../../protocol/apis/metadata.ts'
import { zeroUuid } from '../../protocol/reader.ts'

export interface BrokerInfo extends Address {
  readonly id: number
  readonly rack: string | null
}

export interface PartitionInfo {
  readonly partition: number
  /** −1: none. */
  readonly leader: number
  /** −1 where the broker is too old to tell. */
  readonly leaderEpoch: number
  readonly replicas: readonly number[]
  readonly inSyncReplicas: readonly number[]
  readonly offlineReplicas: readonly number[]
}

export interface TopicInfo {
  readonly name: string
  /** The zero uuid where the broker is too old to tell. */
  readonly topicId: string
  readonly internal: boolean
  /** In order of partition. */
  readonly partitions: readonly PartitionInfo[]
}

export type MetadataAnswer = ResponseOf<typeof metadataApi>

/**
 * What is known of the cluster. A partition's leader is only replaced by one of the same or a newer leader epoch, as a
 * broker that lags behind may answer with old news (KIP-320), unless the topic was made anew.
 */
export class MetadataCache {
  #brokers: ReadonlyMap<number, BrokerInfo> = new Map()
  readonly #topics = new Map<string, TopicInfo>()
  readonly #topicErrors = new Map<string, number>()
  #namesById = new Map<string, string>()
  clusterId = ''
  controllerId = -1
  /** Grows with every answer and every hint that changed something. */
  version = 0

  get brokers(): ReadonlyMap<number, BrokerInfo> {
    return this.#brokers
  }

  topic(name: string): TopicInfo | undefined {
    return this.#topics.get(name)
  }

  topicNameOf(topicId: string): string | undefined {
    return this.#namesById.get(topicId)
  }

  partition(topic: string, partition: number): PartitionInfo | undefined {
    return this.#topics.get(topic)?.partitions[partition]
  }

  /** Kafka's error number of the last answer for a topic that it could not describe. */
  topicError(name: string): number | undefined {
    return this.#topicErrors.get(name)
  }

  /** @param asked the topics that the answer is about; the others stay as they are */
  apply(answer: MetadataAnswer, asked: readonly string[]): void {
    this.#brokers = new Map(
      answer.brokers.map(({ nodeId: id, host, port, rack }) => [id, { id, host, port, rack }]),
    )
    this.clusterId = answer.clusterId ?? ''
    this.controllerId = answer.controllerId
    for (const name of asked) this.#topicErrors.delete(name)
    for (const topic of answer.topics) {
      if (topic.name === null) continue
      if (topic.errorCode === 0) this.#topics.set(topic.name, this.#merge(topic.name, topicInfo(topic)))
      else this.#refuse(topic.name, topic.errorCode)
    }
    this.#namesById = new Map([...this.#topics.values()].map(({ topicId, name }) => [topicId, name]))
    this.version++
  }

  /** What a broker says beside an error of another leader (KIP-951). True if it was news. */
  applyLeader(topic: string, partition: number, leader: number, leaderEpoch: number): boolean {
    const known = this.#topics.get(topic)
    const before = known?.partitions[partition]
    if (known === undefined || before === undefined || leader < 0 || leaderEpoch <= before.leaderEpoch) {
      return false
    }
    const partitions = [...known.partitions]
    partitions[partition] = { ...before, leader, leaderEpoch }
    this.#topics.set(topic, { ...known, partitions })
    this.version++
    return true
  }

  applyEndpoints(endpoints: readonly { nodeId: number; host: string; port: number; rack: string | null }[]) {
    if (endpoints.length === 0) return
    const brokers = new Map(this.#brokers)
    for (const { nodeId: id, host, port, rack } of endpoints) {
      brokers.set(id, { id, host, port, rack: rack ?? brokers.get(id)?.rack ?? null })
    }
    this.#brokers = brokers
  }

  forget(topic: string): void {
    this.#topics.delete(topic)
    this.#topicErrors.delete(topic)
  }

  #refuse(name: string, errorCode: number): void {
    // What was known stays: a topic that is being made, or a broker that lags, says "unknown" for a moment.
    this.#topicErrors.set(name, errorCode)
  }

  #merge(name: string, fresh: TopicInfo): TopicInfo {
    const known = this.#topics.get(name)
    if (known === undefined || known.topicId !== fresh.topicId) return fresh
    const partitions = fresh.partitions.map((partition) => {
      const before = known.partitions[partition.partition]
      return before !== undefined && before.leaderEpoch > partition.leaderEpoch ? before : partition
    })
    return { ...fresh, partitions }
  }
}

/** True where the broker is new enough to have given the topic an id. */
export function hasTopicId(topic: TopicInfo | undefined): topic is TopicInfo {
  return topic !== undefined && topic.topicId !== zeroUuid
}

export function topicInfo(topic: MetadataAnswer['topics'][number]): TopicInfo {
  const partitions = topic.partitions
    .map((one) => ({
      partition: one.partitionIndex,
      leader: one.leaderId,
      leaderEpoch: one.leaderEpoch,
      replicas: one.replicaNodes,
      inSyncReplicas: one.isrNodes,
      offlineReplicas: one.offlineReplicas,
    }))
    .sort((a, b) => a.partition - b.partition)
  return { name: topic.name ?? '', topicId: topic.topicId, internal: topic.isInternal, partitions }
}

import { assert, unreachable } from '../../base/assert.ts'
import { ClientsImage, type StoredClients } from './clients-image.ts'
import type { MetadataRecord, PartitionState } from './records.ts'

export interface BrokerImage {
  readonly id: number
  readonly brokerEpoch: number
  readonly incarnation: string
  readonly host: string
  readonly port: number
  /** Gets no leadership and stands in no ISR change until it has shown that it lives. */
  readonly fenced: boolean
  readonly shuttingDown: boolean
}

export interface TopicImage {
  readonly name: string
  readonly topicId: string
  /** By partition number, no holes. */
  readonly partitions: readonly PartitionState[]
}

/** What an applied entry touched, for those who act on changes. */
export interface ImageChanges {
  readonly brokers: Set<number>
  /** Topic ids. */
  readonly topics: Set<string>
  readonly removedTopics: Map<string, TopicImage>
  readonly configs: Set<string>
}

export function noChanges(): ImageChanges {
  return { brokers: new Set(), topics: new Set(), removedTopics: new Map(), configs: new Set() }
}

const nothingSet: ReadonlyMap<string, string> = new Map()

/** The cluster's metadata as of one entry of the quorum's log. Changed only by `apply`. */
export class ClusterImage {
  /** The entry up to which records are applied. */
  index = 0
  clusterId = ''
  nextProducerId = 0
  readonly brokers = new Map<number, BrokerImage>()
  readonly topics = new Map<string, TopicImage>()
  readonly clients = new ClientsImage()
  /** Levels that were chosen, by feature. */
  readonly features = new Map<string, number>()
  private readonly namesById = new Map<string, string>()
  private readonly topicConfigs = new Map<string, Map<string, string>>()
  private readonly brokerConfigs = new Map<string, Map<string, string>>()

  topicById(topicId: string): TopicImage | undefined {
    const name = this.namesById.get(topicId)
    return name === undefined ? undefined : this.topics.get(name)
  }

  partition(topic: string, partition: number): PartitionState | undefined {
    return this.topics.get(topic)?.partitions[partition]
  }

  /** Only what was set explicitly. */
  configs(resource: 'topic' | 'broker', name: string): ReadonlyMap<string, string> {
    return this.configsOf(resource).get(name) ?? nothingSet
  }

  isActive(brokerId: number): boolean {
    const broker = this.brokers.get(brokerId)
    return broker !== undefined && !broker.fenced
  }

  apply(record: MetadataRecord, changes: ImageChanges = noChanges()): void {
    switch (record.type) {
      case 'cluster':
        this.clusterId = record.clusterId
        return
      case 'register-broker': {
        const { id, brokerEpoch, incarnation, host, port } = record
        this.brokers.set(id, {
          id,
          brokerEpoch,
          incarnation,
          host,
          port,
          fenced: true,
          shuttingDown: false,
        })
        changes.brokers.add(id)
        return
      }
      case 'fence-broker':
        this.changeBroker(record, { fenced: true }, changes)
        return
      case 'unfence-broker':
        this.changeBroker(record, { fenced: false }, changes)
        return
      case 'shutting-down':
        this.changeBroker(record, { shuttingDown: true }, changes)
        return
      case 'topic':
        this.putTopic({ name: record.name, topicId: record.topicId, partitions: [] }, changes)
        return
      case 'partition':
        this.putPartition(record.topicId, record.partition, record.state, changes)
        return
      case 'partition-change':
        this.changePartition(record, changes)
        return
      case 'remove-topic':
        this.removeTopic(record.topicId, changes)
        return
      case 'config':
        this.setConfig(record, changes)
        return
      case 'producer-ids':
        this.nextProducerId = record.next
        return
      case 'scram-credential':
      case 'remove-scram-credential':
      case 'client-quota':
        this.clients.apply(record)
        return
      case 'feature':
        this.features.set(record.name, record.level)
        return
      default:
        unreachable(record)
    }
  }

  toJson(): string {
    const configs = (of: Map<string, Map<string, string>>) => [...of].map(([name, map]) => [name, [...map]])
    return JSON.stringify({
      index: this.index,
      clusterId: this.clusterId,
      nextProducerId: this.nextProducerId,
      brokers: [...this.brokers.values()],
      topics: [...this.topics.values()],
      topicConfigs: configs(this.topicConfigs),
      brokerConfigs: configs(this.brokerConfigs),
      clients: this.clients.toStored(),
      features: [...this.features],
    })
  }

  static fromJson(text: string): ClusterImage {
    const image = new ClusterImage()
    if (text === '') return image
    const stored = JSON.parse(text) as StoredImage
    image.index = stored.index
    image.clusterId = stored.clusterId
    image.nextProducerId = stored.nextProducerId
    for (const broker of stored.brokers) image.brokers.set(broker.id, broker)
    for (const topic of stored.topics) image.putTopic(topic, noChanges())
    for (const [name, entries] of stored.topicConfigs) image.topicConfigs.set(name, new Map(entries))
    for (const [name, entries] of stored.brokerConfigs) image.brokerConfigs.set(name, new Map(entries))
    if (stored.clients) image.clients.replaceBy(stored.clients)
    for (const [name, level] of stored.features ?? []) image.features.set(name, level)
    return image
  }

  clone(): ClusterImage {
    return ClusterImage.fromJson(this.toJson())
  }

  /** Takes over another image as a whole: what a leader's snapshot gives. */
  replaceBy(other: ClusterImage, changes: ImageChanges): void {
    for (const topic of this.topics.values()) {
      if (!other.topicById(topic.topicId)) changes.removedTopics.set(topic.topicId, topic)
    }
    this.index = other.index
    this.clusterId = other.clusterId
    this.nextProducerId = other.nextProducerId
    replaceMap(this.brokers, other.brokers)
    replaceMap(this.topics, other.topics)
    replaceMap(this.namesById, other.namesById)
    replaceMap(this.topicConfigs, other.topicConfigs)
    replaceMap(this.brokerConfigs, other.brokerConfigs)
    replaceMap(this.features, other.features)
    this.clients.replaceBy(other.clients.toStored())
    for (const id of this.brokers.keys()) changes.brokers.add(id)
    for (const topic of this.topics.values()) changes.topics.add(topic.topicId)
    for (const name of this.topicConfigs.keys()) changes.configs.add(`topic:${name}`)
    for (const name of this.brokerConfigs.keys()) changes.configs.add(`broker:${name}`)
  }

  private changeBroker(
    record: { readonly id: number; readonly brokerEpoch: number },
    change: Partial<BrokerImage>,
    changes: ImageChanges,
  ): void {
    const broker = this.brokers.get(record.id)
    assert(broker?.brokerEpoch === record.brokerEpoch, `broker ${record.id} has another epoch`)
    this.brokers.set(record.id, { ...broker, ...change })
    changes.brokers.add(record.id)
  }

  private putTopic(topic: TopicImage, changes: ImageChanges): void {
    this.topics.set(topic.name, topic)
    this.namesById.set(topic.topicId, topic.name)
    changes.topics.add(topic.topicId)
  }

  private putPartition(
    topicId: string,
    partition: number,
    state: PartitionState,
    changes: ImageChanges,
  ): void {
    const topic = this.topicById(topicId)
    assert(
      topic !== undefined && partition <= topic.partitions.length,
      `partition ${partition} leaves a hole`,
    )
    // Pushing keeps the array, and so a topic of thousands of partitions, linear to build.
    ;(topic.partitions as PartitionState[])[partition] = state
    changes.topics.add(topicId)
  }

  private changePartition(
    record: Extract<MetadataRecord, { type: 'partition-change' }>,
    changes: ImageChanges,
  ): void {
    const current = this.topicById(record.topicId)?.partitions[record.partition]
    assert(current !== undefined, `no partition ${record.partition} of topic ${record.topicId}`)
    const elected = record.leader !== undefined
    const hasLeader = (record.leader ?? current.leader) !== -1
    this.putPartition(
      record.topicId,
      record.partition,
      {
        replicas: record.replicas ?? current.replicas,
        isr: record.isr ?? current.isr,
        leader: record.leader ?? current.leader,
        leaderEpoch: current.leaderEpoch + (elected ? 1 : 0),
        partitionEpoch: current.partitionEpoch + 1,
        suspects: hasLeader ? undefined : (record.suspects ?? current.suspects),
        adding: someOf(record.adding ?? current.adding),
        removing: someOf(record.removing ?? current.removing),
      },
      changes,
    )
  }

  private removeTopic(topicId: string, changes: ImageChanges): void {
    const topic = this.topicById(topicId)
    assert(topic !== undefined, `no topic ${topicId}`)
    this.topics.delete(topic.name)
    this.namesById.delete(topicId)
    this.topicConfigs.delete(topic.name)
    changes.topics.delete(topicId)
    changes.removedTopics.set(topicId, topic)
  }

  private setConfig(record: Extract<MetadataRecord, { type: 'config' }>, changes: ImageChanges): void {
    const all = this.configsOf(record.resource)
    const configs = all.get(record.name) ?? new Map<string, string>()
    if (record.value === null) configs.delete(record.key)
    else configs.set(record.key, record.value)
    all.set(record.name, configs)
    changes.configs.add(`${record.resource}:${record.name}`)
  }

  private configsOf(resource: 'topic' | 'broker'): Map<string, Map<string, string>> {
    return resource === 'topic' ? this.topicConfigs : this.brokerConfigs
  }
}

/** Undefined for none at all, as where nothing was ever moved. */
function someOf(ids: readonly number[] | undefined): readonly number[] | undefined {
  return ids?.length ? ids : undefined
}

function replaceMap<K, V>(target: Map<K, V>, source: ReadonlyMap<K, V>): void {
  target.clear()
  for (const [key, value] of source) target.set(key, value)
}

interface StoredImage {
  readonly index: number
  readonly clusterId: string
  readonly nextProducerId: number
  readonly brokers: readonly BrokerImage[]
  readonly topics: readonly TopicImage[]
  readonly topicConfigs: readonly (readonly [string, readonly (readonly [string, string])[]])[]
  readonly brokerConfigs: readonly (readonly [string, readonly (readonly [string, string])[]])[]
  /** Not in snapshots of before. */
  readonly clients?: StoredClients
  readonly features?: readonly (readonly [string, number])[]
}

import type { Broker } from '../broker/broker.ts'
import type { ClusterImage, TopicImage } from '../broker/controller/image.ts'
import { isInternalTopic } from '../broker/controller/topic-names.ts'
import type { Replica } from '../broker/replication/replica.ts'
import { replicaKey } from '../broker/replication/replica.ts'

export type BrokerLife = 'starting' | 'running' | 'stopped' | 'killed'

export interface BrokerStatus {
  readonly id: number
  readonly host: string
  readonly port: number
  readonly state: BrokerLife
  /** Why it could not go on, such as a full disk; left out: it was not its own fault. */
  readonly failure?: string
  readonly isController: boolean
  readonly isIsolated: boolean
  /** Partitions that it leads, and all of which it has a replica. */
  readonly leaders: number
  readonly replicas: number
  readonly connections: number
  /** Over its clients' connections since it started. */
  readonly bytesIn: number
  readonly bytesOut: number
}

export interface PartitionStatus {
  readonly partition: number
  /** −1: none. */
  readonly leader: number
  readonly leaderEpoch: number
  readonly replicas: readonly number[]
  readonly inSyncReplicas: readonly number[]
  /** As the leader has them; −1 without one. */
  readonly logStartOffset: number
  readonly highWatermark: number
  readonly logEndOffset: number
  readonly sizeBytes: number
}

export interface TopicStatus {
  readonly name: string
  readonly topicId: string
  readonly internal: boolean
  readonly partitions: readonly PartitionStatus[]
  /** One replica of each partition. */
  readonly sizeBytes: number
}

export interface ClusterStatus {
  readonly clusterId: string
  /** −1: none at this moment. */
  readonly controllerId: number
  readonly brokers: readonly BrokerStatus[]
  readonly topics: readonly TopicStatus[]
  readonly underReplicatedPartitions: number
  readonly offlinePartitions: number
}

/** What the status is made of: a broker with what the cluster knows about it. */
export interface ObservedBroker {
  readonly id: number
  readonly broker: Broker | undefined
  readonly host: string
  readonly port: number
  readonly state: BrokerLife
  readonly failure: string | undefined
  readonly isIsolated: boolean
}

export function clusterStatus(observed: readonly ObservedBroker[]): ClusterStatus {
  const source = latest(observed)
  const image = source?.view?.image
  const controllerId = source?.controllerId ?? -1
  const replicas = new Map(observed.map(({ id, broker }) => [id, replicasOf(broker)]))
  const topics = image ? [...image.topics.values()].map((topic) => topicStatus(topic, replicas)) : []
  const partitions = topics.flatMap((topic) => topic.partitions)
  return {
    clusterId: image?.clusterId ?? '',
    controllerId,
    brokers: observed.map((each) => brokerStatus(each, controllerId, image)),
    topics,
    underReplicatedPartitions: partitions.filter((each) => each.inSyncReplicas.length < each.replicas.length)
      .length,
    offlinePartitions: partitions.filter(({ leader }) => leader === -1).length,
  }
}

/** The broker that knows most. One that is cut off knows less with time. */
function latest(observed: readonly ObservedBroker[]): Broker | undefined {
  let best: Broker | undefined
  for (const { broker, isIsolated } of observed) {
    if (!broker?.view || isIsolated) continue
    if (!best || broker.view.image.index > best.view!.image.index) best = broker
  }
  return best ?? observed.find(({ broker }) => broker?.view)?.broker
}

function replicasOf(broker: Broker | undefined): ReadonlyMap<string, Replica> {
  const all = broker?.view ? [...broker.view.replicas.all()] : []
  return new Map(all.filter((replica) => replica.isOpen).map((replica) => [replica.key, replica]))
}

function topicStatus(
  topic: TopicImage,
  replicas: ReadonlyMap<number, ReadonlyMap<string, Replica>>,
): TopicStatus {
  const partitions = topic.partitions.map((state, partition): PartitionStatus => {
    const replica = replicas.get(state.leader)?.get(replicaKey(topic.topicId, partition))
    return {
      partition,
      leader: state.leader,
      leaderEpoch: state.leaderEpoch,
      replicas: state.replicas,
      inSyncReplicas: state.isr,
      logStartOffset: replica?.log.logStartOffset ?? -1,
      highWatermark: replica?.highWatermark ?? -1,
      logEndOffset: replica?.log.logEndOffset ?? -1,
      sizeBytes: replica?.log.sizeBytes ?? 0,
    }
  })
  const sizeBytes = partitions.reduce((sum, each) => sum + each.sizeBytes, 0)
  return {
    name: topic.name,
    topicId: topic.topicId,
    internal: isInternalTopic(topic.name),
    partitions,
    sizeBytes,
  }
}

function brokerStatus(
  observed: ObservedBroker,
  controllerId: number,
  image: ClusterImage | undefined,
): BrokerStatus {
  const { id, broker, host, port, state, failure, isIsolated } = observed
  let leaders = 0
  let replicas = 0
  for (const topic of image?.topics.values() ?? []) {
    for (const partition of topic.partitions) {
      if (partition.leader === id) leaders++
      if (partition.replicas.includes(id)) replicas++
    }
  }
  const listener = broker?.view?.listener
  return {
    id,
    host,
    port,
    state,
    ...(failure === undefined ? {} : { failure }),
    isController: state === 'running' && id === controllerId,
    isIsolated,
    leaders,
    replicas,
    connections: listener?.connectionCount ?? 0,
    bytesIn: listener?.bytesIn ?? 0,
    bytesOut: listener?.bytesOut ?? 0,
  }
}

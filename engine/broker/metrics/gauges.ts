/** Figures of a broker that are looked up when they are asked for, by the names of Kafka's MBeans. */
import { attributes, gauge, type Metric } from '../../metrics/index.ts'
import type { ClusterImage } from '../controller/image.ts'
import type { PartitionState } from '../controller/records.ts'
import type { Purgatory } from '../purgatory/purgatory.ts'
import type { Replica } from '../replication/replica.ts'

export interface ObservedParts {
  readonly image: ClusterImage
  readonly replicas: readonly Replica[]
  readonly purgatory: Purgatory
  readonly isController: boolean
  readonly connections: number
  /** That this broker coordinates. */
  readonly groups: number
  readonly committedOffsets: number
}

export function brokerGauges(parts: ObservedParts): Metric[] {
  const open = parts.replicas.filter(({ isOpen }) => isOpen)
  return [
    ...replicaManager(open),
    ...open.flatMap(partitionGauges),
    ...open.flatMap(logGauges),
    ...fetcherLags(open),
    ...controllerGauges(parts),
    ...purgatories(parts.purgatory),
    ...groupGauges(parts),
    ...attributes(
      { domain: 'kafka.server', type: 'socket-server-metrics', tags: {} },
      { 'connection-count': parts.connections },
    ),
  ]
}

function replicaManager(open: readonly Replica[]): Metric[] {
  const value = (name: string, count: number) =>
    gauge({ domain: 'kafka.server', type: 'ReplicaManager', name, tags: {} }, count)
  const led = open.filter(({ leader }) => leader !== undefined)
  return [
    value('PartitionCount', open.length),
    value('LeaderCount', led.length),
    value('UnderReplicatedPartitions', led.filter(isUnderReplicated).length),
    value('UnderMinIsrPartitionCount', led.filter((each) => isrOf(each) < each.minInSyncEffective).length),
    value('AtMinIsrPartitionCount', led.filter((each) => isrOf(each) === each.minInSyncEffective).length),
    value('ReassigningPartitions', led.filter(({ state }) => isMoving(state)).length),
  ]
}

function partitionGauges(replica: Replica): Metric[] {
  const tags = { topic: replica.topic, partition: String(replica.partition) }
  const value = (name: string, count: number) =>
    gauge({ domain: 'kafka.cluster', type: 'Partition', name, tags }, count)
  const isLeader = replica.leader !== undefined
  return [
    value('ReplicasCount', isLeader ? (replica.state?.replicas.length ?? 0) : 0),
    value('InSyncReplicasCount', isLeader ? isrOf(replica) : 0),
    value('UnderReplicated', Number(isLeader && isUnderReplicated(replica))),
    value('UnderMinIsr', Number(isLeader && isrOf(replica) < replica.minInSyncEffective)),
  ]
}

function logGauges({ log, topic, partition }: Replica): Metric[] {
  const tags = { topic, partition: String(partition) }
  const value = (name: string, count: number) =>
    gauge({ domain: 'kafka.log', type: 'Log', name, tags }, count)
  return [
    value('Size', log.sizeBytes),
    value('NumLogSegments', log.segmentCount),
    value('LogStartOffset', log.logStartOffset),
    value('LogEndOffset', log.logEndOffset),
  ]
}

/** Of the partitions that are followed here: records that their leaders had, as of the last fetch, and this broker has not. */
function fetcherLags(open: readonly Replica[]): Metric[] {
  const followed = open.filter(({ leader }) => leader === undefined)
  const max = Math.max(0, ...followed.map(({ lagRecords }) => lagRecords))
  const ofAll = { domain: 'kafka.server', type: 'ReplicaFetcherManager', name: 'MaxLag' }
  return [
    gauge({ ...ofAll, tags: { clientId: 'Replica' } }, max),
    ...followed.map(({ topic, partition, lagRecords }) => {
      const tags = { clientId: 'Replica', topic, partition: String(partition) }
      return gauge(
        { domain: 'kafka.server', type: 'FetcherLagMetrics', name: 'ConsumerLag', tags },
        lagRecords,
      )
    }),
  ]
}

/** As in KRaft the active controller alone counts; the others' figures are 0. */
function controllerGauges({ image, isController }: ObservedParts): Metric[] {
  const value = (name: string, count: number) =>
    gauge({ domain: 'kafka.controller', type: 'KafkaController', name, tags: {} }, isController ? count : 0)
  const partitions = [...image.topics.values()].flatMap((topic) => topic.partitions)
  const brokers = [...image.brokers.values()]
  return [
    value('ActiveControllerCount', 1),
    value('GlobalTopicCount', image.topics.size),
    value('GlobalPartitionCount', partitions.length),
    value('OfflinePartitionsCount', partitions.filter(({ leader }) => leader === -1).length),
    value('PreferredReplicaImbalanceCount', partitions.filter(isImbalanced).length),
    value('ActiveBrokerCount', brokers.filter(({ fenced }) => !fenced).length),
    value('FencedBrokerCount', brokers.filter(({ fenced }) => fenced).length),
  ]
}

function groupGauges({ groups, committedOffsets }: ObservedParts): Metric[] {
  const value = (name: string, count: number) =>
    gauge({ domain: 'kafka.coordinator.group', type: 'GroupMetadataManager', name, tags: {} }, count)
  return [value('NumGroups', groups), value('NumOffsets', committedOffsets)]
}

function purgatories(purgatory: Purgatory): Metric[] {
  return (['Produce', 'Fetch'] as const).map((delayedOperation) =>
    gauge(
      {
        domain: 'kafka.server',
        type: 'DelayedOperationPurgatory',
        name: 'PurgatorySize',
        tags: { delayedOperation },
      },
      purgatory.sizeOf(delayedOperation),
    ),
  )
}

function isrOf({ leader }: Replica): number {
  return leader?.isr.length ?? 0
}

/** Replicas that are only being added do not count before they have caught up (KIP-455). */
function isUnderReplicated(replica: Replica): boolean {
  const { state } = replica
  if (!state) return false
  return isrOf(replica) < state.replicas.length - (state.adding?.length ?? 0)
}

function isMoving(state: PartitionState | undefined): boolean {
  return (state?.adding?.length ?? 0) + (state?.removing?.length ?? 0) > 0
}

function isImbalanced({ leader, replicas }: PartitionState): boolean {
  return leader !== replicas[0]
}

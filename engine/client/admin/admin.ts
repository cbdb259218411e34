import type { Environment } from '../../environment/index.ts'
import { describeCluster as describeClusterApi } from '../../protocol/apis/describe-cluster.ts'
import type { Admin, ClusterDescription, ConnectionOptions } from '../api.ts'
import { ClusterClient } from '../cluster/cluster-client.ts'
import { Coordinator } from '../cluster/coordinator.ts'
import { retrying } from '../cluster/retrying.ts'
import { checkCode } from '../kafka-error.ts'
import { fetchCommitted, resetGroupOffsets } from '../offsets/committed.ts'
import { listOffsets } from '../offsets/list-offsets.ts'
import { connectionSettings } from '../settings.ts'
import { alterConfigs, describeConfigs } from './configs.ts'
import { deleteGroupOffsets, deleteGroups, describeGroups, listGroups, removeGroupMembers } from './groups.ts'
import {
  deleteRecords,
  describeLogDirs,
  describeQuorum,
  electLeaders,
  listReassignments,
  reassignPartitions,
} from './partitions.ts'
import { createPartitions, createTopics, deleteTopics, describeTopics, listTopics } from './topics.ts'

/** @throws MillraceError BAD_OPTION, BAD_ADDRESS */
export function createAdmin(environment: Environment, options: ConnectionOptions): Admin {
  const cluster = new ClusterClient(environment, connectionSettings(options), { autoCreateTopics: false })
  return {
    describeCluster: () => describeCluster(cluster),
    listTopics: () => listTopics(cluster),
    describeTopics: (names) => describeTopics(cluster, names),
    createTopics: (topics) => createTopics(cluster, topics),
    deleteTopics: (names) => deleteTopics(cluster, names),
    createPartitions: (topic, totalCount) => createPartitions(cluster, topic, totalCount),
    listOffsets: (partitions, isolation) =>
      listOffsets(cluster, partitions, isolation === 'read_committed' ? 1 : 0),
    listGroups: () => listGroups(cluster),
    describeGroups: (groupIds) => describeGroups(cluster, groupIds),
    removeGroupMembers: (groupId, memberIds) => removeGroupMembers(cluster, groupId, memberIds),
    deleteGroups: (groupIds) => deleteGroups(cluster, groupIds),
    deleteGroupOffsets: (groupId, partitions) => deleteGroupOffsets(cluster, groupId, partitions),
    groupOffsets: (groupId) => fetchCommitted(new Coordinator(cluster, 'group', groupId), null),
    resetGroupOffsets: (groupId, offsets) =>
      resetGroupOffsets(new Coordinator(cluster, 'group', groupId), offsets),
    describeConfigs: (resource) => describeConfigs(cluster, resource),
    deleteRecords: (partitions) => deleteRecords(cluster, partitions),
    electLeaders: (kind, partitions) => electLeaders(cluster, kind, partitions),
    reassignPartitions: (changes) => reassignPartitions(cluster, changes),
    listReassignments: () => listReassignments(cluster),
    describeLogDirs: (brokerId) => describeLogDirs(cluster, brokerId),
    describeQuorum: () => describeQuorum(cluster),
    alterConfigs: (resource, changes) => alterConfigs(cluster, resource, changes),
    metrics: () => {
      const tags = { 'client-id': cluster.settings.clientId }
      return cluster.network.metrics({ domain: 'kafka.admin.client', type: 'admin-client-metrics', tags })
    },
    close: async () => cluster.close(),
  }
}

function describeCluster(cluster: ClusterClient): Promise<ClusterDescription> {
  return retrying(cluster, cluster.settings.requestTimeoutMs, async () => {
    const answer = await cluster.requestAny(describeClusterApi, { includeClusterAuthorizedOperations: false })
    checkCode(answer.errorCode, undefined, answer.errorMessage)
    return {
      clusterId: answer.clusterId,
      controllerId: answer.controllerId,
      brokers: answer.brokers.map(({ brokerId: id, host, port, rack }) => ({ id, host, port, rack })),
    }
  })
}

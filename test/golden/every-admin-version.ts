import { alterClientQuotas } from '../../engine/protocol/apis/alter-client-quotas.ts'
import { alterConfigs } from '../../engine/protocol/apis/alter-configs.ts'
import { alterPartitionReassignments } from '../../engine/protocol/apis/alter-partition-reassignments.ts'
import {
  alterUserScramCredentials,
  scramMechanisms,
} from '../../engine/protocol/apis/alter-user-scram-credentials.ts'
import { deleteRecords } from '../../engine/protocol/apis/delete-records.ts'
import { describeClientQuotas, quotaMatches } from '../../engine/protocol/apis/describe-client-quotas.ts'
import { describeLogDirs } from '../../engine/protocol/apis/describe-log-dirs.ts'
import { describeQuorum } from '../../engine/protocol/apis/describe-quorum.ts'
import { describeTopicPartitions } from '../../engine/protocol/apis/describe-topic-partitions.ts'
import { describeUserScramCredentials } from '../../engine/protocol/apis/describe-user-scram-credentials.ts'
import { electionTypes, electLeaders } from '../../engine/protocol/apis/elect-leaders.ts'
import {
  configOperations,
  incrementalAlterConfigs,
} from '../../engine/protocol/apis/incremental-alter-configs.ts'
import { listPartitionReassignments } from '../../engine/protocol/apis/list-partition-reassignments.ts'
import { saslAuthenticate } from '../../engine/protocol/apis/sasl-authenticate.ts'
import { saslHandshake } from '../../engine/protocol/apis/sasl-handshake.ts'
import { featureUpgrades, updateFeatures } from '../../engine/protocol/apis/update-features.ts'
import { errorCodes } from '../../engine/protocol/error-codes.ts'
import type { VersionTalk } from './version-talk.ts'

const timeoutMs = 10_000
const topicResource = 2

/** What administrators ask of a topic, whose only replica is on the broker of that id, and of the cluster. */
export async function speakAdmin(talk: VersionTalk, topic: string, brokerId: number): Promise<void> {
  await configs(talk, topic)
  await partitions(talk, topic, brokerId)
  await quotasAndUsers(talk)
  await cluster(talk)
}

async function configs(talk: VersionTalk, topic: string): Promise<void> {
  const resource = { resourceType: topicResource, resourceName: topic }
  const setting = { name: 'retention.ms', value: '1000000' }
  await talk.each(alterConfigs, () => {
    return { resources: [{ ...resource, configs: [setting] }], validateOnly: true }
  })
  await talk.each(incrementalAlterConfigs, () => {
    const changes = [{ ...setting, configOperation: configOperations.set }]
    return { resources: [{ ...resource, configs: changes }], validateOnly: false }
  })
}

async function partitions(talk: VersionTalk, topic: string, brokerId: number): Promise<void> {
  await talk.each(describeTopicPartitions, () => ({ topics: [{ name: topic }] }))
  await talk.each(describeLogDirs, () => ({ topics: null }))
  await talk.each(describeLogDirs, () => ({ topics: [{ topic, partitions: [0] }] }))
  await talk.each(deleteRecords, () => {
    return { topics: [{ name: topic, partitions: [{ partitionIndex: 0, offset: 1 }] }], timeoutMs }
  })
  const election = { topicPartitions: [{ topic, partitions: [0] }], timeoutMs }
  await talk.each(
    electLeaders,
    (version) => (version === 0 ? election : { ...election, electionType: electionTypes.preferred }),
    [errorCodes.ELECTION_NOT_NEEDED],
  )
  await talk.each(alterPartitionReassignments, () => {
    return { topics: [{ name: topic, partitions: [{ partitionIndex: 0, replicas: [brokerId] }] }] }
  })
  await talk.each(listPartitionReassignments, () => ({ topics: null }))
}

async function quotasAndUsers(talk: VersionTalk): Promise<void> {
  const entity = [{ entityType: 'client-id', entityName: 'every-version' }]
  await talk.each(alterClientQuotas, () => {
    const ops = [{ key: 'producer_byte_rate', value: 1e9, remove: false }]
    return { entries: [{ entity, ops }], validateOnly: false }
  })
  await talk.each(describeClientQuotas, () => {
    const component = { entityType: 'client-id', matchType: quotaMatches.any, match: null }
    return { components: [component], strict: true }
  })
  const credential = { name: 'somebody', mechanism: scramMechanisms.sha256 }
  await talk.each(alterUserScramCredentials, () => {
    const secret = { iterations: 4096, salt: Buffer.alloc(16, 1), saltedPassword: Buffer.alloc(32, 2) }
    return { deletions: [], upsertions: [{ ...credential, ...secret }] }
  })
  await talk.each(describeUserScramCredentials, () => ({ users: null }))
  await talk.each(alterUserScramCredentials, () => ({ deletions: [credential], upsertions: [] }))
}

async function cluster(talk: VersionTalk): Promise<void> {
  await talk.each(describeQuorum, () => {
    return { topics: [{ topicName: '__cluster_metadata', partitions: [{ partitionIndex: 0 }] }] }
  })
  await talk.each(updateFeatures, (version) => {
    const update = { feature: 'transaction.version', maxVersionLevel: 2 }
    // Version 0 cannot only validate.
    if (version === 0) return { featureUpdates: [] }
    return {
      featureUpdates: [{ ...update, upgradeType: featureUpgrades.upgrade }],
      validateOnly: true,
    }
  })
  // Over a connection without SASL, both are out of place.
  const misplaced = [errorCodes.ILLEGAL_SASL_STATE]
  await talk.each(saslHandshake, () => ({ mechanism: 'PLAIN' }), misplaced)
  await talk.each(saslAuthenticate, () => ({ authBytes: Buffer.alloc(0) }), misplaced)
}

import type { RequestInput } from '../../engine/protocol/api.ts'
import { alterClientQuotas } from '../../engine/protocol/apis/alter-client-quotas.ts'
import { alterConfigs } from '../../engine/protocol/apis/alter-configs.ts'
import { alterPartitionReassignments } from '../../engine/protocol/apis/alter-partition-reassignments.ts'
import {
  alterUserScramCredentials,
  scramMechanisms,
} from '../../engine/protocol/apis/alter-user-scram-credentials.ts'
import { createTopics } from '../../engine/protocol/apis/create-topics.ts'
import { deleteRecords } from '../../engine/protocol/apis/delete-records.ts'
import { describeClientQuotas, quotaMatches } from '../../engine/protocol/apis/describe-client-quotas.ts'
import { describeLogDirs } from '../../engine/protocol/apis/describe-log-dirs.ts'
import { describeQuorum } from '../../engine/protocol/apis/describe-quorum.ts'
import { describeTopicPartitions } from '../../engine/protocol/apis/describe-topic-partitions.ts'
import { describeUserScramCredentials } from '../../engine/protocol/apis/describe-user-scram-credentials.ts'
import { electLeaders } from '../../engine/protocol/apis/elect-leaders.ts'
import {
  configOperations,
  incrementalAlterConfigs,
} from '../../engine/protocol/apis/incremental-alter-configs.ts'
import { listPartitionReassignments } from '../../engine/protocol/apis/list-partition-reassignments.ts'
import { featureUpgrades, updateFeatures } from '../../engine/protocol/apis/update-features.ts'
import type { RefusalTalk } from './refusal-talk.ts'

const timeoutMs = 5000

/** What administrators ask for in vain. */
export async function refusedAdministration(talk: RefusalTalk, topic: string): Promise<void> {
  await configs(talk, topic)
  await records(talk, topic)
  await replicas(talk, topic)
  await quotas(talk)
  await users(talk)
  await features(talk)
  const many = { replicationFactor: 1, assignments: [], configs: [] }
  const topics = [5000, 5001].map((numPartitions, i) => ({ name: `many-${i}`, numPartitions, ...many }))
  await talk.each('too many partitions', createTopics, () => ({ topics, timeoutMs, validateOnly: true }))
}

async function configs(talk: RefusalTalk, topic: string): Promise<void> {
  const { set, append } = configOperations
  const cases: Readonly<
    Record<
      string,
      readonly [type: number, name: string, key: string, value: string | null, operation: number]
    >
  > = {
    'unknown topic': [2, 'nowhere', 'retention.ms', '1', set],
    'bad topic name': [2, 'a/b', 'retention.ms', '1', set],
    'no topic name': [2, '', 'retention.ms', '1', set],
    'unknown setting': [2, topic, 'nonsense', '1', set],
    'bad value': [2, topic, 'retention.ms', 'x', set],
    'no value': [2, topic, 'retention.ms', null, set],
    'out of range': [2, topic, 'min.insync.replicas', '0', set],
    'unknown broker': [4, '99', 'log.retention.ms', '1', set],
    'no number of a broker': [4, 'x', 'log.retention.ms', '1', set],
    'unknown type': [77, 'x', 'retention.ms', '1', set],
    'append to what is no list': [2, topic, 'retention.ms', '1', append],
  }
  for (const [what, [resourceType, resourceName, name, value, configOperation]] of Object.entries(cases)) {
    const resource = { resourceType, resourceName }
    if (configOperation === set) {
      const resources = [{ ...resource, configs: [{ name, value }] }]
      await talk.each(what, alterConfigs, () => ({ resources, validateOnly: true }))
    }
    const resources = [{ ...resource, configs: [{ name, value, configOperation }] }]
    await talk.each(what, incrementalAlterConfigs, () => ({ resources, validateOnly: true }))
  }
  const twice = { resourceType: 2, resourceName: topic }
  const setting = { name: 'retention.ms', value: '1', configOperation: set }
  await talk.each('the same setting twice', incrementalAlterConfigs, () => {
    return { resources: [{ ...twice, configs: [setting, { ...setting, value: '2' }] }], validateOnly: true }
  })
}

async function records(talk: RefusalTalk, topic: string): Promise<void> {
  const remove = (what: string, name: string, partitionIndex: number, offset: number) =>
    talk.each(what, deleteRecords, () => {
      return { topics: [{ name, partitions: [{ partitionIndex, offset }] }], timeoutMs }
    })
  await remove('unknown topic', 'nowhere', 0, 0)
  await remove('unknown partition', topic, 9, 0)
  await remove('past the end', topic, 0, 10_000_000)
  await remove('below all', topic, 0, -2)
  await talk.each('unknown topic', describeLogDirs, () => ({
    topics: [{ topic: 'nowhere', partitions: [0] }],
  }))
  const describe = (
    what: string,
    name: string,
    more: Partial<RequestInput<typeof describeTopicPartitions>> = {},
  ) => talk.each(what, describeTopicPartitions, () => ({ topics: [{ name }], ...more }))
  await describe('unknown topic', 'nowhere')
  await describe('bad name', 'a/b')
  await describe('negative cursor', topic, { cursor: { topicName: topic, partitionIndex: -1 } })
}

async function replicas(talk: RefusalTalk, topic: string): Promise<void> {
  const elect = (what: string, name: string, partition: number, electionType = 0, since = 0) =>
    talk.each(
      what,
      electLeaders,
      (version) => ({
        topicPartitions: [{ topic: name, partitions: [partition] }],
        timeoutMs,
        ...(version >= 1 ? { electionType } : {}),
      }),
      since,
    )
  await elect('not needed', topic, 0)
  await elect('not needed, unclean', topic, 0, 1, 1)
  await elect('unknown topic', 'nowhere', 0)
  await elect('unknown partition', topic, 9)
  await elect('unknown type', topic, 0, 9, 1)
  const move = (what: string, name: string, partitionIndex: number, to: number[] | null) =>
    talk.each(what, alterPartitionReassignments, () => {
      return { topics: [{ name, partitions: [{ partitionIndex, replicas: to }] }], timeoutMs }
    })
  await move('unknown topic', 'nowhere', 0, [1])
  await move('unknown partition', topic, 9, [1])
  await move('unknown broker', topic, 0, [77])
  await move('no replicas', topic, 0, [])
  await move('the same broker twice', topic, 0, [1, 1])
  await move('negative broker', topic, 0, [-1])
  await move('nothing to cancel', topic, 0, null)
  const ongoing = { topics: [{ name: 'nowhere', partitionIndexes: [0] }], timeoutMs }
  await talk.each('unknown topic', listPartitionReassignments, () => ongoing)
  const quorum = (what: string, topicName: string, partitionIndex: number) =>
    talk.each(what, describeQuorum, () => ({ topics: [{ topicName, partitions: [{ partitionIndex }] }] }))
  await quorum('another topic', topic, 0)
  await quorum('unknown partition', '__cluster_metadata', 9)
}

async function quotas(talk: RefusalTalk): Promise<void> {
  const alter = (what: string, entityType: string, key: string, value: number, entityName = 'x') =>
    talk.each(what, alterClientQuotas, () => {
      const entity = [{ entityType, entityName }]
      return { entries: [{ entity, ops: [{ key, value, remove: false }] }], validateOnly: true }
    })
  await alter('unknown entity', 'nonsense', 'producer_byte_rate', 1)
  await alter('unknown key', 'client-id', 'nonsense', 1)
  await alter('negative', 'client-id', 'producer_byte_rate', -1)
  await alter('a fraction', 'client-id', 'producer_byte_rate', 1.5)
  await alter('empty name', 'client-id', 'producer_byte_rate', 1, '')
  const describe = (what: string, entityType: string, matchType: number, match: string | null) =>
    talk.each(what, describeClientQuotas, () => {
      return { components: [{ entityType, matchType, match }], strict: false }
    })
  await describe('unknown entity', 'nonsense', quotaMatches.any, null)
  await describe('empty entity', '', quotaMatches.any, null)
  await describe('unknown match', 'client-id', 9, null)
  await describe('exact without a name', 'client-id', quotaMatches.exact, null)
}

async function users(talk: RefusalTalk): Promise<void> {
  const alter = (what: string, more: object, name = 'refused') =>
    talk.each(what, alterUserScramCredentials, () => {
      const secret = { salt: Buffer.alloc(16, 1), saltedPassword: Buffer.alloc(32, 2), iterations: 4096 }
      return { deletions: [], upsertions: [{ name, mechanism: scramMechanisms.sha256, ...secret, ...more }] }
    })
  await alter('unknown mechanism', { mechanism: 9 })
  await alter('too few iterations', { iterations: 10 })
  await alter('too many iterations', { iterations: 1_000_000 })
  await alter('no name', {}, '')
  await alter('no salt', { salt: Buffer.alloc(0) })
  const missing = { name: 'nobody', mechanism: scramMechanisms.sha256 }
  await talk.each('unknown user', alterUserScramCredentials, () => ({ deletions: [missing], upsertions: [] }))
  await talk.each('unknown user', describeUserScramCredentials, () => ({ users: [{ name: 'nobody' }] }))
  await talk.each('the same user twice', describeUserScramCredentials, () => {
    return { users: [{ name: 'nobody' }, { name: 'nobody' }] }
  })
}

async function features(talk: RefusalTalk): Promise<void> {
  const update = (what: string, feature: string, maxVersionLevel: number, upgradeType: number) =>
    talk.each(
      what,
      updateFeatures,
      () => ({ featureUpdates: [{ feature, maxVersionLevel, upgradeType }], validateOnly: true }),
      1,
    )
  await update('unknown feature', 'nonsense', 1, featureUpgrades.upgrade)
  await update('too high', 'transaction.version', 99, featureUpgrades.upgrade)
  await update('negative', 'transaction.version', -1, featureUpgrades.upgrade)
  await update('unknown type', 'transaction.version', 2, 9)
  await update('a downgrade that is none', 'transaction.version', 2, featureUpgrades.safeDowngrade)
}

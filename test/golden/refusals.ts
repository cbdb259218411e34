import { nodeCodecs } from '../../engine/node/environment/codecs.ts'
import type { RequestInput } from '../../engine/protocol/api.ts'
import { apiVersions } from '../../engine/protocol/apis/api-versions.ts'
import { createPartitions } from '../../engine/protocol/apis/create-partitions.ts'
import { createTopics } from '../../engine/protocol/apis/create-topics.ts'
import { deleteTopics } from '../../engine/protocol/apis/delete-topics.ts'
import { describeCluster } from '../../engine/protocol/apis/describe-cluster.ts'
import { describeConfigs } from '../../engine/protocol/apis/describe-configs.ts'
import { describeGroups } from '../../engine/protocol/apis/describe-groups.ts'
import { fetchApi } from '../../engine/protocol/apis/fetch.ts'
import { findCoordinator } from '../../engine/protocol/apis/find-coordinator.ts'
import { heartbeat } from '../../engine/protocol/apis/heartbeat.ts'
import { initProducerId } from '../../engine/protocol/apis/init-producer-id.ts'
import { joinGroup } from '../../engine/protocol/apis/join-group.ts'
import { leaveGroup } from '../../engine/protocol/apis/leave-group.ts'
import { listOffsets } from '../../engine/protocol/apis/list-offsets.ts'
import { metadata } from '../../engine/protocol/apis/metadata.ts'
import { offsetCommit } from '../../engine/protocol/apis/offset-commit.ts'
import { offsetFetch } from '../../engine/protocol/apis/offset-fetch.ts'
import { offsetForLeaderEpoch } from '../../engine/protocol/apis/offset-for-leader-epoch.ts'
import { produce } from '../../engine/protocol/apis/produce.ts'
import { syncGroup } from '../../engine/protocol/apis/sync-group.ts'
import { BatchBuilder, type BuildOptions } from '../../engine/protocol/batch-builder.ts'
import { RefusalTalk } from './refusal-talk.ts'
import { refusedAdministration } from './refused-administration.ts'
import { refusedGroups } from './refused-groups.ts'
import { refusedTransactions } from './refused-transactions.ts'

const topic = 'refusals'
const compacted = 'refusals-compacted'
const unknownId = '11111111-2222-4333-8444-555555555555'
const timeoutMs = 5000

/**
 * What a cluster of one broker answers to requests that it should refuse, version by version: names of the errors by
 * `what: Api vN`. Kafka's answers are the measure.
 */
export async function refusalsOf(port: number): Promise<Record<string, string>> {
  const talk = await RefusalTalk.start(port)
  try {
    const run = new Refusals(talk)
    await run.prepare()
    await run.produce()
    await run.fetch()
    await run.offsets()
    await run.topics()
    await run.groups()
    await run.others()
    await refusedTransactions(talk, topic)
    await refusedAdministration(talk, topic)
    await refusedGroups(talk, topic)
    return talk.answers
  } finally {
    talk.close()
  }
}

class Refusals {
  private readonly talk: RefusalTalk
  private ids = new Map<string, string>()
  private producerId = -1

  constructor(talk: RefusalTalk) {
    this.talk = talk
  }

  async prepare(): Promise<void> {
    const plain = { numPartitions: 1, replicationFactor: 1, assignments: [] }
    const compact = [{ name: 'cleanup.policy', value: 'compact' }]
    const topics = [
      { name: topic, ...plain, configs: [] },
      { name: compacted, ...plain, configs: compact },
    ]
    await this.talk.broker.ask(createTopics, 7, { topics, timeoutMs })
    const asked = { topics: [{ name: topic }, { name: compacted }] }
    const found = await this.talk.settled(() => this.talk.broker.ask(metadata, 12, asked))
    this.ids = new Map(found.topics.map(({ name, topicId }) => [name ?? '', topicId]))
    await this.talk.settled(() => this.talk.broker.ask(findCoordinator, 4, { coordinatorKeys: ['group'] }))
    await this.talk.settled(() => this.talk.broker.ask(offsetFetch, 7, { groupId: 'group', topics: null }))
    const producer = { transactionalId: null, transactionTimeoutMs: 60_000 }
    this.producerId = (
      await this.talk.settled(() => this.talk.broker.ask(initProducerId, 4, producer))
    ).producerId
  }

  async produce(): Promise<void> {
    const { producerId } = this
    const send = (what: string, records: Buffer, place: Place = {}, acks = -1) =>
      this.talk.each(what, produce, () => ({
        acks,
        timeoutMs,
        topicData: [{ ...this.named(place), partitionData: [{ index: place.partition ?? 0, records }] }],
      }))
    const corrupt = batch()
    corrupt[corrupt.length - 1]! ^= 1
    await send('unknown topic', batch(), { topic: 'nowhere' })
    await send('unknown partition', batch(), { partition: 9 })
    await send('wrong CRC', corrupt)
    await send('no bytes', Buffer.alloc(0))
    await send('cut off', batch().subarray(0, 70))
    await send('two batches', Buffer.concat([batch(), batch()]))
    await send('acks 2', batch(), {}, 2)
    await send('zstd', batch({ compression: 'zstd' }))
    await send('control batch', batch({ isControl: true }))
    const identity = { producerId, producerEpoch: 0, baseSequence: 0 }
    await send('transactional batch', batch({ ...identity, isTransactional: true }))
    await send('no key on a compacted topic', batch({}, null), { topic: compacted })
    await send('a sequence, then itself again', batch(identity))
    await send('a gap in the sequence', batch({ ...identity, baseSequence: 7 }))
  }

  async fetch(): Promise<void> {
    const ask = (what: string, place: Place, more: PartitionFetch = {}, since = 0, session = {}) =>
      this.talk.each(
        what,
        fetchApi,
        () => {
          const partition = {
            partition: place.partition ?? 0,
            fetchOffset: 0,
            partitionMaxBytes: 1000,
            ...more,
          }
          const { name, topicId } = this.named(place)
          return {
            maxWaitMs: 0,
            minBytes: 0,
            topics: [{ topic: name, topicId, partitions: [partition] }],
            ...session,
          }
        },
        since,
      )
    await ask('unknown topic', { topic: 'nowhere' })
    await ask('unknown partition', { partition: 9 })
    await ask('offset past the end', {}, { fetchOffset: 10_000_000 })
    await ask('negative offset', {}, { fetchOffset: -5 })
    await ask('newer leader epoch', {}, { currentLeaderEpoch: 99 }, 9)
    await ask('diverging', {}, { fetchOffset: 100_000, lastFetchedEpoch: 0 }, 12)
    await ask('unknown session', {}, {}, 7, { sessionId: 77, sessionEpoch: 3 })
  }

  async offsets(): Promise<void> {
    const ask = (what: string, place: Place, timestamp = -1, currentLeaderEpoch = -1) =>
      this.talk.each(what, listOffsets, () => {
        const partitions = [{ partitionIndex: place.partition ?? 0, timestamp, currentLeaderEpoch }]
        return { replicaId: -1, topics: [{ name: place.topic ?? topic, partitions }] }
      })
    await ask('unknown topic', { topic: 'nowhere' })
    await ask('unknown partition', { partition: 9 })
    await ask('newer leader epoch', {}, -1, 99)
    for (const timestamp of [-1, -2, -3, -4, -5, -6, -7, 2_000_000_000_000])
      await ask(`at ${timestamp}`, {}, timestamp)
    const epochs = (what: string, place: Place, leaderEpoch = 0, currentLeaderEpoch = -1) =>
      this.talk.each(what, offsetForLeaderEpoch, () => {
        const partitions = [{ partition: place.partition ?? 0, leaderEpoch, currentLeaderEpoch }]
        return { replicaId: -1, topics: [{ topic: place.topic ?? topic, partitions }] }
      })
    await epochs('unknown topic', { topic: 'nowhere' })
    await epochs('unknown partition', { partition: 9 })
    await epochs('epoch of the future', {}, 99)
    await epochs('newer leader epoch', {}, 0, 99)
  }

  async topics(): Promise<void> {
    const create = (what: string, more: Partial<CreatableTopic>) =>
      this.talk.each(what, createTopics, () => {
        const plain = {
          name: 'another',
          numPartitions: 1,
          replicationFactor: 1,
          assignments: [],
          configs: [],
        }
        return { topics: [{ ...plain, ...more }], timeoutMs, validateOnly: true }
      })
    await create('present', { name: topic })
    await create('bad name', { name: 'a/b' })
    await create('no name', { name: '' })
    await create('name that collides', { name: 'refusals.compacted' })
    await create('no partitions', { numPartitions: 0 })
    await create('nine replicas', { replicationFactor: 9 })
    await create('no replicas', { replicationFactor: 0 })
    await create('unknown setting', { configs: [{ name: 'nonsense', value: '1' }] })
    await create('bad setting', { configs: [{ name: 'retention.ms', value: 'x' }] })
    await create('setting without a value', { configs: [{ name: 'retention.ms', value: null }] })
    const assigned = (partitionIndex: number, ...brokerIds: number[]) => {
      return { numPartitions: -1, replicationFactor: -1, assignments: [{ partitionIndex, brokerIds }] }
    }
    await create('assigned to nobody', assigned(0, 77))
    await create('assigned with a gap', assigned(1, 1))
    await create('assigned and counted', { ...assigned(0, 1), numPartitions: 2 })
    await this.talk.each('by name', deleteTopics, (version) =>
      version >= 6 ? { topics: [{ name: 'nowhere' }], timeoutMs } : { topicNames: ['nowhere'], timeoutMs },
    )
    await this.talk.each(
      'by id',
      deleteTopics,
      () => ({ topics: [{ name: null, topicId: unknownId }], timeoutMs }),
      6,
    )
    const grow = (what: string, name: string, count: number, ...brokers: number[]) => {
      const assignments = brokers.length === 0 ? null : brokers.map((id) => ({ brokerIds: [id] }))
      const topics = [{ name, count, assignments }]
      return this.talk.each(what, createPartitions, () => ({ topics, timeoutMs, validateOnly: true }))
    }
    await grow('as many', topic, 1)
    await grow('fewer', topic, 0)
    await grow('unknown topic', 'nowhere', 2)
    await grow('assigned to nobody', topic, 2, 44)
    await grow('too many assignments', topic, 2, 1, 1)
    const ask = (what: string, name: string | null) =>
      this.talk.each(
        what,
        metadata,
        () => ({
          topics: [name === null ? { name, topicId: unknownId } : { name }],
          allowAutoTopicCreation: false,
        }),
        10,
      )
    await ask('unknown topic', 'nowhere')
    await ask('bad name', 'a/b')
    await ask('unknown id', null)
  }

  async groups(): Promise<void> {
    const join = (what: string, more: Partial<RequestInput<typeof joinGroup>>) => {
      const protocols = [{ name: 'range', metadata: Buffer.from('x') }]
      const times = { sessionTimeoutMs: 10_000, rebalanceTimeoutMs: 10_000 }
      const body = { groupId: 'joined', ...times, memberId: '', protocolType: 'consumer', protocols, ...more }
      return this.talk.each(what, joinGroup, () => body)
    }
    await join('no group', { groupId: '' })
    await join('short session', { sessionTimeoutMs: 10 })
    await join('long session', { sessionTimeoutMs: 100_000_000 })
    await join('unknown member', { memberId: 'who' })
    await join('no protocols', { protocols: [] })
    await join('no protocol type', { protocolType: '' })
    const commit = (
      what: string,
      place: Place,
      more: Partial<RequestInput<typeof offsetCommit>> = {},
      note = '',
    ) =>
      this.talk.each(what, offsetCommit, () => {
        const partitions = [
          { partitionIndex: place.partition ?? 0, committedOffset: 1, committedMetadata: note },
        ]
        return { groupId: 'group', topics: [{ ...this.named(place), partitions }], ...more }
      })
    await commit('without a generation', {})
    await commit('unknown topic', { topic: 'nowhere' })
    await commit('unknown partition', { partition: 9 })
    await commit('unknown member', {}, { generationIdOrMemberEpoch: 5, memberId: 'who' })
    await commit('long metadata', {}, {}, 'x'.repeat(5000))
    for (const groupId of ['group', 'nobody', '']) {
      const member = { groupId, generationId: 1, memberId: 'who' }
      const names = { protocolType: 'consumer', protocolName: 'range' }
      await this.talk.each(`"${groupId}"`, syncGroup, () => ({ ...member, ...names, assignments: [] }))
      await this.talk.each(`"${groupId}"`, heartbeat, () => member)
      await this.talk.each(`"${groupId}"`, leaveGroup, (version) =>
        version >= 3 ? { groupId, members: [{ memberId: 'who' }] } : { groupId, memberId: 'who' },
      )
      if (groupId !== '') await this.talk.each(`"${groupId}"`, describeGroups, () => ({ groups: [groupId] }))
    }
  }

  async others(): Promise<void> {
    const resources = {
      topic: [2, 'nowhere'],
      'bad name': [2, 'a/b'],
      broker: [4, '99'],
      type: [77, 'x'],
    } as const
    for (const [what, [resourceType, resourceName]] of Object.entries(resources)) {
      const resource = { resourceType, resourceName, configurationKeys: null }
      await this.talk.each(what, describeConfigs, () => ({ resources: [resource] }))
    }
    const software = { clientSoftwareName: 'a b', clientSoftwareVersion: '1' }
    await this.talk.each('odd software name', apiVersions, () => software)
    await this.talk.each('no software name', apiVersions, () => ({}))
    await this.talk.each(
      'unknown kind',
      findCoordinator,
      (version) => {
        return version >= 4 ? { coordinatorKeys: ['x'], keyType: 9 } : { key: 'x', keyType: 9 }
      },
      1,
    )
    const controllers = { includeClusterAuthorizedOperations: false, endpointType: 2 }
    await this.talk.each('controllers', describeCluster, () => controllers, 1)
  }

  private named(place: Place): { name: string; topicId: string } {
    const name = place.topic ?? topic
    return { name, topicId: this.ids.get(name) ?? unknownId }
  }
}

interface Place {
  readonly topic?: string
  readonly partition?: number
}

type PartitionFetch = Partial<RequestInput<typeof fetchApi>['topics'][number]['partitions'][number]>
type CreatableTopic = RequestInput<typeof createTopics>['topics'][number]

function batch(options: Partial<BuildOptions> = {}, key: Buffer | null = Buffer.from('key')): Buffer {
  const builder = new BatchBuilder()
  builder.append(1_700_000_000_000, key, Buffer.from('value'))
  return builder.build({ codecs: nodeCodecs, ...options })
}

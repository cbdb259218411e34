import { nodeCodecs } from '../../engine/node/environment/codecs.ts'
import type { Api } from '../../engine/protocol/api.ts'
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
import { listGroups } from '../../engine/protocol/apis/list-groups.ts'
import { listOffsets, offsetQueries } from '../../engine/protocol/apis/list-offsets.ts'
import { metadata } from '../../engine/protocol/apis/metadata.ts'
import { offsetCommit } from '../../engine/protocol/apis/offset-commit.ts'
import { offsetFetch } from '../../engine/protocol/apis/offset-fetch.ts'
import { offsetForLeaderEpoch } from '../../engine/protocol/apis/offset-for-leader-epoch.ts'
import { produce } from '../../engine/protocol/apis/produce.ts'
import { syncGroup } from '../../engine/protocol/apis/sync-group.ts'
import { BatchBuilder } from '../../engine/protocol/batch-builder.ts'
import { errorCodes } from '../../engine/protocol/error-codes.ts'
import { speakAdmin } from './every-admin-version.ts'
import { speakGroups } from './every-group-version.ts'
import { speakTransactions } from './every-transaction-version.ts'
import { VersionTalk } from './version-talk.ts'

const timeoutMs = 10_000
const records = sampleBatch()

/** Speaks every version that a cluster of one broker serves, one after the other, in requests without an error. */
export class EveryVersion {
  private readonly talk: VersionTalk
  private topicId = ''
  private brokerId = -1
  private readonly topic = 'every-version'

  private constructor(talk: VersionTalk) {
    this.talk = talk
  }

  /** Against the broker at this port of this machine. */
  static async run(port: number): Promise<VersionTalk> {
    const talk = await VersionTalk.start(port)
    const test = new EveryVersion(talk)
    try {
      await test.prepare()
      await test.topics()
      await test.records()
      await test.offsets()
      await test.groups()
      await test.others()
      await test.cluster()
    } finally {
      talk.close()
    }
    return talk
  }

  private async prepare(): Promise<void> {
    const { topic: name } = this
    const body = { topics: [{ name, numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] }] }
    await this.talk.each(createTopics, () => ({ ...body, validateOnly: true, timeoutMs }))
    await this.talk.ask(createTopics, createTopics.versions[1], { ...body, timeoutMs })
    const found = await this.talk.settled(metadata, 12, { topics: [{ name }] })
    this.topicId = found.topics[0]?.topicId ?? ''
    this.brokerId = found.brokers[0]?.nodeId ?? -1
    await this.talk.settled(findCoordinator, 4, { coordinatorKeys: ['group'] })
  }

  private async topics(): Promise<void> {
    const { topic: name, topicId } = this
    await this.talk.each(apiVersions, () => ({ clientSoftwareName: 'test', clientSoftwareVersion: '1.0' }))
    await this.talk.each(metadata, () => ({ topics: [{ name }] }))
    await this.talk.each(metadata, (version) => ({ topics: version === 0 ? [] : null }))
    await this.talk.each(metadata, (version) => ({
      topics: version >= 12 ? [{ name: null, topicId }] : [{ name }],
    }))
    await this.talk.each(createPartitions, () => {
      return { topics: [{ name, count: 2, assignments: null }], timeoutMs, validateOnly: true }
    })
    await this.talk.each(describeConfigs, (version) => ({
      resources: [{ resourceType: 2, resourceName: name, configurationKeys: null }],
      includeSynonyms: true,
      includeDocumentation: version >= 3,
    }))
  }

  private async records(): Promise<void> {
    const { topic, topicId } = this
    const producer = { transactionalId: null, transactionTimeoutMs: 60_000 }
    await this.talk.settled(initProducerId, 0, producer)
    await this.talk.each(initProducerId, () => producer)
    for (const acks of [1, -1]) {
      const topicData = [{ name: topic, topicId, partitionData: [{ index: 0, records }] }]
      await this.talk.each(produce, () => ({ acks, timeoutMs, topicData }))
    }
    await this.talk.each(fetchApi, () => ({
      maxWaitMs: 100,
      minBytes: 1,
      topics: [
        { topic, topicId, partitions: [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 100_000 }] },
      ],
    }))
  }

  private async offsets(): Promise<void> {
    const { topic: name, topicId } = this
    for (const timestamp of [offsetQueries.latest, offsetQueries.earliest, 0, offsetQueries.maxTimestamp]) {
      await this.talk.each(listOffsets, (version) => ({
        replicaId: -1,
        topics: [
          {
            name,
            partitions: [{ partitionIndex: 0, timestamp: version < 7 && timestamp < -2 ? -2 : timestamp }],
          },
        ],
        ...(version >= 10 ? { timeoutMs } : {}),
      }))
    }
    await this.talk.each(offsetForLeaderEpoch, () => ({
      replicaId: -1,
      topics: [{ topic: name, partitions: [{ partition: 0, leaderEpoch: 0 }] }],
    }))
    const partitions = [{ partitionIndex: 0, committedOffset: 1, committedMetadata: 'note' }]
    const commit = { groupId: 'simple', topics: [{ name, topicId, partitions }] }
    await this.talk.settled(offsetCommit, 8, commit)
    await this.talk.each(offsetCommit, () => commit)
    const asked = [{ name, topicId, partitionIndexes: [0, 7] }]
    for (const topics of [asked, null]) {
      await this.talk.each(offsetFetch, (version) =>
        version >= 8
          ? { groups: [{ groupId: 'simple', topics }] }
          : { groupId: 'simple', topics: version < 2 ? asked : topics },
      )
    }
  }

  private async groups(): Promise<void> {
    await this.talk.each(findCoordinator, (version) =>
      version >= 4 ? { coordinatorKeys: ['group', 'other'] } : { key: 'group' },
    )
    for (let version = 0; version <= joinGroup.versions[1]; version++) await this.oneMember(version)
    await this.talk.each(describeGroups, () => ({ groups: ['simple', 'group-9'] }))
    await this.talk.each(listGroups, () => ({}))
  }

  /** Joins, syncs, beats and leaves in this version, or in the highest below that there is. */
  private async oneMember(version: number): Promise<void> {
    const at = (api: Pick<Api, 'versions'>) => Math.min(version, api.versions[1])
    const groupId = `group-${version}`
    const join = {
      groupId,
      sessionTimeoutMs: 10_000,
      rebalanceTimeoutMs: 10_000,
      protocolType: 'consumer',
      protocols: [{ name: 'range', metadata: Buffer.from('any') }],
    }
    const first = await this.talk.ask(joinGroup, version, { ...join, memberId: '' }, [
      errorCodes.MEMBER_ID_REQUIRED,
    ])
    const { memberId } = first
    const joined = version < 4 ? first : await this.talk.ask(joinGroup, version, { ...join, memberId })
    const { generationId } = joined
    const assignments = [{ memberId, assignment: Buffer.from('mine') }]
    const names = version >= 5 ? { protocolType: 'consumer', protocolName: 'range' } : {}
    const member = { groupId, generationId, memberId }
    const synced = await this.talk.ask(syncGroup, at(syncGroup), { ...member, assignments, ...names })
    if (synced.assignment.toString() !== 'mine')
      this.talk.complaints.push(`SyncGroup v${version}: another assignment`)
    await this.talk.ask(heartbeat, at(heartbeat), member)
    const leaving = version < 3 ? { groupId, memberId } : { groupId, members: [{ memberId }] }
    await this.talk.ask(leaveGroup, at(leaveGroup), leaving)
  }

  private async others(): Promise<void> {
    const { talk, topic, brokerId } = this
    await speakTransactions(talk, topic)
    await speakGroups(talk, topic)
    await speakAdmin(talk, topic, brokerId)
  }

  private async cluster(): Promise<void> {
    await this.talk.each(describeCluster, () => ({ includeClusterAuthorizedOperations: false }))
    await this.talk.each(
      deleteTopics,
      (version) =>
        version >= 6
          ? { topics: [{ name: this.topic }], timeoutMs }
          : { topicNames: ['not-there'], timeoutMs },
      [errorCodes.UNKNOWN_TOPIC_OR_PARTITION],
    )
  }
}

function sampleBatch(): Buffer {
  const builder = new BatchBuilder()
  builder.append(1_700_000_000_000, Buffer.from('key'), Buffer.from('value'))
  return builder.build({ codecs: nodeCodecs })
}

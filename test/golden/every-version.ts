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
import { errorCodes, errorOf } from '../../engine/protocol/error-codes.ts'
import { encodeResponse } from '../../engine/protocol/frames.ts'
import type { Decoded, Encodable, Field } from '../../engine/protocol/schema.ts'
import { BrokerTalk, errorCodesIn } from './broker-talk.ts'

const patienceMs = 15_000
const timeoutMs = 10_000
const records = sampleBatch()

/** Errors that pass while a cluster gets going. */
const passing: ReadonlySet<number> = new Set([
  errorCodes.COORDINATOR_NOT_AVAILABLE,
  errorCodes.COORDINATOR_LOAD_IN_PROGRESS,
  errorCodes.NOT_COORDINATOR,
  errorCodes.LEADER_NOT_AVAILABLE,
  errorCodes.UNKNOWN_TOPIC_OR_PARTITION,
  errorCodes.UNKNOWN_TOPIC_ID,
])

/** Speaks one version after the other with a cluster of one broker and notes what is not as it should be. */
export class EveryVersion {
  /** `Api vN: what`, empty when all is well. */
  readonly complaints: string[] = []
  /** `Api vN` of every answer. */
  readonly answered = new Set<string>()
  private readonly talk: BrokerTalk
  private topicId = ''
  private readonly topic = 'every-version'

  private constructor(talk: BrokerTalk) {
    this.talk = talk
  }

  static async run(port: number): Promise<EveryVersion> {
    const talk = new BrokerTalk(port)
    const test = new EveryVersion(talk)
    try {
      await test.prepare()
      await test.topics()
      await test.records()
      await test.offsets()
      await test.groups()
      await test.cluster()
    } finally {
      talk.close()
    }
    return test
  }

  private async prepare(): Promise<void> {
    const { topic: name } = this
    const body = { topics: [{ name, numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] }] }
    await this.each(createTopics, () => ({ ...body, validateOnly: true, timeoutMs }))
    await this.ask(createTopics, createTopics.versions[1], { ...body, timeoutMs })
    const found = await this.settled(metadata, 12, { topics: [{ name }] })
    this.topicId = found.topics[0]?.topicId ?? ''
    await this.settled(findCoordinator, 4, { coordinatorKeys: ['group'] })
  }

  private async topics(): Promise<void> {
    const { topic: name, topicId } = this
    await this.each(apiVersions, () => ({ clientSoftwareName: 'test', clientSoftwareVersion: '1.0' }))
    await this.each(metadata, () => ({ topics: [{ name }] }))
    await this.each(metadata, (version) => ({ topics: version === 0 ? [] : null }))
    await this.each(metadata, (version) => ({
      topics: version >= 12 ? [{ name: null, topicId }] : [{ name }],
    }))
    await this.each(createPartitions, () => {
      return { topics: [{ name, count: 2, assignments: null }], timeoutMs, validateOnly: true }
    })
    await this.each(describeConfigs, (version) => ({
      resources: [{ resourceType: 2, resourceName: name, configurationKeys: null }],
      includeSynonyms: true,
      includeDocumentation: version >= 3,
    }))
  }

  private async records(): Promise<void> {
    const { topic, topicId } = this
    const producer = { transactionalId: null, transactionTimeoutMs: 60_000 }
    await this.settled(initProducerId, 0, producer)
    await this.each(initProducerId, () => producer)
    for (const acks of [1, -1]) {
      const topicData = [{ name: topic, topicId, partitionData: [{ index: 0, records }] }]
      await this.each(produce, () => ({ acks, timeoutMs, topicData }))
    }
    await this.each(fetchApi, () => ({
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
      await this.each(listOffsets, (version) => ({
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
    await this.each(offsetForLeaderEpoch, () => ({
      replicaId: -1,
      topics: [{ topic: name, partitions: [{ partition: 0, leaderEpoch: 0 }] }],
    }))
    const partitions = [{ partitionIndex: 0, committedOffset: 1, committedMetadata: 'note' }]
    const commit = { groupId: 'simple', topics: [{ name, topicId, partitions }] }
    await this.settled(offsetCommit, 8, commit)
    await this.each(offsetCommit, () => commit)
    const asked = [{ name, topicId, partitionIndexes: [0, 7] }]
    for (const topics of [asked, null]) {
      await this.each(offsetFetch, (version) =>
        version >= 8
          ? { groups: [{ groupId: 'simple', topics }] }
          : { groupId: 'simple', topics: version < 2 ? asked : topics },
      )
    }
  }

  private async groups(): Promise<void> {
    await this.each(findCoordinator, (version) =>
      version >= 4 ? { coordinatorKeys: ['group', 'other'] } : { key: 'group' },
    )
    for (let version = 0; version <= joinGroup.versions[1]; version++) await this.oneMember(version)
    await this.each(describeGroups, () => ({ groups: ['simple', 'group-9'] }))
    await this.each(listGroups, () => ({}))
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
    const first = await this.ask(joinGroup, version, { ...join, memberId: '' }, [
      errorCodes.MEMBER_ID_REQUIRED,
    ])
    const { memberId } = first
    const joined = version < 4 ? first : await this.ask(joinGroup, version, { ...join, memberId })
    const { generationId } = joined
    const assignments = [{ memberId, assignment: Buffer.from('mine') }]
    const names = version >= 5 ? { protocolType: 'consumer', protocolName: 'range' } : {}
    const member = { groupId, generationId, memberId }
    const synced = await this.ask(syncGroup, at(syncGroup), { ...member, assignments, ...names })
    if (synced.assignment.toString() !== 'mine')
      this.complaints.push(`SyncGroup v${version}: another assignment`)
    await this.ask(heartbeat, at(heartbeat), member)
    const leaving = version < 3 ? { groupId, memberId } : { groupId, members: [{ memberId }] }
    await this.ask(leaveGroup, at(leaveGroup), leaving)
  }

  private async cluster(): Promise<void> {
    await this.each(describeCluster, () => ({ includeClusterAuthorizedOperations: false }))
    await this.each(deleteTopics, (version) => ({
      ...(version >= 6 ? { topics: [{ name: this.topic }] } : { topicNames: ['not-there'] }),
      timeoutMs,
    }))
  }

  private async each<Request extends Field, Response extends Field>(
    api: Api<Request, Response>,
    body: (version: number) => Encodable<Request>,
  ): Promise<void> {
    const [first, last] = api.versions
    for (let version = first; version <= last; version++) await this.ask(api, version, body(version))
  }

  /** Asks until nothing in the answer says that the cluster is still getting going. */
  private async settled<Request extends Field, Response extends Field>(
    api: Api<Request, Response>,
    version: number,
    body: Encodable<Request>,
  ): Promise<Decoded<Response>> {
    const deadline = Date.now() + patienceMs
    for (;;) {
      const answer = await this.ask(api, version, body, [...passing])
      if (!errorCodesIn(answer).some((code) => passing.has(code)) || Date.now() > deadline) return answer
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }

  /** The answer, which must be encoded as we encode it and hold no error but those allowed. */
  private async ask<Request extends Field, Response extends Field>(
    api: Api<Request, Response>,
    version: number,
    body: Encodable<Request>,
    allowed: readonly number[] = api.key === deleteTopics.key ? [errorCodes.UNKNOWN_TOPIC_OR_PARTITION] : [],
  ): Promise<Decoded<Response>> {
    const name = `${api.name} v${version}`
    const answer = await this.talk.ask(api, version, body)
    if (answer === undefined) throw new Error(`${name}: the broker closed the connection`)
    const { correlationId, frame } = answer
    const again = Buffer.concat(encodeResponse(api, version, correlationId, answer.body)).subarray(4)
    if (!again.equals(frame)) this.complaints.push(`${name}: ${frame.toString('hex')} is not as we encode it`)
    for (const code of errorCodesIn(answer.body)) {
      if (code !== 0 && !allowed.includes(code)) this.complaints.push(`${name}: ${errorOf(code).name}`)
    }
    this.answered.add(name)
    return answer.body
  }
}

function sampleBatch(): Buffer {
  const builder = new BatchBuilder()
  builder.append(1_700_000_000_000, Buffer.from('key'), Buffer.from('value'))
  return builder.build({ codecs: nodeCodecs })
}

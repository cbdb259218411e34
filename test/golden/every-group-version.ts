import { consumerGroupDescribe } from '../../engine/protocol/apis/consumer-group-describe.ts'
import { consumerGroupHeartbeat, memberEpochs } from '../../engine/protocol/apis/consumer-group-heartbeat.ts'
import { deleteGroups } from '../../engine/protocol/apis/delete-groups.ts'
import { offsetDelete } from '../../engine/protocol/apis/offset-delete.ts'
import type { VersionTalk } from './version-talk.ts'

const memberId = 'aaaaaaaaaaaaaaaaaaaaaA'

/** Groups of the new protocol, and the end of those that `EveryVersion` has left empty. */
export async function speakGroups(talk: VersionTalk, topic: string): Promise<void> {
  for (const version of talk.versionsOf(consumerGroupHeartbeat)) await oneMember(talk, topic, version)
  await talk.each(offsetDelete, () => ({
    groupId: 'simple',
    topics: [{ name: topic, partitions: [{ partitionIndex: 0 }] }],
  }))
  await talk.each(deleteGroups, (version) => ({ groupsNames: [`group-${version}`] }))
}

/** Comes, is described, goes. */
async function oneMember(talk: VersionTalk, topic: string, version: number): Promise<void> {
  const groupId = `new-group-${version}`
  const joined = await talk.settled(consumerGroupHeartbeat, version, {
    groupId,
    memberId: version === 0 ? '' : memberId,
    memberEpoch: memberEpochs.join,
    rebalanceTimeoutMs: 10_000,
    subscribedTopicNames: [topic],
    topicPartitions: [],
  })
  await talk.near(consumerGroupDescribe, version, () => {
    return { groupIds: [groupId], includeAuthorizedOperations: true }
  })
  const member = { groupId, memberId: joined.memberId ?? memberId }
  await talk.ask(consumerGroupHeartbeat, version, { ...member, memberEpoch: joined.memberEpoch })
  await talk.ask(consumerGroupHeartbeat, version, { ...member, memberEpoch: memberEpochs.leave })
}

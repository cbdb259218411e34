import type { RequestInput } from '../../engine/protocol/api.ts'
import { consumerGroupDescribe } from '../../engine/protocol/apis/consumer-group-describe.ts'
import { consumerGroupHeartbeat } from '../../engine/protocol/apis/consumer-group-heartbeat.ts'
import { deleteGroups } from '../../engine/protocol/apis/delete-groups.ts'
import { offsetDelete } from '../../engine/protocol/apis/offset-delete.ts'
import type { RefusalTalk } from './refusal-talk.ts'

const memberId = 'bbbbbbbbbbbbbbbbbbbbbA'

/** What coordinators of groups refuse, beyond the classic protocol. */
export async function refusedGroups(talk: RefusalTalk, topic: string): Promise<void> {
  const remove = (what: string, groupId: string, name: string, partitionIndex: number) =>
    talk.each(what, offsetDelete, () => ({ groupId, topics: [{ name, partitions: [{ partitionIndex }] }] }))
  await remove('unknown group', 'nobody', topic, 0)
  await remove('no group', '', topic, 0)
  await remove('unknown topic', 'group', 'nowhere', 0)
  await remove('unknown partition', 'group', topic, 9)
  await remove('no offset', 'group', topic, 0)
  await heartbeats(talk, topic)
  const describe = (what: string, groupId: string) =>
    talk.each(what, consumerGroupDescribe, () => ({
      groupIds: [groupId],
      includeAuthorizedOperations: false,
    }))
  await describe('unknown group', 'nobody')
  await describe('classic group', 'group')
  await describe('no group', '')
  await talk.each('unknown group', deleteGroups, () => ({ groupsNames: ['nobody'] }))
  await talk.each('no group', deleteGroups, () => ({ groupsNames: [''] }))
}

async function heartbeats(talk: RefusalTalk, topic: string): Promise<void> {
  const join = {
    groupId: 'new-group',
    memberId,
    memberEpoch: 0,
    rebalanceTimeoutMs: 10_000,
    subscribedTopicNames: [topic],
    topicPartitions: [],
  }
  const beat = (what: string, more: Partial<RequestInput<typeof consumerGroupHeartbeat>>, since = 0) =>
    talk.each(what, consumerGroupHeartbeat, () => ({ ...join, ...more }), since)
  await beat('no group', { groupId: '' })
  await beat('no member id', { memberId: '' }, 1)
  await beat('no rebalance timeout', { rebalanceTimeoutMs: -1 })
  await beat('no subscription', { subscribedTopicNames: null })
  await beat('partitions owned while joining', { topicPartitions: [{ topicId: unknownId, partitions: [0] }] })
  await beat('partitions not told while joining', { topicPartitions: null })
  await beat('empty instance id', { instanceId: '' })
  await beat('empty rack', { rackId: '' })
  await beat('unknown assignor', { serverAssignor: 'nonsense' })
  await beat('bad pattern', { subscribedTopicNames: null, subscribedTopicRegex: '(' }, 1)
  await beat('epoch below all', { memberEpoch: -3 })
  await beat('unknown group', { groupId: 'nobody', memberEpoch: 5 })
  await beat('leaving an unknown group', { groupId: 'nobody', memberEpoch: -1 })
  await beat('static leaving without an instance', { groupId: 'nobody', memberEpoch: -2 })
}

const unknownId = '11111111-2222-4333-8444-555555555555'

import type { GroupDescription } from '../../client/api.ts'
import type { Output } from '../contract.ts'
import type { Connections } from './connections.ts'

type Groups = Output<'groups.list'>['groups']

/** Consumer groups with their lag: committed offsets against the log's end. */
export async function listGroups(connections: Connections): Promise<Groups> {
  const listed = await connections.admin().listGroups()
  const groups = await describeGroups(
    connections,
    listed.map((group) => group.groupId),
  )
  return groups.sort((a, b) => a.groupId.localeCompare(b.groupId))
}

/** In the order given. A group that is not there is dead, and has no partitions. */
export async function describeGroups(connections: Connections, groupIds: readonly string[]): Promise<Groups> {
  if (groupIds.length === 0) return []
  const described = await connections.admin().describeGroups(groupIds)
  return Promise.all(described.map((group) => withLag(connections, group)))
}

async function withLag(connections: Connections, group: GroupDescription): Promise<Groups[number]> {
  const admin = connections.admin()
  const committed = await admin.groupOffsets(group.groupId)
  const ends =
    committed.length === 0
      ? []
      : await admin.listOffsets(
          committed.map(({ topic, partition }) => ({ topic, partition, spec: 'latest' as const })),
        )
  const partitions = committed.map(({ topic, partition, offset }) => ({
    topic,
    partition,
    committed: offset,
    end: ends.find((end) => end.topic === topic && end.partition === partition)?.offset ?? offset,
    member: group.members.find((member) =>
      member.assignment.some((assigned) => assigned.topic === topic && assigned.partition === partition),
    )?.memberId,
  }))
  return {
    groupId: group.groupId,
    state: group.state,
    members: group.members.length,
    lagRecords: partitions.reduce((sum, { committed: from, end }) => sum + Math.max(0, end - from), 0),
    partitions,
  }
}

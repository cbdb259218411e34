/**
 * Assigns whole tasks: all partitions that one task reads go to one member. A task stays where it ran before, as far as the
 * balance allows; every member says in its subscription which tasks it has. Eager: members hand everything back first, but keep
 * their state, and take up again what they get back.
 */
import type { AssignorMember, AssignorResult, PartitionAssignor, TopicPartition } from '../../client/api.ts'
import { topicName } from '../graph.ts'
import type { BuiltTopology } from '../topology.ts'

export function streamsAssignor(
  topology: BuiltTopology,
  applicationId: string,
  ownTasks: () => readonly string[],
): PartitionAssignor {
  const topicsOf = topology.subTopologies.map((sub) => [
    ...new Set(sub.sources.map((node) => topicName(node.source!.topic, applicationId))),
  ])
  return {
    name: 'millrace-streams',
    protocol: 'eager',
    userData: () => Buffer.from(JSON.stringify({ tasks: ownTasks() })),
    assign(members, partitionCounts) {
      const tasks = listTasks(topicsOf, partitionCounts)
      const owners = placeTasks([...tasks.keys()], members)
      const results = new Map<string, AssignorResult>()
      for (const { memberId } of members) {
        const partitions = (owners.get(memberId) ?? []).flatMap((task) => tasks.get(task)!)
        results.set(memberId, { partitions })
      }
      return results
    },
  }
}

/** Tasks by id, in order of partition, then sub-topology: neighbours in this order spread over members. */
function listTasks(
  topicsOf: readonly (readonly string[])[],
  partitionCounts: ReadonlyMap<string, number>,
): Map<string, TopicPartition[]> {
  const tasks = new Map<string, TopicPartition[]>()
  const countOf = (topic: string) => partitionCounts.get(topic) ?? 0
  const most = Math.max(0, ...topicsOf.flat().map(countOf))
  for (let partition = 0; partition < most; partition++) {
    topicsOf.forEach((topics, index) => {
      const partitions = topics
        .filter((topic) => partition < countOf(topic))
        .map((topic) => ({ topic, partition }))
      if (partitions.length > 0) tasks.set(`${index}_${partition}`, partitions)
    })
  }
  return tasks
}

function placeTasks(tasks: readonly string[], members: readonly AssignorMember[]): Map<string, string[]> {
  const sorted = [...members].sort((a, b) => (a.memberId < b.memberId ? -1 : 1))
  const placed = new Map<string, string[]>(sorted.map(({ memberId }) => [memberId, []]))
  const open = new Set(tasks)
  const least = Math.floor(tasks.length / sorted.length)
  let withOneMore = tasks.length % sorted.length
  for (const member of sorted) {
    const own = placed.get(member.memberId)!
    const former = formerTasks(member)
    // In the order of all tasks, so that what is given away is a mix of sub-topologies.
    for (const task of tasks) {
      if (!former.has(task) || !open.has(task)) continue
      if (own.length >= least) {
        if (own.length > least || withOneMore === 0) break
        withOneMore--
      }
      own.push(task)
      open.delete(task)
    }
  }
  for (const task of open) {
    let emptiest = placed.get(sorted[0]!.memberId)!
    for (const own of placed.values()) if (own.length < emptiest.length) emptiest = own
    emptiest.push(task)
  }
  return placed
}

/** Another version's or another program's bytes mean only that nothing is known. */
function formerTasks(member: AssignorMember): ReadonlySet<unknown> {
  if (member.userData === null) return new Set()
  try {
    const data: unknown = JSON.parse(Buffer.from(member.userData).toString('utf8'))
    const tasks = typeof data === 'object' && data !== null && 'tasks' in data ? data.tasks : undefined
    return new Set(Array.isArray(tasks) ? tasks : [])
  } catch {
    return new Set()
  }
}

/** How many partitions every topic and sub-topology has, from those of the source topics; and whether joins fit together. */
import { MillraceError } from '../../base/errors.ts'
import type { StepNode } from '../graph.ts'
import { topicName } from '../graph.ts'
import type { BuiltTopology, SubTopology } from '../topology.ts'

export interface PartitionPlan {
  /** Tasks of each sub-topology, by its index. */
  readonly taskCounts: readonly number[]
  /** Topics that are ours to create. */
  readonly repartitionTopics: ReadonlyMap<string, number>
  readonly changelogTopics: ReadonlyMap<string, number>
}

export function changelogName(applicationId: string, store: string): string {
  return `${applicationId}-${store}-changelog`
}

/** Topics of the user's that the topology reads. */
export function sourceTopics(topology: BuiltTopology): string[] {
  const names = new Set(topology.globals.map(({ source }) => source.topic.name))
  for (const { sources } of topology.subTopologies) {
    for (const { source } of sources)
      if (source !== undefined && !source.topic.internal) names.add(source.topic.name)
  }
  return [...names]
}

/** Every topic that the application's group reads, repartition topics included. */
export function readTopics(topology: BuiltTopology, applicationId: string): string[] {
  const names = new Set<string>()
  for (const { sources } of topology.subTopologies) {
    for (const { source } of sources)
      if (source !== undefined) names.add(topicName(source.topic, applicationId))
  }
  return [...names]
}

/** @throws MillraceError CO_PARTITIONING, UNKNOWN_PARTITIONS */
export function planPartitions(
  topology: BuiltTopology,
  applicationId: string,
  sourceCounts: ReadonlyMap<string, number>,
): PartitionPlan {
  const counts = new Map(sourceCounts)
  resolveRepartitions(topology, applicationId, counts)
  checkCoPartitioning(topology, applicationId, counts)
  const taskCounts = topology.subTopologies.map((sub) => taskCount(sub, applicationId, counts)!)
  const changelogTopics = new Map<string, number>()
  topology.subTopologies.forEach((sub, i) => {
    for (const store of sub.stores)
      changelogTopics.set(changelogName(applicationId, store.name), taskCounts[i]!)
  })
  const repartitionTopics = new Map<string, number>()
  for (const { topic } of topology.repartitions) {
    const name = topicName(topic, applicationId)
    repartitionTopics.set(name, counts.get(name)!)
  }
  return { taskCounts, repartitionTopics, changelogTopics }
}

/**
 * A repartition topic has the partitions that were asked for; else those of the other side of its join, where that is settled; else
 * as many as its upstream has tasks. Rounds, because upstreams may begin with repartitions themselves.
 */
function resolveRepartitions(
  topology: BuiltTopology,
  applicationId: string,
  counts: Map<string, number>,
): void {
  const open = new Set(topology.repartitions)
  for (const each of open) {
    if (each.partitions === undefined) continue
    counts.set(topicName(each.topic, applicationId), each.partitions)
    open.delete(each)
  }
  while (open.size > 0) {
    const before = open.size
    for (const each of open) {
      const upstream = topology.subTopologies.find((sub) => sub.nodes.includes(each.sink))!
      const partitions =
        partnerCount(topology, each.source, applicationId, counts) ??
        taskCount(upstream, applicationId, counts)
      if (partitions === undefined) continue
      counts.set(topicName(each.topic, applicationId), partitions)
      open.delete(each)
    }
    if (open.size === before) {
      const [stuck] = open
      throw new MillraceError({
        code: 'UNKNOWN_PARTITIONS',
        what: 'repartitions feed each other in a circle, so nothing says how many partitions they have',
        where: stuck!.source.reportAs,
        remedy: 'give one of them a number of partitions',
      })
    }
  }
}

/** What the other side of a join has, if this repartition feeds one side and the other is settled. */
function partnerCount(
  topology: BuiltTopology,
  source: StepNode,
  applicationId: string,
  counts: ReadonlyMap<string, number>,
): number | undefined {
  let partner: number | undefined
  for (const { left, right } of topology.coPartitionings) {
    const [lefts, rights] = [sourcesOf(left), sourcesOf(right)]
    const others = lefts.has(source) ? rights : rights.has(source) ? lefts : undefined
    for (const other of others ?? []) {
      const count = counts.get(topicName(other.source!.topic, applicationId))
      if (count !== undefined) partner = Math.max(partner ?? 0, count)
    }
  }
  return partner
}

/** Undefined while one of its sources is not settled. */
function taskCount(
  sub: SubTopology,
  applicationId: string,
  counts: ReadonlyMap<string, number>,
): number | undefined {
  let most = 0
  for (const { source } of sub.sources) {
    const count = counts.get(topicName(source!.topic, applicationId))
    if (count === undefined) return undefined
    most = Math.max(most, count)
  }
  return most
}

function checkCoPartitioning(
  topology: BuiltTopology,
  applicationId: string,
  counts: ReadonlyMap<string, number>,
): void {
  for (const { step, left, right } of topology.coPartitionings) {
    const facts = (node: StepNode) =>
      [...sourcesOf(node)].map(({ source }) => {
        const topic = topicName(source!.topic, applicationId)
        return { topic, partitions: counts.get(topic)! }
      })
    const all = [...facts(left), ...facts(right)]
    if (all.every(({ partitions }) => partitions === all[0]!.partitions)) continue
    const listed = [...new Set(all.map(({ topic, partitions }) => `${topic} has ${partitions}`))].join(', ')
    throw new MillraceError({
      code: 'CO_PARTITIONING',
      what: `the inputs of the join have different numbers of partitions: ${listed}`,
      where: step,
      remedy: 'give the topics the same number of partitions, or put a repartition in front of one side',
      details: { step },
    })
  }
}

/** The sources that a step's records come from, within its sub-topology. */
function sourcesOf(node: StepNode, found = new Set<StepNode>()): Set<StepNode> {
  if (node.source !== undefined) found.add(node)
  for (const parent of node.parents) sourcesOf(parent, found)
  return found
}

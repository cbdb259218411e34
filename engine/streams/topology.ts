/**
 * The finished topology. Steps that are connected, or read one topic, form a sub-topology; a task runs one sub-topology for one
 * partition. Repartition topics lie between sub-topologies.
 */
import { assert } from '../base/assert.ts'
import { MillraceError } from '../base/errors.ts'
import type { Topology } from './api.ts'
import type {
  CoPartitioning,
  GlobalTableSpec,
  RepartitionSpec,
  StepNode,
  StoreSpec,
  TopicRef,
} from './graph.ts'
import type { GraphBuilder } from './graph-builder.ts'

export interface SubTopology {
  readonly index: number
  /** In the order in which they were added: parents before children. */
  readonly nodes: readonly StepNode[]
  readonly sources: readonly StepNode[]
  readonly stores: readonly StoreSpec[]
}

export class BuiltTopology implements Topology {
  readonly subTopologies: readonly SubTopology[]
  readonly repartitions: readonly RepartitionSpec[]
  readonly coPartitionings: readonly CoPartitioning[]
  readonly globals: readonly GlobalTableSpec[]

  constructor(
    subTopologies: readonly SubTopology[],
    repartitions: readonly RepartitionSpec[],
    coPartitionings: readonly CoPartitioning[],
    globals: readonly GlobalTableSpec[],
  ) {
    this.subTopologies = subTopologies
    this.repartitions = repartitions
    this.coPartitionings = coPartitionings
    this.globals = globals
  }

  describe(): string {
    const globals = this.globals.map(
      ({ name, source, storeName }) => `Global table ${name} (topic ${source.topic.name}) [${storeName}]\n`,
    )
    return [...globals, ...this.subTopologies.map(describeSubTopology)].join('\n')
  }
}

/** @throws MillraceError for an object that `build()` did not make */
export function builtTopology(topology: Topology): BuiltTopology {
  assert(topology instanceof BuiltTopology, 'a topology comes from build()')
  return topology
}

export function buildTopology(graph: GraphBuilder): BuiltTopology {
  if (!graph.nodes.some((node) => node.source !== undefined)) {
    throw new MillraceError({
      code: 'EMPTY_TOPOLOGY',
      what: 'the topology has no source',
      remedy: 'begin it with stream() or table()',
    })
  }
  checkStoreNames(graph.nodes, graph.globals)
  checkGlobalTopics(graph.nodes, graph.globals)
  const groups = new Groups(graph.nodes.length)
  const index = new Map(graph.nodes.map((node, i) => [node, i]))
  const topicReaders = new Map<string, number>()
  graph.nodes.forEach((node, i) => {
    for (const parent of node.parents) groups.join(i, index.get(parent)!)
    if (node.source === undefined) return
    const id = topicId(node.source.topic)
    const reader = topicReaders.get(id)
    if (reader === undefined) topicReaders.set(id, i)
    else groups.join(i, reader)
  })
  const members = new Map<number, StepNode[]>()
  graph.nodes.forEach((node, i) => {
    const root = groups.rootOf(i)
    const list = members.get(root)
    if (list === undefined) members.set(root, [node])
    else list.push(node)
  })
  const subTopologies = [...members.values()].map((nodes, i) => ({
    index: i,
    nodes,
    sources: nodes.filter((node) => node.source !== undefined),
    stores: nodes.flatMap((node) => node.stores),
  }))
  return new BuiltTopology(subTopologies, graph.repartitions, graph.coPartitionings, graph.globals)
}

export function topicId(topic: TopicRef): string {
  return topic.internal ? `internal ${topic.name}` : topic.name
}

/** Disjoint sets; the root of a set is its smallest member, so that numbering follows the order of adding. */
class Groups {
  readonly #parent: number[]

  constructor(size: number) {
    this.#parent = Array.from({ length: size }, (_, i) => i)
  }

  rootOf(i: number): number {
    let root = i
    while (this.#parent[root]! !== root) root = this.#parent[root]!
    this.#parent[i] = root
    return root
  }

  join(a: number, b: number): void {
    const [low, high] = [this.rootOf(a), this.rootOf(b)].sort((x, y) => x - y)
    this.#parent[high!] = low!
  }
}

function checkStoreNames(nodes: readonly StepNode[], globals: readonly GlobalTableSpec[]): void {
  const owners = new Map<string, string>()
  const stores = [
    ...globals.map(({ name, storeName }) => ({ owner: name, store: storeName })),
    ...nodes.flatMap((node) => node.stores.map(({ name }) => ({ owner: node.name, store: name }))),
  ]
  for (const { owner, store } of stores) {
    const other = owners.get(store)
    if (other !== undefined) {
      throw new MillraceError({
        code: 'DUPLICATE_STORE_NAME',
        what: `two stores are named "${store}"`,
        where: `${other}, ${owner}`,
        remedy: 'give one of them another name: changelogs are named after stores',
      })
    }
    owners.set(store, owner)
  }
}

/** A topic is read in one way: by partition in tasks, or as a whole by every instance. */
function checkGlobalTopics(nodes: readonly StepNode[], globals: readonly GlobalTableSpec[]): void {
  const readers = new Map<string, string>()
  for (const { name, source } of nodes) if (source !== undefined) readers.set(topicId(source.topic), name)
  for (const { name, source } of globals) {
    const other = readers.get(topicId(source.topic))
    if (other !== undefined) {
      throw new MillraceError({
        code: 'TOPIC_READ_TWICE',
        what: `the topic "${source.topic.name}" of the global table is read by another step too`,
        where: `${name}, ${other}`,
        remedy: 'let the global table have a topic of its own, or use one step for both',
      })
    }
    readers.set(topicId(source.topic), name)
  }
}

function describeSubTopology({ index, nodes }: SubTopology): string {
  const lines = [`Sub-topology ${index}`]
  for (const node of nodes) {
    const detail = node.detail === '' ? '' : ` (${node.detail})`
    const stores = node.stores.length === 0 ? '' : ` [${node.stores.map(({ name }) => name).join(', ')}]`
    const targets = node.children.map((edge) => edge.node.name)
    const arrow = targets.length === 0 ? '' : ` → ${targets.join(', ')}`
    lines.push(`  ${node.kind} ${node.name}${detail}${stores}${arrow}`)
  }
  return `${lines.join('\n')}\n`
}

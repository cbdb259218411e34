import type { Step, TopologyPlan } from '../streams/plan.ts'

/** Ids of the steps that a step gets its records from. */
export function parentsOf(step: Step): readonly string[] {
  if ('left' in step) return [step.left, step.right]
  if ('parts' in step) return step.parts.map(({ from }) => from)
  if (!('from' in step)) return []
  return typeof step.from === 'string' ? [step.from] : step.from
}

type Reading = Extract<Step, { readonly op: 'stream' | 'table' }>
const readsTopic = (step: Step): step is Reading => step.op === 'stream' || step.op === 'table'

/** A branch's child is `id.name`; its records come from the branch. */
export function stepOfRef(ref: string, steps: ReadonlyMap<string, Step>): Step | undefined {
  const whole = steps.get(ref)
  if (whole) return whole
  const dot = ref.lastIndexOf('.')
  return dot < 0 ? undefined : steps.get(ref.slice(0, dot))
}

export interface NodeSteps {
  readonly node: string
  readonly steps: readonly Step[]
  /** Those that get records from other nodes, or from a topic. */
  readonly first: readonly Step[]
  /** Those that no other step of the node follows. */
  readonly last: readonly Step[]
}

/** The steps of each canvas node, in the plan's order. */
export function stepsByNode(plan: TopologyPlan): NodeSteps[] {
  const byId = new Map(plan.steps.map((step) => [step.id, step]))
  const parentNodes = (step: Step) => parentsOf(step).map((ref) => stepOfRef(ref, byId)?.node)
  const inner = new Set<string>()
  for (const step of plan.steps) {
    for (const ref of parentsOf(step)) {
      const parent = stepOfRef(ref, byId)
      if (parent?.node === step.node) inner.add(parent.id)
    }
  }
  const nodes = new Map<string, Step[]>()
  for (const step of plan.steps) nodes.set(step.node, [...(nodes.get(step.node) ?? []), step])
  // Grouping by the key as it is takes no step of its own: what follows it sees the records first.
  const groupings = new Set(plan.steps.filter((step) => step.op === 'groupByKey').map((step) => step.id))
  // A node that reads back what it wrote, such as a file sink behind its topic of one partition, counts once.
  const handedOver = new Map(
    plan.steps.flatMap((step) => (step.op === 'to' ? [[step.topic, step] as const] : [])),
  )
  for (const step of plan.steps) {
    const writer = readsTopic(step) ? handedOver.get(step.topic) : undefined
    if (writer?.node === step.node) inner.add(writer.id)
  }
  const readsBack = (step: Step): boolean =>
    readsTopic(step) && handedOver.get(step.topic)?.node === step.node
  const isFirst = (step: Step): boolean =>
    !readsBack(step) &&
    (!parentNodes(step).includes(step.node) || parentsOf(step).some((parent) => groupings.has(parent)))
  return [...nodes].map(([node, steps]) => ({
    node,
    steps,
    first: steps.filter((step) => isFirst(step) && step.op !== 'groupByKey'),
    last: steps.filter((step) => !inner.has(step.id)),
  }))
}

/** The topic that a node reads or writes, where it does. */
export function topicOfNode(steps: readonly Step[]): string | undefined {
  for (const step of steps) if ('topic' in step) return step.topic
  return undefined
}

/** Nodes with code or expressions of the user's, in a fixed order. */
export function guardedNodes(plan: TopologyPlan): string[] {
  return [...new Set([...plan.steps.map((step) => step.node), ...plan.feeds.map((feed) => feed.node)])]
}

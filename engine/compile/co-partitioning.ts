/**
 * Both sides of a join must lie in the same number of partitions, or equal keys never meet. What has been given another key is
 * laid out anew by the runtime, in as many partitions as the other side has; what comes from a topic as it is cannot be.
 */
import { findNode, type PipelineDocument, type Problem, problem } from '../pipeline/index.ts'
import type { Step, TopologyPlan } from '../streams/plan.ts'

interface Layout {
  readonly topic: string
  readonly partitions: number
}

export function coPartitioningProblems(document: PipelineDocument, plan: TopologyPlan): Problem[] {
  const steps = new Map(plan.steps.map((step) => [step.id, step]))
  return plan.steps.flatMap((step) => {
    if (step.op !== 'streamStreamJoin' && step.op !== 'streamTableJoin') return []
    const left = layoutOf(step.left, steps, plan)
    const right = layoutOf(step.right, steps, plan)
    if (!left || !right || left.partitions === right.partitions) return []
    const name = findNode(document, step.node)?.name ?? step.node
    return [
      problem('MR-213', {
        what: `${name}: ${left.topic} has ${count(left)}, ${right.topic} has ${count(right)}: equal keys would not meet`,
        remedy:
          'give both topics the same number of partitions, or let the join choose the key by an expression',
        node: step.node,
      }),
    ]
  })
}

function count({ partitions }: Layout): string {
  return partitions === 1 ? '1 partition' : `${partitions} partitions`
}

/** The topic whose partitions the records of a step still lie in; undefined when they are laid out anew before a join. */
function layoutOf(ref: string, steps: ReadonlyMap<string, Step>, plan: TopologyPlan): Layout | undefined {
  const step = steps.get(ref) ?? steps.get(ref.slice(0, Math.max(0, ref.lastIndexOf('.'))))
  switch (step?.op) {
    case 'stream':
    case 'table': {
      const partitions = plan.topics.find((topic) => topic.name === step.topic)?.partitions
      return partitions === undefined ? undefined : { topic: step.topic, partitions }
    }
    case 'mapValues':
    case 'filter':
    case 'filterNot':
    case 'flatMapValues':
    case 'branch':
    case 'toStream':
    case 'toTable':
    case 'groupByKey':
    case 'count':
    case 'summarize':
    case 'aggregate':
    case 'reduce':
      return layoutOf(step.from, steps, plan)
    case 'streamStreamJoin':
    case 'streamTableJoin':
      return layoutOf(step.left, steps, plan) ?? layoutOf(step.right, steps, plan)
    case 'merge': {
      const layouts = step.from.map((from) => layoutOf(from, steps, plan))
      return layouts.every((layout) => layout?.partitions === layouts[0]?.partitions) ? layouts[0] : undefined
    }
    default:
      return undefined
  }
}

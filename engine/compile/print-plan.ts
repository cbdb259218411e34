/** A plan as text: the same for the same document, for people, for tests, and to see what an edit changes. */
import type { Step, TopologyPlan } from '../streams/plan.ts'

export function printPlan(plan: TopologyPlan): string {
  const lines: string[] = []
  for (const { id, kind, topic, first } of plan.feeds)
    lines.push(`feed ${id} (${kind}) → ${topic}${first ? ', first' : ''}`)
  for (const step of plan.steps) lines.push(printStep(step))
  for (const { name, partitions, configs } of plan.topics) {
    const settings = Object.entries(configs ?? {}).map(([key, value]) => `, ${key}=${value}`)
    lines.push(`topic ${name}${partitions === undefined ? '' : ` × ${partitions}`}${settings.join('')}`)
  }
  return `${lines.join('\n')}\n`
}

function printStep(step: Step): string {
  const { id, node, op, ...rest } = step
  const parts: string[] = []
  const inputs: string[] = []
  for (const [name, value] of Object.entries(rest)) {
    if (value === undefined) continue
    if (name === 'from') inputs.push(...(Array.isArray(value) ? value : [value]))
    else if (name === 'left' || name === 'right') inputs.push(String(value))
    else parts.push(`${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
  }
  const from = inputs.length === 0 ? '' : ` ← ${inputs.join(', ')}`
  const owner = node === id ? '' : ` [${node}]`
  return `${op} ${id}${owner}${from}${parts.length === 0 ? '' : ` { ${parts.join('; ')} }`}`
}

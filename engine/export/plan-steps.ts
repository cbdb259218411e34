import type { Step } from '../compile/index.ts'
import { ofPositions } from './code-text.ts'

export function typedPicker(expr: string, value: string): string {
  const picker = ofPositions(expr, ['value', 'key'])
  return picker.replace(/^\(value/, `(value: ${value}`)
}

export function inputsOf(step: Step): readonly string[] {
  if ('left' in step) return [step.left, step.right]
  if ('parts' in step) return step.parts.map(({ from }) => from)
  if (!('from' in step)) return []
  return typeof step.from === 'string' ? [step.from] : step.from
}

/** Whether the follower's code goes on after the step's: it does not where the step is an argument. */
export function chainsOnto(follower: Step, step: Step): boolean {
  if ('right' in follower) return follower.left === step.id && follower.right !== step.id
  return 'from' in follower && follower.from === step.id
}

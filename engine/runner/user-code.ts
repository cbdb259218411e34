import type { BundledCode, CodeLoader } from '../environment/index.ts'
import type { BuildPlanOptions, Processor, Step, TopologyPlan } from '../streams/index.ts'
import * as streams from '../streams/index.ts'
import type { Guarded } from './guard.ts'

/** The user's code of a plan as `buildPlan` takes it, each function under its node's name in the guard. */
export function userCode(
  plan: TopologyPlan,
  modules: Readonly<Record<string, BundledCode>>,
  code: CodeLoader,
  guarded: Guarded,
): Pick<BuildPlanOptions, 'compileExpression' | 'loadModule'> {
  const nodeOfText = textOwners(plan)
  return {
    compileExpression(text, names) {
      const compiled = code.expression(text, names)
      const node = nodeOfText.get(text)
      return node === undefined ? compiled : guarded(node, compiled)
    },
    loadModule(path) {
      const step = plan.steps.find((candidate) => candidate.op === 'process' && candidate.module === path)
      const bundle = modules[path]
      if (!step || !bundle) return {}
      const load = guarded(step.node, () => code.load(bundle, { millrace: streams }))
      const exports = load()
      const make = exports.default
      if (typeof make !== 'function') return exports
      const supply = guarded(step.node, (): Processor => Reflect.apply(make, undefined, []))
      return { ...exports, default: () => guardedProcessor(supply(), step, guarded) }
    },
  }
}

function guardedProcessor(processor: Processor, step: Step, guarded: Guarded): Processor {
  const init = processor.init?.bind(processor)
  const close = processor.close?.bind(processor)
  return {
    init: init && guarded(step.node, init),
    process: guarded(step.node, processor.process.bind(processor)),
    close: close && guarded(step.node, close),
  }
}

/** By the text of each expression in the plan, the node that has it; the first, where several have the same. */
function textOwners(plan: TopologyPlan): ReadonlyMap<string, string> {
  const owners = new Map<string, string>()
  const visit = (value: unknown, node: string): void => {
    if (typeof value === 'string') {
      if (!owners.has(value)) owners.set(value, node)
    } else if (typeof value === 'object' && value !== null) {
      for (const part of Object.values(value)) visit(part, node)
    }
  }
  for (const step of plan.steps) visit(step, step.node)
  return owners
}

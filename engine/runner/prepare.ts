import { MillraceError } from '../base/errors.ts'
import { compile } from '../compile/index.ts'
import type { BundledCode, Environment } from '../environment/index.ts'
import { kinds } from '../nodes/kinds.ts'
import type { PipelineDocument } from '../pipeline/document.ts'
import type { TopologyPlan } from '../streams/plan.ts'
import type { RunFailure } from './messages.ts'

export interface Prepared {
  readonly plan: TopologyPlan
  /** By the module's path as the plan names it. */
  readonly modules: Readonly<Record<string, BundledCode>>
}

/** A run that can not start: the first thing to mend, at its node and line. */
export class NotRunnable extends Error {
  readonly failure: RunFailure

  constructor(failure: RunFailure) {
    super(failure.error.what)
    this.failure = failure
  }
}

/** The plan of the document, and its processors as they can be loaded. @throws NotRunnable */
export async function prepare(
  environment: Environment,
  document: PipelineDocument,
  folder: string,
): Promise<Prepared> {
  const plan = planOf(document, folder)
  return { plan, modules: await bundleModules(environment, plan, folder) }
}

/** What the document makes run. @throws NotRunnable */
export function planOf(document: PipelineDocument, folder: string): TopologyPlan {
  const { plan, problems } = compile(document, kinds, { applicationId: document.id })
  const error = problems.find((problem) => problem.severity === 'error')
  if (error) {
    const { code, what, remedy, node, file } = error
    throw new NotRunnable({ error: { code, what, where: node ?? folder, remedy }, node, file })
  }
  if (plan.steps.length === 0) {
    const nothing = new MillraceError({
      code: 'NOTHING_TO_RUN',
      what: 'the pipeline has no node that does anything',
      where: folder,
      remedy: 'add a source and connect it',
    })
    throw new NotRunnable({ error: nothing.toJSON() })
  }
  return plan
}

async function bundleModules(
  environment: Environment,
  plan: TopologyPlan,
  folder: string,
): Promise<Record<string, BundledCode>> {
  const modules: Record<string, BundledCode> = {}
  for (const step of plan.steps) {
    if (step.op !== 'process' || modules[step.module]) continue
    const path = `${folder}/${step.module}`
    if (!(await environment.disk.stat(path))) {
      throw new NotRunnable({
        error: {
          code: 'FILE_NOT_FOUND',
          what: `the processor's file ${step.module} is missing`,
          where: path,
          remedy: 'make the file, or choose another at the node',
        },
        node: step.node,
      })
    }
    const code = await environment.code.bundle(path)
    const problem = code.problems[0]
    if (problem) {
      const { path: file, line, column, text } = problem
      throw new NotRunnable({
        error: {
          code: 'CODE_HAS_ERRORS',
          what: text,
          where: `${file}:${line}:${column}`,
          remedy: 'correct the file',
        },
        node: step.node,
        file: { path: file, line, column },
      })
    }
    modules[step.module] = code
  }
  return modules
}

import { compile, coPartitioningProblems, printPlan } from '../compile/index.ts'
import type { WorkerBody } from '../environment/index.ts'
import { nodeDefinitions } from '../nodes/definitions.ts'
import { kinds } from '../nodes/kinds.ts'
import type { PipelineDocument } from '../pipeline/document.ts'
import { problem } from '../pipeline/problem-codes.ts'
import { validate } from '../pipeline/validate.ts'
import { createTyping, type Typing, type TypingResult } from '../typing/index.ts'
import type { Analysis, Output } from './contract.ts'
import { type ExportRequest, exportPipeline } from './export.ts'
import type { SourceFile } from './files/pipeline-folder.ts'
import { answerCalls } from './worker-calls.ts'

export interface AnalysisRequest {
  readonly document: PipelineDocument
  readonly files: readonly SourceFile[]
}

export interface TypingCalls {
  analyze: { input: AnalysisRequest; output: Analysis }
  export: { input: ExportRequest; output: Output<'pipeline.export'> }
}

/**
 * The typing thread; and, in a thread of its own each time, an export, which needs types and tries the user's code.
 * @param libraryFolder where the package `typescript` has its declarations
 */
export function typingBody(libraryFolder: string): WorkerBody {
  return async ({ environment, port }) => {
    let typing: Promise<Typing> | undefined
    answerCalls<TypingCalls, never>(port, {
      async analyze(request) {
        typing ??= createTyping(environment, { libraryFolder })
        return analyzeDocument(await typing, request)
      },
      export: (request) => exportPipeline(environment, request, libraryFolder),
    })
    // It stays until the host ends it.
    await new Promise(() => undefined)
  }
}

const noTypes: TypingResult = { problems: [], edges: {}, editors: {} }
const tooDeep = { what: 'it is nested too deeply' }
const notChecked = problem('MR-307', {
  what: 'the types cannot be told: an expression, a type or a processor is too deep for the compiler',
  remedy: 'take apart what is nested deeply, or is a long chain',
})

/** The compiler goes into what is nested by calling itself, as deep as the stack is. */
function unlessTooDeep<T>(work: () => T, otherwise: T): T {
  try {
    return work()
  } catch (thrown) {
    if (thrown instanceof RangeError) return otherwise
    throw thrown
  }
}

/** Every problem of a document and its code, the types on its edges, and what it compiles to. */
export function analyzeDocument(typing: Typing, { document, files }: AnalysisRequest): Analysis {
  const problems = validate(document, nodeDefinitions, {
    checkExpression: (text) => unlessTooDeep(() => typing.checkExpression(text), tooDeep),
  })
  const { plan } = compile(document, kinds, { applicationId: document.id })
  const types = problems.some(({ code }) => code === 'MR-133')
    ? noTypes
    : unlessTooDeep(() => typing.analyze({ document, files, definitions: nodeDefinitions }), {
        ...noTypes,
        problems: problems.some(({ code }) => code === 'MR-104') ? [] : [notChecked],
      })
  return {
    problems: [...problems, ...coPartitioningProblems(document, plan), ...types.problems],
    edges: { ...types.edges },
    editors: { ...types.editors },
    topology: printPlan(plan),
  }
}

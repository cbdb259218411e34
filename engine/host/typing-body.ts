import { compile, coPartitioningProblems, printPlan } from '../compile/index.ts'
import type { WorkerBody } from '../environment/index.ts'
import { nodeDefinitions } from '../nodes/definitions.ts'
import { kinds } from '../nodes/kinds.ts'
import type { PipelineDocument } from '../pipeline/document.ts'
import { validate } from '../pipeline/validate.ts'
import { createTyping, type Typing } from '../typing/index.ts'
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

/** Every problem of a document and its code, the types on its edges, and what it compiles to. */
export function analyzeDocument(typing: Typing, { document, files }: AnalysisRequest): Analysis {
  const problems = validate(document, nodeDefinitions, { checkExpression: typing.checkExpression })
  const { plan } = compile(document, kinds, { applicationId: document.id })
  const types = typing.analyze({ document, files, definitions: nodeDefinitions })
  return {
    problems: [...problems, ...coPartitioningProblems(document, plan), ...types.problems],
    edges: { ...types.edges },
    editors: { ...types.editors },
    topology: printPlan(plan),
  }
}

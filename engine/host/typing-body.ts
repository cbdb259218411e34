import { compile, printPlan } from '../compile/index.ts'
import type { WorkerBody } from '../environment/index.ts'
import { nodeDefinitions } from '../nodes/definitions.ts'
import { kinds } from '../nodes/kinds.ts'
import type { PipelineDocument } from '../pipeline/document.ts'
import { validate } from '../pipeline/validate.ts'
import { createTyping, type Typing } from '../typing/index.ts'
import type { Analysis } from './contract.ts'
import type { SourceFile } from './files/pipeline-folder.ts'
import { answerCalls } from './worker-calls.ts'

export interface AnalysisRequest {
  readonly document: PipelineDocument
  readonly files: readonly SourceFile[]
}

export interface TypingCalls {
  analyze: { input: AnalysisRequest; output: Analysis }
}

/** The typing thread. @param libraryFolder where the package `typescript` has its declarations */
export function typingBody(libraryFolder: string): WorkerBody {
  return async ({ environment, port }) => {
    const typing = createTyping(environment, { libraryFolder })
    answerCalls<TypingCalls, never>(port, {
      analyze: async (request) => analyzeDocument(await typing, request),
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
    problems: [...problems, ...types.problems],
    edges: { ...types.edges },
    editors: { ...types.editors },
    topology: printPlan(plan),
  }
}

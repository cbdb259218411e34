/** Problems and types of the open document: its own rules at once, types and processors from the host a moment later. */
import { create } from 'zustand'
import type { Analysis } from '../../engine/host/contract.ts'
import type { PipelineDocument } from '../../engine/pipeline/document.ts'
import type { Problem } from '../../engine/pipeline/problem.ts'
import { validate } from '../../engine/pipeline/validate.ts'
import { host } from '../host/client.ts'
import { kinds } from '../parts/kinds.ts'
import { type OpenPipeline, useDocument } from './document-store.ts'

interface AnalysisStore {
  readonly problems: readonly Problem[]
  readonly edges: Analysis['edges']
  readonly editors: Analysis['editors']
  readonly topology: string | undefined
  /** The host's answer is not there yet, or could not be had. */
  readonly state: 'waiting' | 'done' | 'failed'
}

const nothingKnown: AnalysisStore = {
  problems: [],
  edges: {},
  editors: {},
  topology: undefined,
  state: 'waiting',
}

export const useAnalysis = create<AnalysisStore>(() => nothingKnown)

const settleMs = 250
let sequence = 0
let timer: ReturnType<typeof setTimeout> | undefined

/** Follows the open document for as long as the window lives. */
export function followDocument(): () => void {
  return useDocument.subscribe(({ pipeline }, before) => {
    const previous = before.pipeline
    if (pipeline?.path !== previous?.path) useAnalysis.setState(nothingKnown)
    if (!pipeline) return
    // Fields may name a data file that was missing until now.
    const same =
      pipeline.document === previous?.document &&
      pipeline.files === previous?.files &&
      pipeline.assets === previous?.assets
    if (same) return
    showOwnRules(pipeline.document)
    clearTimeout(timer)
    timer = setTimeout(() => void askHost(pipeline), previous ? settleMs : 0)
  })
}

function showOwnRules(document: PipelineDocument): void {
  const own = validate(document, kinds)
  const fromHost = useAnalysis
    .getState()
    .problems.filter((problem) => fromTypes(problem) && stillThere(problem, document))
  useAnalysis.setState({ problems: merge(own, fromHost), state: 'waiting' })
}

async function askHost(pipeline: OpenPipeline): Promise<void> {
  const mine = ++sequence
  try {
    const answer = await host().call('pipeline.analyze', {
      path: pipeline.path,
      document: pipeline.document,
      files: [...pipeline.files],
    })
    if (mine !== sequence || useDocument.getState().pipeline?.path !== pipeline.path) return
    const own = validate(useDocument.getState().pipeline!.document, kinds)
    useAnalysis.setState({
      problems: merge(own, answer.problems),
      edges: answer.edges,
      editors: answer.editors,
      topology: answer.topology,
      state: 'done',
    })
  } catch {
    // The window says that the host is lost; types come back with it.
    if (mine === sequence) useAnalysis.setState({ state: 'failed' })
  }
}

/** What only the type checker finds; kept on screen while it looks again. */
const fromTypes = (problem: Problem) => problem.file !== undefined || problem.edge !== undefined

const stillThere = (problem: Problem, document: PipelineDocument) =>
  (problem.node === undefined || document.nodes.some((node) => node.id === problem.node)) &&
  (problem.edge === undefined || document.edges.some((edge) => edge.id === problem.edge))

function merge(...lists: readonly (readonly Problem[])[]): readonly Problem[] {
  const seen = new Map<string, Problem>()
  for (const problem of lists.flat()) {
    const place = problem.file
      ? `${problem.file.path}:${problem.file.line}:${problem.file.column}`
      : (problem.field ?? '')
    seen.set([problem.code, problem.node, problem.edge, place, problem.what].join('|'), problem)
  }
  return [...seen.values()].sort((a, b) => rank(a) - rank(b))
}

const rank = (problem: Problem) => (problem.severity === 'error' ? 0 : 1)

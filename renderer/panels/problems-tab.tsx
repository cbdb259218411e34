import { CircleX, TriangleAlert } from 'lucide-react'
import type { Problem } from '../../engine/pipeline/problem.ts'
import { Empty } from '../parts/controls.tsx'
import { whole } from '../parts/format.ts'
import { useAnalysis } from '../stores/analysis.ts'
import { useDocument } from '../stores/document-store.ts'
import { showFile, showNode, showProblem } from '../stores/reveal.ts'
import { type CountedFailure, useRun } from '../stores/run.ts'

/** Everything that is wrong, in the document and in the run; a click goes there. */
export function ProblemsTab() {
  const problems = useAnalysis((state) => state.problems)
  const failures = useRun((state) => state.failures)
  if (problems.length + failures.length === 0) {
    return <Empty>No problems. What is wrong with the pipeline or its run is listed here.</Empty>
  }
  return (
    <ul className="problem-list scroll" aria-label="Problems">
      {failures.map((counted) => (
        <li key={counted.key}>
          <FailureRow {...counted} />
        </li>
      ))}
      {problems.map((problem) => (
        <li key={problemKey(problem)}>
          <ProblemRow problem={problem} />
        </li>
      ))}
    </ul>
  )
}

export const problemKey = ({ code, node, edge, field, file, what }: Problem) =>
  [code, node, edge, field, file?.path, file?.line, file?.column, what].join('|')

export function ProblemRow({ problem }: { readonly problem: Problem }) {
  const node = useNodeName(problem.node)
  const place = problem.file
    ? `${problem.file.path.replace(/^processors\//, '')}:${problem.file.line}`
    : (node ?? '')
  return (
    <button type="button" className="problem" onClick={() => showProblem(problem)}>
      {problem.severity === 'error' ? (
        <CircleX size={15} className="bad" aria-label="Error" />
      ) : (
        <TriangleAlert size={15} className="warn" aria-label="Warning" />
      )}
      <span>
        {place && <b>{place} </b>}
        {withoutName(problem.what, node)}
        <small>
          {problem.code} · {problem.remedy}
        </small>
      </span>
    </button>
  )
}

function FailureRow({ failure, firstWhere, count }: CountedFailure) {
  const node = useNodeName(failure.node)
  const go = () => {
    if (failure.file) showFile(failure.file.path, failure.file.line, failure.file.column)
    else if (failure.node) showNode(failure.node)
  }
  const place = failure.file
    ? `${failure.file.path.replace(/^processors\//, '')}:${failure.file.line}`
    : (node ?? failure.error.where)
  const { where } = failure.error
  const span = firstWhere === where ? where : `${firstWhere} … ${where}`
  return (
    <button type="button" className="problem" onClick={go}>
      <CircleX size={15} className="bad" aria-label="Run failed" />
      <span>
        {place && <b>{place} </b>}
        {failure.error.what}
        {node && where && !failure.file && `, ${span}`}
        <small>
          {failure.error.code}
          {count > 1 && ` · ${whole(count)} times`}
          {failure.error.remedy && ` · ${failure.error.remedy}`}
        </small>
      </span>
    </button>
  )
}

const useNodeName = (id: string | undefined) =>
  useDocument((state) => state.pipeline?.document.nodes.find((node) => node.id === id)?.name)

/** Messages begin with the node's name, which stands in front already. */
const withoutName = (what: string, name: string | undefined) =>
  name && what.startsWith(`${name}: `) ? what.slice(name.length + 2) : what

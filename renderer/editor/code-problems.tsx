import { useEffect, useState } from 'react'
import type { RecordRow } from '../../engine/host/contract.ts'
import { host } from '../host/client.ts'
import { ProblemRow, problemKey } from '../panels/problems-tab.tsx'
import { JsonLine } from '../parts/json.tsx'
import { useAnalysis } from '../stores/analysis.ts'
import { useDocument } from '../stores/document-store.ts'
import { topicOfEdge } from '../stores/reveal.ts'

/** Beside the code: what is wrong with it, and the last records that came in. */
export function CodeProblems({ path }: { readonly path: string }) {
  const problems = useAnalysis((state) => state.problems).filter((problem) => problem.file?.path === path)
  const records = useLastRecords(path)
  return (
    <aside className="code-side scroll" aria-label="Problems of this file">
      <h3>
        {problems.length === 0
          ? 'No problems'
          : problems.length === 1
            ? '1 problem'
            : `${problems.length} problems`}
      </h3>
      <ul>
        {problems.map((problem) => (
          <li key={problemKey(problem)}>
            <ProblemRow problem={problem} />
          </li>
        ))}
      </ul>
      {records.length > 0 && (
        <>
          <h3>Last records upstream</h3>
          <ul className="last-records mono">
            {records.map((record) => (
              <li key={`${record.partition}-${record.offset}`} className="ellipsis">
                <JsonLine text={record.value.text} />
              </li>
            ))}
          </ul>
        </>
      )}
    </aside>
  )
}

const lastCount = 3

function useLastRecords(path: string): readonly RecordRow[] {
  const document = useDocument((state) => state.pipeline?.document)
  const [records, setRecords] = useState<readonly RecordRow[]>([])
  const node = document?.nodes.find((other) => Object.values(other.config).includes(path))?.id
  const edge = document?.edges.find((other) => other.to.node === node)?.id
  const topic = edge ? topicOfEdge(edge) : undefined
  useEffect(() => {
    let stale = false
    setRecords([])
    if (!topic) return
    host()
      .call('records.read', { topic, from: { at: 'end' }, backwards: true, limit: lastCount, textMax: 400 })
      .then((answer) => {
        if (!stale) setRecords(answer.records.slice(0, lastCount))
      })
      .catch(() => {
        // The topic is made by the first run; until then there is nothing to show.
        if (!stale) setRecords([])
      })
    return () => {
      stale = true
    }
  }, [topic])
  return records
}

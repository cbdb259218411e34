import { Spline } from 'lucide-react'
import { problemKey } from '../panels/problems-tab.tsx'
import { Button } from '../parts/controls.tsx'
import { rate, whole } from '../parts/format.ts'
import { useAnalysis } from '../stores/analysis.ts'
import { command } from '../stores/commands.ts'
import { useDocument } from '../stores/document-store.ts'
import { useLive } from '../stores/live.ts'
import { showTopic, topicOfEdge } from '../stores/reveal.ts'

/** An edge: from where to where, the types of what flows, and how much. */
export function EdgeInspector({ edge }: { readonly edge: string }) {
  const document = useDocument((state) => state.pipeline?.document)
  const type = useAnalysis((state) => state.edges[edge])
  const problems = useAnalysis((state) => state.problems).filter((problem) => problem.edge === edge)
  const flow = useLive((sample) => sample?.edges[edge])
  const found = document?.edges.find((other) => other.id === edge)
  if (!document || !found) return null
  const nameOf = (id: string) => document.nodes.find((node) => node.id === id)?.name ?? id
  const topic = topicOfEdge(edge)
  return (
    <>
      <header className="inspector-head">
        <span className="kind-tile neutral">
          <Spline size={16} aria-hidden />
        </span>
        <div className="grow">
          <h2 className="ellipsis">
            {nameOf(found.from.node)} → {nameOf(found.to.node)}
          </h2>
          <p className="muted">edge</p>
        </div>
      </header>
      <div className="inspector-body scroll form">
        {problems.map((problem) => (
          <p key={problemKey(problem)} className="notice error">
            <span>
              {problem.what}
              <br />
              <span className="faint">{problem.remedy}</span>
            </span>
          </p>
        ))}
        <section className="now figures">
          <dl>
            <dt>flows</dt>
            <dd>{rate(flow?.recordsPerSec)}</dd>
            <dt>this run</dt>
            <dd>{whole(flow?.total)}</dd>
          </dl>
        </section>
        <section>
          <h3>Key</h3>
          <pre className="type-text mono">{type?.key ?? '–'}</pre>
          <h3>Value</h3>
          <pre className="type-text mono">{type?.value ?? '–'}</pre>
        </section>
        <div className="row wrap">
          {topic && <Button onClick={() => showTopic(topic)}>Show records of {topic}</Button>}
          <Button look="danger" onClick={() => command('delete').run()}>
            Delete edge
          </Button>
        </div>
      </div>
    </>
  )
}

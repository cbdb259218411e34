import { behind, figure, percent, rate, whole } from '../parts/format.ts'
import { useDocument } from '../stores/document-store.ts'
import { useNodeMetrics } from '../stores/live.ts'
import { showTopic } from '../stores/reveal.ts'
import { useRunning } from '../stores/run.ts'

/** The inspected node's figures of this moment, below its form. */
export function NowFigures({ node }: { readonly node: string }) {
  const path = useDocument((state) => state.pipeline?.path)
  const running = useRunning(path)
  const metrics = useNodeMetrics(node)
  if (!running) return null
  const topic = metrics?.topic
  return (
    <section className="now figures">
      <h3>Now</h3>
      <dl>
        <dt>in → out</dt>
        <dd>
          {rate(metrics?.inPerSec)} → {rate(metrics?.outPerSec)}
        </dd>
        <dt>busy</dt>
        <dd>{percent(metrics?.busy)}</dd>
      </dl>
      <div className="meter" aria-hidden>
        <span style={{ width: `${Math.min(100, (metrics?.busy ?? 0) * 100)}%` }} />
      </div>
      <dl>
        {metrics?.lagRecords !== undefined && (
          <>
            <dt>lag</dt>
            <dd>
              {figure(metrics.lagRecords)} <span className="faint">{behind(metrics.lagMs)}</span>
            </dd>
          </>
        )}
        <dt>dropped · failed</dt>
        <dd>
          {whole(metrics?.dropped)} ·{' '}
          <span className={metrics?.failed ? 'bad' : ''}>{whole(metrics?.failed)}</span>
        </dd>
        {topic && (
          <>
            <dt>topic</dt>
            <dd>
              <button type="button" className="link ellipsis" onClick={() => showTopic(topic)}>
                {topic}
              </button>
            </dd>
          </>
        )}
      </dl>
    </section>
  )
}

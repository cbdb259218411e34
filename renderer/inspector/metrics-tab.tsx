import { TriangleAlert } from 'lucide-react'
import type { PipelineNode } from '../../engine/pipeline/document.ts'
import { Chart } from '../parts/chart.tsx'
import { Empty } from '../parts/controls.tsx'
import { figure, percent, rate, span, whole } from '../parts/format.ts'
import { Partition } from '../parts/partition.tsx'
import { openPipeline } from '../stores/document-store.ts'
import { useLive, useNodeMetrics } from '../stores/live.ts'

/** Totals, rates, lag per partition and the last error of one node. */
export function MetricsTab({ node }: { readonly node: PipelineNode }) {
  const metrics = useNodeMetrics(node.id)
  const sequence = useLive((sample) => sample?.sequence ?? 0)
  if (!metrics) return <Empty>Figures come with the first run.</Empty>
  const most = Math.max(1, ...(metrics.lagPerPartition ?? []).map((partition) => partition.records))
  return (
    <div className="form figures">
      {metrics.lastError && (
        <p className="notice error">
          <TriangleAlert size={15} aria-hidden />
          <span>
            {metrics.lastError.what} <span className="mono faint">{shortPlace(metrics.lastError.where)}</span>
            <br />
            {whole(metrics.lastError.count)} times
          </span>
        </p>
      )}
      <section>
        <h3>Records a second, last minute</h3>
        <Chart node={node.id} revision={sequence} />
      </section>
      <section className="now">
        <dl>
          <dt>records in</dt>
          <dd>
            {whole(metrics.in)} <span className="faint">{rate(metrics.inPerSec)}</span>
          </dd>
          <dt>records out</dt>
          <dd>
            {whole(metrics.out)} <span className="faint">{rate(metrics.outPerSec)}</span>
          </dd>
          <dt>dropped</dt>
          <dd>{whole(metrics.dropped)}</dd>
          <dt>failed</dt>
          <dd className={metrics.failed ? 'bad' : ''}>{whole(metrics.failed)}</dd>
          <dt>busy</dt>
          <dd>{percent(metrics.busy)}</dd>
          <dt>records-lag</dt>
          <dd>
            {figure(metrics.lagRecords)}{' '}
            {metrics.lagMs !== undefined && <span className="faint">{span(metrics.lagMs)}</span>}
          </dd>
        </dl>
      </section>
      {metrics.lagPerPartition && metrics.lagPerPartition.length > 0 && (
        <section>
          <h3>Lag per partition</h3>
          <ul className="lag-list">
            {metrics.lagPerPartition.map((partition) => (
              <li key={`${partition.topic}-${partition.partition}`}>
                <Partition number={partition.partition} />
                <span className="lag-bar">
                  <span style={{ width: `${(partition.records / most) * 100}%` }} />
                </span>
                <span>{figure(partition.records)}</span>
              </li>
            ))}
          </ul>
        </section>
      )}
    </div>
  )
}

/** Places in files are told with the pipeline's folder, which is known here. */
function shortPlace(where: string): string {
  const folder = openPipeline()?.path.replace(/\/?pipeline\.json$/, '')
  return folder ? where.replaceAll(`${folder}/`, '') : where
}

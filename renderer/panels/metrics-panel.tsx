import type { Sample } from '../../engine/host/contract.ts'
import type { PipelineNode } from '../../engine/pipeline/document.ts'
import { Empty } from '../parts/controls.tsx'
import { behind, figure, percent, rate, whole } from '../parts/format.ts'
import { definitionOf, iconOf } from '../parts/kinds.ts'
import { useDocument } from '../stores/document-store.ts'
import { useLive } from '../stores/live.ts'
import { showNode } from '../stores/reveal.ts'

const columns = ['Node', 'in/s', 'out/s', 'in', 'out', 'dropped', 'failed', 'busy', 'lag', 'behind']

/** Every node's figures in one table. */
export function MetricsPanel() {
  const document = useDocument((state) => state.pipeline?.document)
  const sample = useLive((latest) => latest)
  if (!document || !sample) return <Empty>Figures come with the first run.</Empty>
  return (
    <div className="metrics-panel scroll">
      <table className="figures">
        <thead>
          <tr>
            {columns.map((title, i) => (
              <th key={title} scope="col" className={i ? 'right' : ''}>
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {document.nodes.map((node) => (
            <MetricsRow key={node.id} node={node} sample={sample} />
          ))}
        </tbody>
      </table>
    </div>
  )
}

function MetricsRow({ node, sample }: { readonly node: PipelineNode; readonly sample: Sample }) {
  const metrics = sample.nodes[node.id]
  const definition = definitionOf(node.kind)
  const Icon = iconOf(definition)
  return (
    <tr data-category={definition?.category}>
      <th scope="row">
        <button type="button" className="row" onClick={() => showNode(node.id)}>
          <Icon size={13} className="node-icon" aria-hidden />
          {node.name}
        </button>
      </th>
      <td>{rate(metrics?.inPerSec)}</td>
      <td>{rate(metrics?.outPerSec)}</td>
      <td>{whole(metrics?.in)}</td>
      <td>{whole(metrics?.out)}</td>
      <td>{whole(metrics?.dropped)}</td>
      <td className={metrics?.failed ? 'bad' : ''}>{whole(metrics?.failed)}</td>
      <td>{percent(metrics?.busy)}</td>
      <td>{figure(metrics?.lagRecords)}</td>
      <td>{behind(metrics?.lagMs)}</td>
    </tr>
  )
}

import type { PipelineNode } from '../../engine/pipeline/document.ts'
import { Empty } from '../parts/controls.tsx'
import { bytes } from '../parts/format.ts'
import { useCluster } from '../stores/cluster.ts'
import { useDocument } from '../stores/document-store.ts'
import { showTopic } from '../stores/reveal.ts'

/** What the node keeps: its stores' changelog topics, which hold their newest value per key. */
export function StateTab({ node }: { readonly node: PipelineNode }) {
  const application = useDocument((state) => state.pipeline?.document.id)
  const topics = useCluster((state) => state.cluster?.topics)
  const own = (topics ?? []).filter((topic) => topic.name.startsWith(`${application}-${node.id}-`))
  if (own.length === 0) return <Empty>This node keeps no state, or has not run yet.</Empty>
  return (
    <div className="form">
      <h3>Internal topics</h3>
      <p className="muted">
        A store's changelog holds the newest value of every key; open it to look at the state.
      </p>
      <ul className="plain-list">
        {own.map((topic) => {
          const records = topic.partitions.reduce(
            (sum, partition) => sum + partition.highWatermark - partition.logStartOffset,
            0,
          )
          return (
            <li key={topic.name}>
              <button type="button" className="link ellipsis mono" onClick={() => showTopic(topic.name)}>
                {topic.name.slice(`${application}-${node.id}-`.length)}
              </button>
              <span className="faint figures">
                {records.toLocaleString('en-US')} · {bytes(topic.sizeBytes)}
              </span>
            </li>
          )
        })}
      </ul>
    </div>
  )
}

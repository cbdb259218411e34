import { useState } from 'react'
import type { TopicState } from '../../engine/host/contract.ts'
import { SearchField } from '../parts/controls.tsx'
import { bytes, counted, figure } from '../parts/format.ts'
import { useCluster } from '../stores/cluster.ts'
import { useDocument } from '../stores/document-store.ts'
import { showTopic, useReveal } from '../stores/reveal.ts'
import { useTopics } from './records-bar.tsx'

/** Topics of the cluster with their sizes; a click opens the records. */
export function TopicsPanel() {
  const [text, setText] = useState('')
  const cluster = useCluster((state) => state.cluster)
  const topics = useTopics().filter((topic) => topic.name.includes(text.trim()))
  const own = topics.filter((topic) => !isInternal(topic))
  const internal = topics.filter(isInternal)
  return (
    <section className="side-panel" aria-label="Topics">
      <div className="side-search">
        <SearchField
          label="Find a topic"
          value={text}
          data-find
          onChange={(event) => setText(event.target.value)}
        />
      </div>
      <div className="scroll side-list">
        {!cluster && <p className="side-empty muted">The cluster is not up. It starts with the first run.</p>}
        {cluster && own.length === 0 && (
          <p className="side-empty muted">No topics yet. A run makes those that its pipeline names.</p>
        )}
        {own.map((topic) => (
          <TopicRow key={topic.name} topic={topic} />
        ))}
        {internal.length > 0 && (
          <details>
            <summary>{counted(internal.length, 'internal topic')}</summary>
            {internal.map((topic) => (
              <TopicRow key={topic.name} topic={topic} />
            ))}
          </details>
        )}
      </div>
    </section>
  )
}

/** The runtime's own topics are no internal ones to Kafka. */
const isInternal = (topic: TopicState) => topic.internal || /-(changelog|repartition)$/.test(topic.name)

/** Whole, as every other client wants it; the prefix that all topics of the open pipeline have steps back. */
function TopicName({ name }: { readonly name: string }) {
  const application = useDocument((state) => state.pipeline?.document.id)
  const prefix = application && name.startsWith(`${application}-`) ? `${application}-` : ''
  return (
    <b className="topic-name">
      {prefix && <span className="faint">{prefix}</span>}
      {name.slice(prefix.length)}
    </b>
  )
}

function TopicRow({ topic }: { readonly topic: TopicState }) {
  const open = useReveal((state) => state.topic === topic.name)
  const records = topic.partitions.reduce(
    (sum, partition) => sum + Math.max(0, partition.highWatermark - partition.logStartOffset),
    0,
  )
  const behind = topic.partitions.filter(
    (partition) => partition.inSyncReplicas.length < partition.replicas.length,
  ).length
  return (
    <button
      type="button"
      className="side-row tall"
      aria-current={open}
      title={topic.name}
      onClick={() => showTopic(topic.name)}
    >
      <span className="grow">
        <TopicName name={topic.name} />
        <small className="figures ellipsis">
          {counted(topic.partitions.length, 'partition')} · {figure(records)}
          {topic.sizeBytes !== undefined && ` · ${bytes(topic.sizeBytes)}`}
          {behind > 0 && <span className="warn"> · {behind} under-replicated</span>}
        </small>
      </span>
    </button>
  )
}

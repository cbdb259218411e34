import { useEffect, useRef } from 'react'
import { Button, Empty } from '../parts/controls.tsx'
import { counted } from '../parts/format.ts'
import { useLayout } from '../stores/layout.ts'
import { followBounds, jump, openTopic, useRecords } from '../stores/records.ts'
import { topicNear, useReveal } from '../stores/reveal.ts'
import { useSelectedNode } from '../stores/selection.ts'
import { RecordDetail } from './record-detail.tsx'
import { RecordTable } from './record-table.tsx'
import { RecordsBar, useTopics } from './records-bar.tsx'

/** The record inspector: one topic's records in rows, and the chosen one as a tree beside them. */
export function RecordsTab() {
  const revealed = useReveal((state) => state.topic)
  const topic = useRecords((state) => state.topic)
  const topics = useTopics()
  const ofSelected = useSelectedTopic()
  const first = ofSelected ?? topics.find((other) => !other.internal)?.name
  useEffect(() => {
    if (revealed && revealed !== useRecords.getState().topic) openTopic(revealed)
  }, [revealed])
  useEffect(() => {
    if (!topic && !revealed && first) openTopic(first)
  }, [topic, revealed, first])
  useEffect(followBounds, [])
  const filter = useRef<HTMLInputElement>(null)
  if (!topic) return <Empty>No topics yet. Run a pipeline, and what its topics hold is shown here.</Empty>
  return (
    <div className="records">
      <RecordsBar filter={filter} />
      <Body filter={filter} />
    </div>
  )
}

function useSelectedTopic(): string | undefined {
  const node = useSelectedNode()
  return node && topicNear(node)
}

function Body({ filter }: { readonly filter: React.RefObject<HTMLInputElement | null> }) {
  const { topic, failure, rows, loading, live, search, detailOpen, bounds } = useRecords()
  const wide = useLayout((layout) => layout.dockMaximized)
  if (failure) {
    return (
      <Empty action={<Button onClick={() => void jump({ at: 'end' })}>Try again</Button>}>
        {failure.code.includes('UNKNOWN_TOPIC')
          ? `There is no topic ${topic} yet: its pipeline makes it when it runs.`
          : failure.what}
        {failure.remedy && <span className="faint"> {failure.remedy}</span>}
      </Empty>
    )
  }
  if (rows.length === 0 && loading) return <TableSkeleton />
  if (rows.length === 0) {
    const held = bounds.reduce((sum, bound) => sum + bound.endOffset - bound.startOffset, 0)
    return (
      <Empty>
        {live
          ? 'Waiting for the next record.'
          : search
            ? search.done
              ? 'No record matches.'
              : 'Looking through the topic…'
            : held > 0
              ? `None of the ${counted(held, 'record')} lies here.`
              : 'This topic holds no records yet.'}
      </Empty>
    )
  }
  return (
    <div className={`record-panes ${wide ? 'wide' : ''}`}>
      <RecordTable focusFilter={() => filter.current?.focus()} />
      {detailOpen && <RecordDetail />}
    </div>
  )
}

const skeletonWidths = [420, 310, 380, 290, 440, 350, 400, 330]

function TableSkeleton() {
  return (
    <div className="record-table" aria-busy="true">
      {skeletonWidths.map((width) => (
        <div key={width} className="record-row skeleton-row">
          <span className="skeleton" style={{ width: 18 }} />
          <span className="skeleton" style={{ width: 52 }} />
          <span className="skeleton" style={{ width: 84 }} />
          <span className="skeleton" style={{ width: 90 }} />
          <span className="skeleton" style={{ width }} />
        </div>
      ))}
    </div>
  )
}

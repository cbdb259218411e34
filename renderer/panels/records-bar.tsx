import { Columns3, Crosshair, Database, ListFilter, Pause, Play, X } from 'lucide-react'
import { Popover } from 'radix-ui'
import { type RefObject, useEffect, useMemo, useState } from 'react'
import { Button, IconButton } from '../parts/controls.tsx'
import { figure, percent, whole } from '../parts/format.ts'
import { Partition } from '../parts/partition.tsx'
import { Tip } from '../parts/tip.tsx'
import { useCluster } from '../stores/cluster.ts'
import {
  narrow,
  openTopic,
  setFilter,
  stopSearch,
  toggleLive,
  togglePause,
  useRecords,
} from '../stores/records.ts'
import { useReveal } from '../stores/reveal.ts'
import { ColumnsForm } from './columns-form.tsx'
import { GoToForm } from './go-to-form.tsx'
import { setRecordsPopover, useRecordsPopover } from './records-popover.ts'

export function useTopics() {
  const topics = useCluster((state) => state.cluster?.topics)
  return useMemo(() => [...(topics ?? [])].sort((a, b) => a.name.localeCompare(b.name)), [topics])
}

/** Topic, partitions with their counts, filter, going somewhere, and the live tail. */
export function RecordsBar({ filter }: { readonly filter: RefObject<HTMLInputElement | null> }) {
  const live = useRecords((state) => state.live)
  const paused = useRecords((state) => state.paused)
  const skipped = useRecords((state) => state.skipped)
  return (
    <div className="records-bar" role="toolbar" aria-label="Records">
      <TopicChoice />
      <PartitionChips />
      <FilterField field={filter} />
      <GoTo />
      <Tip text={live ? 'Stop following the tail' : 'Follow the tail'} keys="f" side="top">
        <button type="button" className="button" aria-pressed={live} onClick={toggleLive}>
          <span className={`dot ${live ? (paused ? 'amber' : 'green') : ''}`} />
          Live
        </button>
      </Tip>
      {live && (
        <IconButton
          icon={paused ? Play : Pause}
          label={paused ? 'Go on' : 'Pause'}
          side="top"
          onClick={togglePause}
        />
      )}
      {live && skipped > 0 && <span className="faint figures nowrap">{figure(skipped)} skipped</span>}
      <ColumnsChoice />
    </div>
  )
}

function TopicChoice() {
  const topic = useRecords((state) => state.topic)
  const topics = useTopics()
  const known = topics.some((other) => other.name === topic)
  const choose = (name: string) => {
    useReveal.setState({ topic: name })
    openTopic(name)
  }
  return (
    <div className="select topic-choice">
      <Database size={14} aria-hidden />
      <select
        className="input"
        aria-label="Topic"
        value={topic}
        onChange={(event) => choose(event.target.value)}
      >
        {!known && <option value={topic}>{topic}</option>}
        <optgroup label="Topics">
          {topics
            .filter((other) => !other.internal)
            .map((other) => (
              <option key={other.name}>{other.name}</option>
            ))}
        </optgroup>
        <optgroup label="Internal">
          {topics
            .filter((other) => other.internal)
            .map((other) => (
              <option key={other.name}>{other.name}</option>
            ))}
        </optgroup>
      </select>
    </div>
  )
}

const chipsMax = 12

function PartitionChips() {
  const bounds = useRecords((state) => state.bounds)
  const partitions = useRecords((state) => state.partitions)
  return (
    <fieldset className="partition-chips scroll">
      <legend className="sr">Partitions</legend>
      {bounds.slice(0, chipsMax).map(({ partition, startOffset, endOffset }) => (
        <button
          key={partition}
          type="button"
          className="partition-button figures"
          aria-pressed={partitions?.has(partition) ?? false}
          aria-label={`Partition ${partition}, ${whole(endOffset - startOffset)} records`}
          title={`offsets ${whole(startOffset)} to ${whole(endOffset)}`}
          data-dim={partitions !== undefined && !partitions.has(partition)}
          onClick={() => narrow(partition)}
        >
          <Partition number={partition} />
          {figure(endOffset - startOffset)}
        </button>
      ))}
      {bounds.length > chipsMax && <span className="faint">+{bounds.length - chipsMax}</span>}
    </fieldset>
  )
}

const typingMs = 300

function FilterField({ field }: { readonly field: RefObject<HTMLInputElement | null> }) {
  const filter = useRecords((state) => state.filter)
  const search = useRecords((state) => state.search)
  const found = useRecords((state) => state.rows.length)
  const [text, setText] = useState(filter)
  useEffect(() => setText(filter), [filter])
  useEffect(() => {
    if (text === filter) return
    const timer = setTimeout(() => setFilter(text), typingMs)
    return () => clearTimeout(timer)
  }, [text, filter])
  return (
    <div className="search records-filter">
      <ListFilter size={14} aria-hidden />
      <input
        ref={field}
        className="mono"
        aria-label="Filter by text"
        placeholder="Filter by text"
        value={text}
        spellCheck={false}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === 'Enter') setFilter(text)
          if (event.key === 'Escape') setFilter('')
        }}
      />
      {search && (
        <output
          className="faint figures nowrap"
          aria-label="Search progress"
          title={`${whole(search.scanned)} records scanned`}
        >
          {whole(found)} found
          {!search.done && search.total > 0 && ` · ${percent(search.scanned / search.total)}`}
        </output>
      )}
      {search && !search.done && (
        <IconButton icon={X} size={13} label="Stop searching" side="top" onClick={stopSearch} />
      )}
      {search?.done && filter !== '' && (
        <IconButton icon={X} size={13} label="Clear the filter" side="top" onClick={() => setFilter('')} />
      )}
    </div>
  )
}

function GoTo() {
  const open = useRecordsPopover((state) => state.open === 'go-to')
  return (
    <Popover.Root open={open} onOpenChange={(next) => setRecordsPopover(next ? 'go-to' : undefined)}>
      <Popover.Trigger asChild>
        <Button icon={Crosshair} aria-label="Go to" title="Go to an offset or a time (g)">
          <span className="roomy">Go to</span>
        </Button>
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Content className="float popover" align="end" side="top" sideOffset={6} collisionPadding={8}>
          <GoToForm close={() => setRecordsPopover(undefined)} />
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  )
}

function ColumnsChoice() {
  return (
    <Popover.Root>
      <Popover.Trigger asChild>
        <button type="button" className="button square" aria-label="Columns" title="Columns">
          <Columns3 size={15} aria-hidden />
        </button>
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Content className="float popover" align="end" side="top" sideOffset={6} collisionPadding={8}>
          <ColumnsForm />
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  )
}

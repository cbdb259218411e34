import { useEffect, useRef } from 'react'
import { create } from 'zustand'
import type { Output } from '../../engine/host/contract.ts'
import { host } from '../host/client.ts'
import { Empty } from '../parts/controls.tsx'
import { absoluteTime, timeOfDay } from '../parts/format.ts'

type Entry = Output<'studio.log'>['entries'][number]

const useLog = create<{ readonly entries: readonly Entry[] }>(() => ({ entries: [] }))

const entriesMax = 2000
const everyMs = 700

/** What the host, the cluster and the runner have to say. Asked for while it is looked at. */
export function LogTab() {
  const entries = useLog((state) => state.entries)
  const box = useRef<HTMLDivElement>(null)
  const atEnd = useRef(true)
  useEffect(() => {
    let stopped = false
    const ask = async () => {
      while (!stopped) {
        await pull()
        await new Promise((resolve) => setTimeout(resolve, everyMs))
      }
    }
    void ask()
    return () => {
      stopped = true
    }
  }, [])
  useEffect(() => {
    if (entries.length > 0 && atEnd.current) box.current?.scrollTo({ top: box.current.scrollHeight })
  }, [entries])
  if (entries.length === 0)
    return <Empty>The log is empty. Starts, stops and faults of the engine are written here.</Empty>
  return (
    <div
      ref={box}
      className="log scroll mono"
      role="log"
      aria-label="Log"
      onScroll={(event) => {
        const { scrollTop, clientHeight, scrollHeight } = event.currentTarget
        atEnd.current = scrollTop + clientHeight > scrollHeight - 40
      }}
    >
      {entries.map((entry) => (
        <p key={entry.sequence} data-level={entry.level}>
          <time className="faint" title={absoluteTime(entry.timeMs)}>
            {timeOfDay(entry.timeMs, entry.timeMs)}
          </time>
          <span className="log-level">{entry.level}</span>
          <span className="muted ellipsis" title={entry.source}>
            {entry.source}
          </span>
          <span>{entry.text}</span>
        </p>
      ))}
    </div>
  )
}

async function pull(): Promise<void> {
  if (host().connection !== 'connected') return
  const known = useLog.getState().entries
  try {
    const { entries } = await host().call('studio.log', { after: known.at(-1)?.sequence ?? 0 })
    if (entries.length > 0) useLog.setState({ entries: [...known, ...entries].slice(-entriesMax) })
  } catch {
    // Lost meanwhile; a new host begins a new log.
    useLog.setState({ entries: [] })
  }
}

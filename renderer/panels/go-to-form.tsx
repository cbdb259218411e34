import { useState } from 'react'
import { Button } from '../parts/controls.tsx'
import { absoluteTime } from '../parts/format.ts'
import { jump, useRecords } from '../stores/records.ts'

/** An offset, a time, the start or the end. */
export function GoToForm({ close }: { readonly close: () => void }) {
  const rows = useRecords((state) => state.rows)
  const bounds = useRecords((state) => state.bounds)
  const [offset, setOffset] = useState('')
  const [time, setTime] = useState(() => absoluteTime(rows[0]?.timestampMs).replace('–', ''))
  const [wrong, setWrong] = useState<string>()
  const go = (...args: Parameters<typeof jump>) => {
    close()
    void jump(...args)
  }
  const toOffset = () => {
    const number = Number(offset.replaceAll(',', ''))
    if (offset.trim() === '' || !Number.isInteger(number) || number < 0)
      setWrong('An offset is a whole number from 0.')
    else go({ at: 'offset', offset: number })
  }
  const toTime = () => {
    const timestampMs = timeOf(time, rows[0]?.timestampMs ?? Date.now())
    if (timestampMs === undefined) setWrong('Write a time such as 12:03:01 or 2026-11-23 12:03:01.')
    else go({ at: 'time', timestampMs })
  }
  const most = Math.max(0, ...bounds.map((bound) => bound.endOffset))
  return (
    <div className="go-to">
      <form
        onSubmit={(event) => {
          event.preventDefault()
          toOffset()
        }}
      >
        <label htmlFor="go-to-offset">Offset</label>
        <input
          id="go-to-offset"
          className="input mono"
          inputMode="numeric"
          placeholder={`0 … ${most.toLocaleString('en-US')}`}
          value={offset}
          autoComplete="off"
          onChange={(event) => setOffset(event.target.value)}
        />
        <Button type="submit">Go to offset</Button>
      </form>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          toTime()
        }}
      >
        <label htmlFor="go-to-time">Time</label>
        <input
          id="go-to-time"
          className="input mono"
          placeholder="12:03:01"
          value={time}
          autoComplete="off"
          onChange={(event) => setTime(event.target.value)}
        />
        <Button type="submit">Go to time</Button>
      </form>
      {wrong && <p className="field-problem bad">{wrong}</p>}
      <div className="row">
        <Button onClick={() => go({ at: 'start' })}>Start</Button>
        <Button onClick={() => go({ at: 'end' })}>End</Button>
      </div>
    </div>
  )
}

/** A full time, or a time of the day that the shown records are of. */
function timeOf(text: string, sameDayMs: number): number | undefined {
  const trimmed = text.trim()
  const ofDay = /^(\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,3}))?)?$/.exec(trimmed)
  if (ofDay) {
    const [, hours, minutes, seconds = '0', fraction = '0'] = ofDay
    return new Date(sameDayMs).setHours(
      Number(hours),
      Number(minutes),
      Number(seconds),
      Number(fraction.padEnd(3, '0')),
    )
  }
  const parsed = Date.parse(trimmed.replace(' ', 'T'))
  return Number.isNaN(parsed) ? undefined : parsed
}

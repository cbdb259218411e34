import { Copy, X } from 'lucide-react'
import { useEffect, useState } from 'react'
import type { Decoded, RecordRow } from '../../engine/host/contract.ts'
import { host } from '../host/client.ts'
import { IconButton } from '../parts/controls.tsx'
import { absoluteTime, bytes, whole } from '../parts/format.ts'
import { JsonTree } from '../parts/json.tsx'
import { keyed } from '../parts/keyed.ts'
import { Partition } from '../parts/partition.tsx'
import { parse, rowKey } from '../stores/record-rows.ts'
import { useRecords } from '../stores/records.ts'
import { tellFailure } from '../stores/toasts.ts'
import { copyRecord } from './record-table.tsx'

/** One record whole: key, time, headers, and the value as a tree. A value that was cut for its row is fetched. */
export function RecordDetail() {
  const topic = useRecords((state) => state.topic)
  const row = useRecords((state) => state.rows.find((other) => rowKey(other) === state.selected))
  const full = useFull(topic, row)
  if (!row || !topic) return null
  const shown = full ?? row
  return (
    <aside className="record-detail scroll" aria-label="Record">
      <header>
        <Partition number={row.partition} />
        <b className="mono figures">{whole(row.offset)}</b>
        <span className="grow" />
        <IconButton
          icon={Copy}
          size={14}
          label="Copy the value"
          keys="c"
          side="top"
          onClick={() => void copyRecord(shown)}
        />
        <IconButton
          icon={X}
          size={14}
          label="Close the record"
          side="top"
          onClick={() => useRecords.setState({ detailOpen: false })}
        />
      </header>
      <dl className="mono">
        <dt>key</dt>
        <dd>
          <DecodedView decoded={shown.key} />
        </dd>
        <dt>time</dt>
        <dd className="figures">{absoluteTime(shown.timestampMs)}</dd>
        <dt>headers</dt>
        <dd>
          {shown.headers.length === 0 ? (
            <span className="faint">none</span>
          ) : (
            <div className="header-list">
              {keyed(shown.headers, (header) => header.key).map(({ key, item: header }) => (
                <div key={key} className="header-line">
                  <span className="json-name">{header.key}</span>
                  <span className="json-string">{header.value.text}</span>
                </div>
              ))}
            </div>
          )}
        </dd>
        <dt>value</dt>
        <dd className="faint">
          {formats[shown.value.format]} · {bytes(shown.sizeBytes)}
        </dd>
      </dl>
      <div className="mono record-value">
        <DecodedView decoded={shown.value} />
      </div>
    </aside>
  )
}

const formats: Readonly<Record<Decoded['format'], string>> = {
  json: 'JSON',
  'utf-8': 'UTF-8',
  hex: 'bytes, in hex',
  null: 'null',
  integer: 'integer',
  'windowed-json': 'windowed JSON',
}

function DecodedView({ decoded }: { readonly decoded: Decoded }) {
  if (decoded.format === 'null') return <span className="faint">null</span>
  const value = decoded.format === 'json' ? parse(decoded.text) : decoded.text
  if (typeof value === 'object' && value !== null) {
    return Object.entries(value).map(([name, child]) => <JsonTree key={name} name={name} value={child} />)
  }
  return <span className="json-string raw">{decoded.text}</span>
}

/** All of a record whose texts were cut. */
function useFull(topic: string | undefined, row: RecordRow | undefined): RecordRow | undefined {
  const [full, setFull] = useState<RecordRow>()
  const cut = row !== undefined && (row.value.cut || row.key.cut)
  const key = rowKey(row)
  useEffect(() => {
    if (!topic || !row || !cut) return
    let stale = false
    host()
      .call('records.full', { topic, partition: row.partition, offset: row.offset })
      .then(({ record }) => {
        if (!stale) setFull(record)
      })
      .catch((thrown) => {
        if (!stale) tellFailure('Reading the whole record', thrown)
      })
    return () => {
      stale = true
    }
  }, [topic, row, cut])
  return full && rowKey(full) === key ? full : undefined
}

import { useVirtualizer } from '@tanstack/react-virtual'
import { type KeyboardEvent, memo, useEffect, useRef } from 'react'
import type { RecordRow } from '../../engine/host/contract.ts'
import { absoluteTime, bytes, timeOfDay, whole } from '../parts/format.ts'
import { JsonLine } from '../parts/json.tsx'
import { Partition } from '../parts/partition.tsx'
import { useColumns } from '../stores/columns.ts'
import { fieldText, rowKey } from '../stores/record-rows.ts'
import { loadMore, toggleLive, useRecords } from '../stores/records.ts'
import { toast } from '../stores/toasts.ts'
import { setRecordsPopover } from './records-popover.ts'

const rowHeight = 23
const none: readonly string[] = []

/** Virtual rows; the arrows move, Enter opens the record beside, `c` copies, `/` filters, `g` goes to, `f` follows. */
export function RecordTable({ focusFilter }: { readonly focusFilter: () => void }) {
  const rows = useRecords((state) => state.rows)
  const selected = useRecords((state) => state.selected)
  const scroll = useRecords((state) => state.scroll)
  const topic = useRecords((state) => state.topic) ?? ''
  const columns = useColumns((state) => state.paths[topic] ?? none)
  const box = useRef<HTMLDivElement>(null)
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => box.current,
    estimateSize: () => rowHeight,
    overscan: 12,
  })
  const scrolled = useRef(0)
  useEffect(() => {
    if (scroll.sequence === scrolled.current || rows.length === 0) return
    scrolled.current = scroll.sequence
    virtual.scrollToIndex(scroll.to === 'end' ? rows.length - 1 : 0, { align: scroll.to })
  }, [scroll, rows, virtual])

  const index = rows.findIndex((row) => rowKey(row) === selected)
  const choose = (next: number) => {
    const row = rows[Math.min(Math.max(next, 0), rows.length - 1)]
    if (!row) return
    useRecords.setState({ selected: rowKey(row) })
    virtual.scrollToIndex(rows.indexOf(row))
    if (next >= rows.length - 1) void loadMore(false)
    if (next <= 0) void loadMore(true)
  }
  const page = () => Math.max(1, Math.floor((box.current?.clientHeight ?? 0) / rowHeight) - 2)
  const keys: Readonly<Record<string, () => void>> = {
    ArrowDown: () => choose(index + 1),
    ArrowUp: () => choose(index - 1),
    PageDown: () => choose(index + page()),
    PageUp: () => choose(index - page()),
    Home: () => choose(0),
    End: () => choose(rows.length - 1),
    Enter: () => useRecords.setState((state) => ({ detailOpen: !state.detailOpen })),
    Escape: () => useRecords.setState({ detailOpen: false }),
    c: () => void copyRecord(rows[index]),
    '/': focusFilter,
    g: () => setRecordsPopover('go-to'),
    f: toggleLive,
  }
  const onKeyDown = (event: KeyboardEvent) => {
    const action = event.ctrlKey || event.metaKey || event.altKey ? undefined : keys[event.key]
    if (!action) return
    event.preventDefault()
    event.stopPropagation()
    action()
  }
  const template = `30px 74px 116px minmax(90px, 0.8fr) ${columns.map(() => 'minmax(80px, 0.7fr)').join(' ')} minmax(180px, 3fr) 64px`
  return (
    <div
      ref={box}
      className="record-table scroll"
      role="grid"
      aria-label={`Records of ${topic}`}
      aria-rowcount={rows.length}
      aria-activedescendant={selected && `record-${selected}`}
      tabIndex={0}
      style={{ ['--columns' as string]: template }}
      onKeyDown={onKeyDown}
      onScroll={() => {
        const element = box.current
        if (!element) return
        if (element.scrollTop + element.clientHeight > element.scrollHeight - 200) void loadMore(false)
        else if (element.scrollTop < 100) void loadMore(true)
      }}
    >
      <div className="record-head record-row" role="row" tabIndex={-1}>
        {['P', 'Offset', 'Time', 'Key', ...columns, 'Value', 'Size'].map((title) => (
          <span
            key={title}
            role="columnheader"
            tabIndex={-1}
            className={`ellipsis ${title === 'Size' ? 'right' : ''}`}
          >
            {title}
          </span>
        ))}
      </div>
      <div className="record-rows" role="rowgroup" style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map((item) => {
          const row = rows[item.index]!
          return (
            <Row
              key={rowKey(row)}
              row={row}
              top={item.start}
              columns={columns}
              selected={rowKey(row) === selected}
              choose={() => {
                useRecords.setState({ selected: rowKey(row), detailOpen: true })
                box.current?.focus({ preventScroll: true })
              }}
            />
          )
        })}
      </div>
    </div>
  )
}

interface RowProps {
  readonly row: RecordRow
  readonly top: number
  readonly columns: readonly string[]
  readonly selected: boolean
  readonly choose: () => void
}

const Row = memo(
  function Row({ row, top, columns, selected, choose }: RowProps) {
    return (
      // The keys of a row are the grid's: it has the focus, and names the row by aria-activedescendant.
      <div
        id={`record-${rowKey(row)}`}
        className={`record-row ${selected ? 'selected' : ''}`}
        role="row"
        tabIndex={-1}
        aria-selected={selected}
        style={{ transform: `translateY(${top}px)` }}
        onMouseDown={choose}
      >
        <Cell>
          <Partition number={row.partition} />
        </Cell>
        <Cell look="figures">{whole(row.offset)}</Cell>
        <Cell look="figures" title={absoluteTime(row.timestampMs)}>
          {timeOfDay(row.timestampMs, row.timestampMs)}
        </Cell>
        <Cell title={row.key.text}>
          {row.key.format === 'null' ? <span className="faint">null</span> : row.key.text}
        </Cell>
        {columns.map((path) => (
          <Cell key={path}>{fieldText(row, path)}</Cell>
        ))}
        <Cell>
          {row.value.format === 'null' ? (
            <span className="faint">null (tombstone)</span>
          ) : (
            <JsonLine text={row.value.text} />
          )}
        </Cell>
        <Cell look="figures right faint">{bytes(row.sizeBytes)}</Cell>
      </div>
    )
  },
  (before, after) =>
    before.row === after.row &&
    before.top === after.top &&
    before.columns === after.columns &&
    before.selected === after.selected,
)

function Cell(props: {
  readonly look?: string
  readonly title?: string
  readonly children: React.ReactNode
}) {
  return (
    <span role="gridcell" tabIndex={-1} className={`ellipsis ${props.look ?? ''}`} title={props.title}>
      {props.children}
    </span>
  )
}

export async function copyRecord(row: RecordRow | undefined): Promise<void> {
  if (!row) return
  await navigator.clipboard.writeText(row.value.text)
  toast({ tone: 'done', text: `Copied the value of ${row.partition}/${whole(row.offset)}.` })
}

import { useVirtualizer } from '@tanstack/react-virtual'
import { type KeyboardEvent, memo, useEffect, useLayoutEffect, useRef } from 'react'
import type { RecordRow } from '../../engine/host/contract.ts'
import { absoluteTime, bytes, timeOfDay, whole } from '../parts/format.ts'
import { JsonLine } from '../parts/json.tsx'
import { Partition } from '../parts/partition.tsx'
import { useColumns } from '../stores/columns.ts'
import { fieldText, rowKey } from '../stores/record-rows.ts'
import { loadMore, toggleLive, useRecords } from '../stores/records.ts'
import { toast } from '../stores/toasts.ts'
import { setRecordsPopover } from './records-popover.ts'

/** A table that the arrows move through is a grid to a screen reader. */
const grid = (selected: string | undefined) => ({
  role: 'grid',
  tabIndex: 0,
  'aria-activedescendant': selected && `record-${selected}`,
})

const rowHeight = 23
const none: readonly string[] = []

/** Virtual rows; the arrows move, Enter opens the record beside, `c` copies, `/` filters, `g` goes to, `f` follows. */
export function RecordTable({ focusFilter }: { readonly focusFilter: () => void }) {
  const rows = useRecords((state) => state.rows)
  const selected = useRecords((state) => state.selected)
  const scroll = useRecords((state) => state.scroll)
  const topic = useRecords((state) => state.topic) ?? ''
  const columns = useColumns((state) => state.paths[topic] ?? none)
  const box = useRef<HTMLTableElement>(null)
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => box.current,
    estimateSize: () => rowHeight,
    overscan: 12,
  })
  const scrolled = useRef(0)
  const lastTop = useRef(0)
  useEffect(() => {
    if (scroll.sequence === scrolled.current || rows.length === 0) return
    scrolled.current = scroll.sequence
    virtual.scrollToIndex(scroll.to === 'end' ? rows.length - 1 : 0, { align: scroll.to })
  }, [scroll, rows, virtual])

  const first = rowKey(rows[0])
  const shownFirst = useRef(first)
  useLayoutEffect(() => {
    const { prepended } = useRecords.getState()
    if (box.current && prepended > 0 && shownFirst.current !== first)
      box.current.scrollTop += prepended * rowHeight
    shownFirst.current = first
    useRecords.setState({ prepended: 0 })
  }, [first])

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
  const extra = columns.map(() => 'minmax(80px, 0.7fr)').join(' ')
  // Historic data spans days: then the day counts more than the millisecond.
  const dated = rows.length > 0 && !isToday(rows[rows.length - 1]!.timestampMs)
  const time = dated ? '142px' : '100px'
  const narrow = `22px 62px ${time} minmax(80px, 0.6fr) ${extra} minmax(120px, 3fr)`
  const layout = {
    ['--columns' as string]: `26px 68px ${time} minmax(96px, 0.62fr) ${extra} minmax(160px, 3fr) 54px`,
    ['--columns-narrow' as string]: narrow,
    ['--width-min' as string]: `${440 + columns.length * 90}px`,
  }
  return (
    <table
      ref={box}
      className="record-table scroll"
      {...grid(selected)}
      aria-label={`Records of ${topic}`}
      aria-rowcount={rows.length}
      style={layout}
      onKeyDown={onKeyDown}
      onScroll={() => {
        const element = box.current
        if (!element) return
        if (element.scrollTop + element.clientHeight > element.scrollHeight - 200) void loadMore(false)
        else if (element.scrollTop < 100 && element.scrollTop < lastTop.current) void loadMore(true)
        lastTop.current = element.scrollTop
      }}
    >
      <thead>
        <tr className="record-head record-row">
          {['P', 'Offset', 'Time', 'Key', ...columns, 'Value', 'Size'].map((title) => (
            <th key={title} scope="col" className={`ellipsis ${title === 'Size' ? 'right' : ''}`}>
              {title}
            </th>
          ))}
        </tr>
      </thead>
      <tbody className="record-rows" style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map((item) => {
          const row = rows[item.index]!
          return (
            <Row
              key={rowKey(row)}
              row={row}
              top={item.start}
              columns={columns}
              dated={dated}
              selected={rowKey(row) === selected}
              choose={() => {
                useRecords.setState({ selected: rowKey(row), detailOpen: true })
                box.current?.focus({ preventScroll: true })
              }}
            />
          )
        })}
      </tbody>
    </table>
  )
}

const isToday = (timestampMs: number) => new Date(timestampMs).toDateString() === new Date().toDateString()

interface RowProps {
  readonly row: RecordRow
  readonly top: number
  readonly columns: readonly string[]
  readonly dated: boolean
  readonly selected: boolean
  readonly choose: () => void
}

const Row = memo(
  function Row({ row, top, columns, dated, selected, choose }: RowProps) {
    return (
      // The keys of a row are the grid's: it has the focus, and names the row by aria-activedescendant.
      <tr
        id={`record-${rowKey(row)}`}
        className={`record-row ${selected ? 'selected' : ''}`}
        aria-selected={selected}
        style={{ transform: `translateY(${top}px)` }}
        onMouseDown={(event) => {
          if (event.button === 0) choose()
        }}
      >
        <td>
          <Partition number={row.partition} />
        </td>
        <td className="ellipsis figures">{whole(row.offset)}</td>
        <td className="ellipsis figures" title={absoluteTime(row.timestampMs)}>
          {dated ? absoluteTime(row.timestampMs).slice(0, -4) : timeOfDay(row.timestampMs, row.timestampMs)}
        </td>
        <td className="ellipsis" title={row.key.text}>
          {row.key.format === 'null' ? <span className="faint">null</span> : row.key.text}
        </td>
        {columns.map((path) => (
          <td key={path} className="ellipsis">
            {fieldText(row, path)}
          </td>
        ))}
        <td className="ellipsis">
          {row.value.format === 'null' ? (
            <span className="faint">null (tombstone)</span>
          ) : (
            <JsonLine text={row.value.text} />
          )}
        </td>
        <td className="ellipsis figures right faint">{bytes(row.sizeBytes)}</td>
      </tr>
    )
  },
  (before, after) =>
    before.row === after.row &&
    before.top === after.top &&
    before.columns === after.columns &&
    before.dated === after.dated &&
    before.selected === after.selected,
)

export async function copyRecord(row: RecordRow | undefined): Promise<void> {
  if (!row) return
  await navigator.clipboard.writeText(row.value.text)
  toast({ tone: 'done', text: `Copied the value of ${row.partition}/${whole(row.offset)}.` })
}

/** `suppress` in the DSL: which step and store it becomes, and what its table looks like to those behind it. */
import { assert } from '../base/assert.ts'
import { MillraceError } from '../base/errors.ts'
import type { KTable } from './api.ts'
import type { StepSetup } from './graph.ts'
import { Table } from './ktable.ts'
import { type SuppressSpec, suppress } from './operators/suppress.ts'
import { SuppressStore } from './stores/suppress-store.ts'
import type { SuppressOptions } from './suppress-api.ts'
import { type RowReader, rowOf, TableInfo } from './table-info.ts'
import { closesAfterMs, type TableWindows, windowedKeySerde } from './windows.ts'

/** @throws MillraceError NOT_WINDOWED, NOT_SUPPRESSIBLE, BAD_SUPPRESSION */
export function addSuppress<K, V>(table: Table<K, V>, options: SuppressOptions): KTable<K, V> {
  const { graph, outlet, serdes, info } = table
  const { name } = options
  if (info.versionsMs !== undefined) throw versioned(name)
  const windows = windowsOf(info)
  const spec = specOf(options, windows)
  info.needOld()
  const storeSerdes = {
    key: windows === undefined ? serdes.key : windowedKeySerde(windows),
    value: serdes.value,
  }
  const countsBytes = Number.isFinite(spec.bytesMax)
  const node = graph.add({
    name,
    kind: 'suppress',
    detail: describe(spec),
    parents: [outlet],
    stores: [{ name, onDisk: false, create: () => new SuppressStore(name, storeSerdes, countsBytes) }],
    create: suppress(spec),
  })
  const suppressed = new SuppressedTableInfo(info, name)
  return new Table<K, V>(graph, { node, output: 0 }, serdes, suppressed, table.windowed)
}

/** While an update of a row waits, those who look the row up see it as it was before. */
class SuppressedTableInfo extends TableInfo {
  readonly #above: TableInfo
  readonly #storeName: string

  constructor(above: TableInfo, storeName: string) {
    super(above, (value) => value)
    this.#above = above
    this.#storeName = storeName
  }

  override reader(setup: StepSetup): RowReader {
    const store = setup.store(this.#storeName)
    assert(store instanceof SuppressStore, `store ${this.#storeName} holds updates back`)
    const readAbove = this.#above.reader(setup)
    return (key, asOfMs) => {
      const held = store.get(key)
      return held === undefined ? readAbove(key, asOfMs) : rowOf(held.priorValue, unknownMs)
    }
  }
}

/** Nobody knows when the row before was written. */
const unknownMs = -1

function windowsOf(info: TableInfo): TableWindows | undefined {
  for (let at: TableInfo | undefined = info; at !== undefined; at = at.parent) {
    if (at.windows !== undefined) return at.windows
  }
  return undefined
}

function specOf(options: SuppressOptions, windows: TableWindows | undefined): SuppressSpec {
  const { name, until, buffer } = options
  const { recordsMax = Number.POSITIVE_INFINITY, bytesMax = Number.POSITIVE_INFINITY } = buffer ?? {}
  if (!(recordsMax >= 0 && bytesMax >= 0)) throw bad(name, 'a bound of the buffer is below 0')
  const bounds = { storeName: name, until, recordsMax, bytesMax }
  if (options.until === 'window-closes') {
    if (windows === undefined) throw notWindowed(name)
    return { ...bounds, waitMs: closesAfterMs(windows.spec), whenFull: 'shut-down' }
  }
  const { limitMs } = options
  if (!(Number.isSafeInteger(limitMs) && limitMs >= 0)) throw bad(name, `the limit is ${limitMs} ms`)
  return { ...bounds, waitMs: limitMs, whenFull: options.buffer?.whenFull ?? 'emit-early' }
}

function describe({ until, waitMs, recordsMax, bytesMax, whenFull }: SuppressSpec): string {
  const parts = [until === 'window-closes' ? 'until the window closes' : `for ${waitMs} ms`]
  if (Number.isFinite(recordsMax)) parts.push(`at most ${recordsMax} records`)
  if (Number.isFinite(bytesMax)) parts.push(`at most ${bytesMax} bytes`)
  if (parts.length > 1) parts.push(`then ${whenFull}`)
  return parts.join(', ')
}

function notWindowed(where: string): MillraceError {
  return new MillraceError({
    code: 'NOT_WINDOWED',
    what: 'the table has no windows that could close',
    where,
    remedy: 'let it follow an aggregate over windows, or hold updates back by a time limit',
  })
}

function versioned(where: string): MillraceError {
  return new MillraceError({
    code: 'NOT_SUPPRESSIBLE',
    what: 'updates of a versioned table are not held back',
    where,
    remedy: 'use the table without a history here',
  })
}

function bad(where: string, what: string): MillraceError {
  return new MillraceError({
    code: 'BAD_SUPPRESSION',
    what,
    where,
    remedy: 'give whole milliseconds and bounds of at least 0',
  })
}

/** The record inspector's own state: one topic, the partitions it is narrowed to, and the rows that are loaded. */
import { create } from 'zustand'
import { isMillraceError, MillraceError } from '../../engine/base/errors.ts'
import type { Input, PartitionBounds, Position, RecordRow } from '../../engine/host/contract.ts'
import { host } from '../host/client.ts'
import { mergeByTime, rowKey } from './record-rows.ts'

export interface RecordsState {
  readonly topic: string | undefined
  /** Undefined: all. */
  readonly partitions: ReadonlySet<number> | undefined
  readonly bounds: readonly PartitionBounds[]
  readonly rows: readonly RecordRow[]
  readonly selected: string | undefined
  readonly detailOpen: boolean
  readonly loading: boolean
  readonly failure: { readonly what: string; readonly remedy?: string; readonly code: string } | undefined
  readonly live: boolean
  readonly paused: boolean
  /** Records that the tail could not keep, since they came faster than anyone reads. */
  readonly skipped: number
  readonly filter: string
  readonly search: { readonly scanned: number; readonly total: number; readonly done: boolean } | undefined
  /** Rows that the last page put in front: what was in sight stays there. */
  readonly prepended: number
  /** Where the table should scroll to after the rows changed. */
  readonly scroll: { readonly to: 'start' | 'end'; readonly sequence: number }
}

const blank: RecordsState = {
  topic: undefined,
  partitions: undefined,
  bounds: [],
  rows: [],
  selected: undefined,
  detailOpen: window.innerWidth >= 1280,
  loading: false,
  failure: undefined,
  live: false,
  paused: false,
  skipped: 0,
  filter: '',
  search: undefined,
  prepended: 0,
  scroll: { to: 'end', sequence: 0 },
}

export const useRecords = create<RecordsState>(() => blank)

const pageSize = 240
const rowsMax = 4000
const textMax = 2000
const hitsMax = 500

/** Rises with everything that makes answers still under way stale. */
let generation = 0

export function openTopic(topic: string | undefined): void {
  generation++
  const { detailOpen } = useRecords.getState()
  useRecords.setState({ ...blank, topic, detailOpen })
  if (topic) void jump({ at: 'end' })
}

export function narrow(partition: number): void {
  const { partitions, bounds } = useRecords.getState()
  const all = bounds.map((bound) => bound.partition)
  const next = new Set(partitions ?? [])
  if (next.has(partition)) next.delete(partition)
  else next.add(partition)
  useRecords.setState({ partitions: next.size === 0 || next.size === all.length ? undefined : next })
  again()
}

export function setFilter(filter: string): void {
  useRecords.setState({ filter })
  again()
}

/** The same question again, after the partitions or the filter changed. */
function again(): void {
  const { live, filter } = useRecords.getState()
  if (live) void follow()
  else if (filter !== '') void search()
  else void jump({ at: 'end' })
}

/** Shows the records from a position on; the end shows the last ones. */
export async function jump(position: Position): Promise<void> {
  const mine = ++generation
  const { topic } = useRecords.getState()
  if (!topic) return
  useRecords.setState({
    live: false,
    paused: false,
    loading: true,
    failure: undefined,
    search: undefined,
    filter: '',
  })
  try {
    const { partitions: bounds } = await host().call('topics.bounds', { topic })
    if (mine !== generation) return
    useRecords.setState({ bounds })
    const rows = await readAll(topic, chosenPartitions(), position, position.at === 'end')
    if (mine !== generation) return
    useRecords.setState((state) => ({
      rows,
      loading: false,
      selected: rowKey(position.at === 'end' ? rows.at(-1) : rows[0]),
      scroll: { to: position.at === 'end' ? 'end' : 'start', sequence: state.scroll.sequence + 1 },
    }))
  } catch (thrown) {
    if (mine === generation) fail(thrown)
  }
}

function fail(thrown: unknown): void {
  const { code, what, remedy } = MillraceError.from(thrown)
  useRecords.setState({ loading: false, live: false, failure: { code, what, remedy }, rows: [] })
}

function chosenPartitions(): readonly number[] {
  const { partitions, bounds } = useRecords.getState()
  return partitions ? [...partitions] : bounds.map((bound) => bound.partition)
}

/** Partition by partition, so that each is read from its own place, then merged by time with each one's order kept. */
async function readAll(
  topic: string,
  partitions: readonly number[],
  from: Position | ReadonlyMap<number, number>,
  backwards: boolean,
): Promise<RecordRow[]> {
  const limit = Math.ceil(pageSize / Math.max(1, partitions.length))
  const pages = await Promise.all(
    partitions.map(async (partition) => {
      const position: Position | undefined = isPosition(from) ? from : at(from.get(partition))
      if (!position) return []
      const answer = await host().call('records.read', {
        topic,
        partitions: [partition],
        from: position,
        backwards,
        limit,
        textMax,
      })
      return [...answer.records].sort((a, b) => a.offset - b.offset)
    }),
  )
  return mergeByTime(pages)
}

const isPosition = (from: Position | ReadonlyMap<number, number>): from is Position => 'at' in from
const at = (offset: number | undefined): Position | undefined =>
  offset === undefined ? undefined : { at: 'offset', offset }

let extending = false

/** One page further, at the table's end or its beginning. */
export async function loadMore(backwards: boolean): Promise<void> {
  const { topic, rows, bounds, live, search: searching, loading } = useRecords.getState()
  if (!topic || live || searching || loading || extending || rows.length === 0) return
  const mine = generation
  const ends = new Map<number, number>()
  for (const { partition, offset } of rows) {
    const known = ends.get(partition)
    if (known === undefined || (backwards ? offset < known : offset >= known))
      ends.set(partition, backwards ? offset : offset + 1)
  }
  for (const bound of bounds) {
    const end = ends.get(bound.partition)
    if (end !== undefined && (backwards ? end <= bound.startOffset : end >= bound.endOffset))
      ends.delete(bound.partition)
  }
  if (ends.size === 0) return
  extending = true
  try {
    const more = await readAll(topic, [...ends.keys()], ends, backwards)
    if (mine !== generation || more.length === 0) return
    const known = new Set(rows.map(rowKey))
    const fresh = more.filter((row) => !known.has(rowKey(row)))
    useRecords.setState({
      prepended: backwards ? fresh.length : 0,
      rows: backwards ? [...fresh, ...rows].slice(0, rowsMax) : [...rows, ...fresh].slice(-rowsMax),
    })
  } catch (thrown) {
    if (mine === generation) fail(thrown)
  } finally {
    extending = false
  }
}

export function toggleLive(): void {
  const { live } = useRecords.getState()
  if (live) {
    generation++
    useRecords.setState({ live: false, paused: false })
  } else void follow()
}

export const togglePause = () => useRecords.setState((state) => ({ paused: !state.paused }))

const restMs = 200

/** The live tail: pulled, so that a slow window never grows a queue. */
async function follow(): Promise<void> {
  const mine = ++generation
  const { topic, partitions, filter } = useRecords.getState()
  if (!topic) return
  useRecords.setState({
    live: true,
    paused: false,
    skipped: 0,
    search: undefined,
    failure: undefined,
    loading: false,
  })
  let tailId: string | undefined
  try {
    const opened = await host().call('records.tailOpen', {
      topic,
      partitions: partitions && [...partitions],
      filter: filter === '' ? undefined : filter,
    })
    tailId = opened.tailId
    while (mine === generation) {
      if (useRecords.getState().paused) {
        await rest()
        continue
      }
      const { records, skipped } = await host().call('records.tailNext', { tailId, limit: 200 })
      if (mine !== generation) break
      if (records.length > 0 || skipped > 0) takeTail(records, skipped)
      await rest()
    }
  } catch (thrown) {
    if (mine === generation) fail(thrown)
  } finally {
    if (tailId && host().connection === 'connected') await closeQuietly('records.tailClose', { tailId })
  }
}

/** A tail or search that went with the host that held it needs no closing. */
async function closeQuietly<M extends 'records.tailClose' | 'records.searchClose'>(
  method: M,
  input: Input<M>,
): Promise<void> {
  try {
    await host().call(method, input)
  } catch (thrown) {
    if (!isMillraceError(thrown)) throw thrown
  }
}

const rest = () => new Promise((resolve) => setTimeout(resolve, restMs))

function takeTail(records: readonly RecordRow[], skipped: number): void {
  useRecords.setState((state) => ({
    rows: [...state.rows, ...records].slice(-rowsMax),
    skipped: state.skipped + skipped,
    scroll: { to: 'end', sequence: state.scroll.sequence + 1 },
  }))
}

/** All of the topic's past, filtered in the engine, with progress. */
async function search(): Promise<void> {
  const mine = ++generation
  const { topic, partitions, filter } = useRecords.getState()
  if (!topic) return
  useRecords.setState((state) => ({
    rows: [],
    selected: undefined,
    failure: undefined,
    search: { scanned: 0, total: 0, done: false },
    scroll: { to: 'start', sequence: state.scroll.sequence + 1 },
  }))
  let searchId: string | undefined
  try {
    const opened = await host().call('records.searchOpen', {
      topic,
      partitions: partitions && [...partitions],
      text: filter,
      from: { at: 'start' },
      limit: hitsMax,
    })
    searchId = opened.searchId
    for (let done = false; !done && mine === generation; ) {
      const answer = await host().call('records.searchNext', { searchId })
      if (mine !== generation) break
      done = answer.done
      const { scanned, total } = answer
      useRecords.setState((state) => ({
        selected: state.selected ?? rowKey(answer.records[0]),
        rows: [...state.rows, ...answer.records],
        search: { scanned, total, done },
      }))
    }
  } catch (thrown) {
    if (mine === generation) fail(thrown)
  } finally {
    if (searchId && host().connection === 'connected') {
      await closeQuietly('records.searchClose', { searchId })
    }
  }
}

export function stopSearch(): void {
  generation++
  useRecords.setState((state) => ({ search: state.search && { ...state.search, done: true } }))
}

const boundsEveryMs = 1000

/** Counts on the chips stay true while records come in. */
export function followBounds(): () => void {
  const timer = setInterval(async () => {
    const { topic, failure } = useRecords.getState()
    if (!topic || host().connection !== 'connected') return
    try {
      const { partitions: bounds } = await host().call('topics.bounds', { topic })
      if (useRecords.getState().topic !== topic) return
      const empty = useRecords.getState().rows.length === 0
      useRecords.setState({ bounds })
      const some = bounds.some((bound) => bound.endOffset > bound.startOffset)
      // A topic that was empty, or was not there yet, shows its first records by itself.
      if (failure || (empty && some && idle())) void jump({ at: 'end' })
    } catch {
      // Not there yet, or no leader at the moment: asked again in a second.
    }
  }, boundsEveryMs)
  return () => clearInterval(timer)
}

const idle = () => {
  const { live, search: searching, loading } = useRecords.getState()
  return !live && !searching && !loading
}

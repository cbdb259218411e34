import { MillraceError } from '../../base/errors.ts'
import type { Environment } from '../../environment/index.ts'
import type { Input, Output, RecordRow } from '../contract.ts'
import type { Connections } from './connections.ts'
import type { RecordReader } from './reader.ts'
import { matcher, rowOf } from './rows.ts'

const hitsMax = 1000
/** A window that does not ask for so long is gone: it was reloaded, or closed. */
const forgottenMs = 30_000
/** Nobody looks at more of them; the one that was asked for longest ago goes. */
const searchesMax = 20
/** A window that waits gets progress this often. */
const progressMs = 250
const pollMs = 250

interface Search {
  readonly id: string
  hits: RecordRow[]
  scanned: number
  readonly total: number
  done: boolean
  error: MillraceError | undefined
  closed: boolean
  lastAskedMs: number
}

interface Range {
  readonly topic: string
  readonly partition: number
  readonly from: number
  readonly to: number
}

/** Text searches over what lies in a topic, up to its end as it was when the search began. */
export class Searches {
  readonly #environment: Environment
  readonly #connections: Pick<Connections, 'consumer'>
  readonly #reader: Pick<RecordReader, 'bounds' | 'offsetsAt'>
  readonly #searches = new Map<string, Search>()
  #nextId = 1

  constructor(
    environment: Environment,
    connections: Pick<Connections, 'consumer'>,
    reader: Pick<RecordReader, 'bounds' | 'offsetsAt'>,
  ) {
    this.#environment = environment
    this.#connections = connections
    this.#reader = reader
  }

  async open(input: Input<'records.searchOpen'>): Promise<string> {
    const bounds = await this.#reader.bounds(input.topic, input.partitions)
    const at = await this.#reader.offsetsAt(input.topic, bounds, input.from)
    const ranges = bounds.map((bound, index) => ({
      topic: input.topic,
      partition: bound.partition,
      from: at[index]!,
      to: bound.endOffset,
    }))
    const search: Search = {
      id: `search-${this.#nextId++}`,
      hits: [],
      scanned: 0,
      total: ranges.reduce((sum, range) => sum + range.to - range.from, 0),
      done: false,
      error: undefined,
      closed: false,
      lastAskedMs: this.#environment.clock.monotonicMs(),
    }
    this.#makeRoom()
    this.#searches.set(search.id, search)
    this.#forgetLater(search)
    const limit = Math.max(1, Math.min(hitsMax, Math.floor(input.limit)))
    this.#scan(search, ranges, input.text, limit).then(
      () => {
        search.done = true
      },
      (thrown) => {
        search.error = MillraceError.from(thrown)
      },
    )
    return search.id
  }

  async next(searchId: string): Promise<Output<'records.searchNext'>> {
    const search = this.#searches.get(searchId)
    if (!search) {
      throw new MillraceError({
        code: 'UNKNOWN_SEARCH',
        what: 'this search has ended',
        where: searchId,
        remedy: 'search again',
      })
    }
    search.lastAskedMs = this.#environment.clock.monotonicMs()
    if (search.hits.length === 0 && !search.done && !search.error) {
      await this.#environment.timers.sleep(progressMs)
    }
    if (search.error) throw search.error
    const records = search.hits
    search.hits = []
    return { records, scanned: search.scanned, total: search.total, done: search.done }
  }

  close(searchId: string): void {
    const search = this.#searches.get(searchId)
    if (search) search.closed = true
    this.#searches.delete(searchId)
  }

  #makeRoom(): void {
    while (this.#searches.size >= searchesMax) {
      const [oldest] = [...this.#searches.values()].sort((a, b) => a.lastAskedMs - b.lastAskedMs)
      this.close(oldest!.id)
    }
  }

  #forgetLater(search: Search): void {
    this.#environment.timers.after(forgottenMs, () => {
      if (search.closed) return
      if (this.#isForgotten(search)) this.close(search.id)
      else this.#forgetLater(search)
    })
  }

  stop(): void {
    for (const id of [...this.#searches.keys()]) this.close(id)
  }

  async #scan(search: Search, ranges: readonly Range[], text: string, limit: number): Promise<void> {
    const open = new Map(ranges.filter(({ from, to }) => from < to).map((range) => [range.partition, range]))
    if (open.size === 0) return
    const matches = matcher(text)
    const consumer = this.#connections.consumer()
    let hits = 0
    try {
      consumer.assign([...open.values()])
      for (const range of open.values()) consumer.seek(range, range.from)
      while (open.size > 0 && hits < limit && !search.closed) {
        for (const record of await consumer.poll(pollMs)) {
          const range = open.get(record.partition)
          if (!range || record.offset >= range.to || hits >= limit) continue
          if (matches(record)) {
            hits += 1
            search.hits.push(rowOf(record))
          }
        }
        search.scanned = 0
        for (const range of ranges) {
          const position = open.has(range.partition) ? (consumer.position(range) ?? range.from) : range.to
          search.scanned += Math.min(position, range.to) - range.from
          if (position >= range.to && open.delete(range.partition)) consumer.pause([range])
        }
      }
    } finally {
      await consumer.close()
    }
  }

  #isForgotten(search: Search): boolean {
    return this.#environment.clock.monotonicMs() - search.lastAskedMs >= forgottenMs
  }
}

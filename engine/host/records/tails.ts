import { MillraceError } from '../../base/errors.ts'
import type { Environment } from '../../environment/index.ts'
import type { Input, Output, RecordRow } from '../contract.ts'
import type { Connections } from './connections.ts'
import type { RecordReader } from './reader.ts'
import { matcher, rowOf } from './rows.ts'

/** What a person can catch up on; older ones of a fast topic are skipped, and counted. */
const ringMax = 1000
/** A window that does not ask for so long is gone. */
const forgottenMs = 30_000
const waitMsMax = 5000
const pollMs = 250

interface Tail {
  readonly id: string
  ring: RecordRow[]
  skipped: number
  lastAskedMs: number
  error: MillraceError | undefined
  closed: boolean
  wake: () => void
}

/** Live tails: each reads from the log's end into a ring from which the window pulls. */
export class Tails {
  readonly #environment: Environment
  readonly #connections: Connections
  readonly #reader: RecordReader
  readonly #tails = new Map<string, Tail>()
  #nextId = 1

  constructor(environment: Environment, connections: Connections, reader: RecordReader) {
    this.#environment = environment
    this.#connections = connections
    this.#reader = reader
  }

  async open(input: Input<'records.tailOpen'>): Promise<string> {
    const bounds = await this.#reader.bounds(input.topic, input.partitions)
    const tail: Tail = {
      id: `tail-${this.#nextId++}`,
      ring: [],
      skipped: 0,
      lastAskedMs: this.#environment.clock.monotonicMs(),
      error: undefined,
      closed: false,
      wake: () => undefined,
    }
    this.#tails.set(tail.id, tail)
    const starts = bounds.map(({ partition, endOffset }) => ({ topic: input.topic, partition, endOffset }))
    this.#follow(tail, starts, input.filter ?? '').catch((thrown) => {
      tail.error = MillraceError.from(thrown)
      tail.wake()
    })
    return tail.id
  }

  /** What came since the last call, oldest first; waits a while when nothing has. */
  async next({ tailId, limit }: Input<'records.tailNext'>): Promise<Output<'records.tailNext'>> {
    const tail = this.#tails.get(tailId)
    if (!tail) throw unknown(tailId)
    tail.lastAskedMs = this.#environment.clock.monotonicMs()
    if (tail.ring.length === 0 && !tail.error && !tail.closed) await this.#something(tail)
    if (tail.error) throw tail.error
    const wanted = Math.max(1, Math.floor(limit))
    const kept = tail.ring.slice(-wanted)
    const skipped = tail.skipped + tail.ring.length - kept.length
    tail.ring = []
    tail.skipped = 0
    return { records: kept, skipped }
  }

  close(tailId: string): void {
    const tail = this.#tails.get(tailId)
    if (!tail) return
    this.#tails.delete(tailId)
    tail.closed = true
    tail.wake()
  }

  stop(): void {
    for (const id of [...this.#tails.keys()]) this.close(id)
  }

  #something(tail: Tail): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#environment.timers.after(waitMsMax, () => tail.wake())
      tail.wake = () => {
        timer.cancel()
        tail.wake = () => undefined
        resolve()
      }
    })
  }

  async #follow(
    tail: Tail,
    starts: readonly { topic: string; partition: number; endOffset: number }[],
    filter: string,
  ): Promise<void> {
    const { clock } = this.#environment
    const matches = matcher(filter)
    const consumer = this.#connections.consumer()
    try {
      consumer.assign(starts)
      for (const start of starts) consumer.seek(start, start.endOffset)
      while (!tail.closed) {
        if (clock.monotonicMs() - tail.lastAskedMs > forgottenMs) return this.close(tail.id)
        const records = await consumer.poll(pollMs)
        for (const record of records) if (matches(record)) tail.ring.push(rowOf(record))
        if (tail.ring.length > ringMax) {
          tail.skipped += tail.ring.length - ringMax
          tail.ring = tail.ring.slice(-ringMax)
        }
        if (tail.ring.length > 0) tail.wake()
      }
    } finally {
      await consumer.close()
    }
  }
}

function unknown(id: string): MillraceError {
  return new MillraceError({
    code: 'UNKNOWN_TAIL',
    what: 'this live tail has ended',
    where: id,
    remedy: 'open it again',
  })
}

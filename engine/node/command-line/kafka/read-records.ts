import { once } from 'node:events'
import { isMillraceError, MillraceError } from '../../../base/errors.ts'
import type { ConsumerRecord, TopicPartition } from '../../../client/api.ts'
import { createConsumer } from '../../../client/index.ts'
import type { PartitionBounds, Position } from '../../../host/contract.ts'
import { RecordReader } from '../../../host/records/reader.ts'
import type { Output } from '../output.ts'
import { stopSignal } from '../signals.ts'
import type { Kafka } from './connection.ts'
import { noSuchPartition } from './groups.ts'
import { fieldsOf, recordLine, recordObject } from './record-lines.ts'

const pollMs = 500

/** Without --follow all that is asked for is there: so long without any of it, and it will not come. */
const stalledMsMax = 15_000

export interface ReadRequest {
  readonly topic: string
  readonly partitions: readonly number[] | undefined
  readonly from: Position
  readonly limit: number
  readonly filter: string | undefined
  readonly follow: boolean
  readonly exact: boolean
}

/** Prints records in the order in which they come, each partition's own kept. */
export async function readRecords(kafka: Kafka, request: ReadRequest, output: Output): Promise<void> {
  const { environment, connections, options } = kafka
  const { topic } = request
  const filter = new RecordFilter(kafka, request.filter)
  const reader = new RecordReader(environment, connections)
  const bounds = await reader.bounds(topic, request.partitions)
  const missing = request.partitions?.find((one) => !bounds.some(({ partition }) => partition === one))
  if (missing !== undefined) throw noSuchPartition(topic, missing)
  const offsets = await reader.offsetsAt(topic, bounds, request.from)
  const stop = new AbortController()
  void stopSignal().then(() => stop.abort())
  // Whoever reads our output may have had enough: `| head` is no failure.
  process.stdout.on('error', () => stop.abort())
  const consumer = createConsumer(environment, { ...options, autoOffsetReset: 'earliest' })
  try {
    const open = new Open(topic, bounds, offsets, request.follow)
    consumer.assign(open.partitions)
    for (const [index, { partition }] of bounds.entries()) {
      if (open.has(partition)) consumer.seek({ topic, partition }, offsets[index]!)
    }
    const { clock } = environment
    let movedAtMs = clock.monotonicMs()
    let reached = ''
    let left = request.limit
    while (left > 0 && open.partitions.length > 0 && !stop.signal.aborted) {
      for (const record of await consumer.poll(pollMs, stop.signal)) {
        if (left === 0 || !open.covers(record) || !filter.passes(record)) continue
        left -= 1
        output.object(recordObject(record, request.exact))
        output.line(recordLine(record))
      }
      if (process.stdout.writableNeedDrain) await once(process.stdout, 'drain', { signal: stop.signal })
      const positions = open.partitions.map((partition) => consumer.position(partition))
      if (reached !== positions.join()) {
        reached = positions.join()
        movedAtMs = clock.monotonicMs()
      } else if (!request.follow && clock.monotonicMs() - movedAtMs > stalledMsMax) {
        throw stalled(open.missing((partition) => consumer.position(partition)))
      }
      const ended = open.partitions.filter((partition) =>
        open.isDone(partition, consumer.position(partition)),
      )
      open.close(ended)
      consumer.pause(ended)
    }
  } catch (thrown) {
    if (!stop.signal.aborted || isMillraceError(thrown)) throw thrown
  } finally {
    await consumer.close()
    filter.report()
  }
}

/** The partitions that are still read: each up to the end that it had at the start, or for ever. */
class Open {
  readonly #topic: string
  readonly #ends: Map<number, number>
  readonly #follow: boolean

  constructor(
    topic: string,
    bounds: readonly PartitionBounds[],
    offsets: readonly number[],
    follow: boolean,
  ) {
    this.#topic = topic
    this.#follow = follow
    this.#ends = new Map(
      bounds.flatMap(({ partition, endOffset }, index) =>
        follow || offsets[index]! < endOffset ? [[partition, endOffset]] : [],
      ),
    )
  }

  get partitions(): TopicPartition[] {
    return [...this.#ends.keys()].map((partition) => ({ topic: this.#topic, partition }))
  }

  has(partition: number): boolean {
    return this.#ends.has(partition)
  }

  covers({ partition, offset }: ConsumerRecord): boolean {
    const end = this.#ends.get(partition)
    return end !== undefined && (this.#follow || offset < end)
  }

  isDone({ partition }: TopicPartition, position: number | undefined): boolean {
    return !this.#follow && position !== undefined && position >= this.#ends.get(partition)!
  }

  /** What has not been reached, for people. */
  missing(positionOf: (partition: TopicPartition) => number | undefined): string {
    return this.partitions
      .map(
        (each) =>
          `${each.topic}-${each.partition} at ${positionOf(each) ?? '–'} of ${this.#ends.get(each.partition)}`,
      )
      .join(', ')
  }

  close(partitions: readonly TopicPartition[]): void {
    for (const { partition } of partitions) this.#ends.delete(partition)
  }
}

function stalled(where: string): MillraceError {
  return new MillraceError({
    code: 'READ_STALLED',
    what: `nothing more has come for ${stalledMsMax / 1000} s, before the end that was there at the start`,
    where,
    remedy: 'see with topics describe whether the topic is still there and its partitions have leaders',
  })
}

class RecordFilter {
  readonly #test: ((...fields: unknown[]) => unknown) | undefined
  #thrown = 0
  #first = ''

  /** @throws MillraceError BAD_EXPRESSION */
  constructor({ environment }: Kafka, text: string | undefined) {
    this.#test =
      text === undefined
        ? undefined
        : environment.code.expression(text, ['key', 'value', 'timestamp', 'headers'])
  }

  /** A record for which the expression throws does not pass: values of all shapes may lie in a topic. */
  passes(record: ConsumerRecord): boolean {
    if (this.#test === undefined) return true
    try {
      return Boolean(this.#test(...fieldsOf(record)))
    } catch (thrown) {
      if (this.#thrown++ === 0) this.#first = `${thrown} at ${record.partition}:${record.offset}`
      return false
    }
  }

  report(): void {
    if (this.#thrown === 0) return
    process.stderr.write(
      `the filter threw for ${this.#thrown} records, which were left out; first: ${this.#first}\n`,
    )
  }
}

import { MillraceError } from '../../base/errors.ts'
import type { ConsumerRecord, TopicPartition } from '../../client/api.ts'
import type { Environment } from '../../environment/index.ts'
import type { Input, Output, PartitionBounds, Position, RecordRow } from '../contract.ts'
import type { Connections } from './connections.ts'
import { mergedByTime, rowOf } from './rows.ts'

/** A page is what a person looks at; the whole topic is never fetched. */
const pageMax = 1000
const readMsMax = 5000

/** Pages of records and single ones. */
export class RecordReader {
  readonly #environment: Environment
  readonly #connections: Connections

  constructor(environment: Environment, connections: Connections) {
    this.#environment = environment
    this.#connections = connections
  }

  /** Log start and log end per partition. @throws MillraceError UNKNOWN_TOPIC_OR_PARTITION */
  async bounds(topic: string, only?: readonly number[]): Promise<PartitionBounds[]> {
    const admin = this.#connections.admin()
    const [described] = await admin.describeTopics([topic])
    const partitions = (described?.partitions ?? [])
      .map(({ partition }) => ({ topic, partition }))
      .filter(({ partition }) => !only || only.includes(partition))
    const [starts, ends] = await Promise.all(
      (['earliest', 'latest'] as const).map((spec) =>
        admin.listOffsets(partitions.map((partition) => ({ ...partition, spec }))),
      ),
    )
    const offsetIn = (list: readonly (TopicPartition & { offset: number })[], partition: number) =>
      list.find((entry) => entry.partition === partition)?.offset ?? 0
    return partitions
      .map(({ partition }) => ({
        partition,
        startOffset: offsetIn(starts!, partition),
        endOffset: offsetIn(ends!, partition),
      }))
      .sort((a, b) => a.partition - b.partition)
  }

  /** Where a position lies in each partition; past the last record of a time it is the log end. */
  async offsetsAt(topic: string, bounds: readonly PartitionBounds[], position: Position): Promise<number[]> {
    if (position.at === 'start') return bounds.map((bound) => bound.startOffset)
    if (position.at === 'end') return bounds.map((bound) => bound.endOffset)
    if (position.at === 'offset') {
      return bounds.map((bound) => Math.max(bound.startOffset, Math.min(position.offset, bound.endOffset)))
    }
    const { timestampMs } = position
    const found = await this.#connections
      .admin()
      .listOffsets(bounds.map(({ partition }) => ({ topic, partition, spec: { timestampMs } })))
    return bounds.map((bound) => {
      const offset = found.find((entry) => entry.partition === bound.partition)?.offset ?? -1
      return offset < 0 ? bound.endOffset : offset
    })
  }

  async read(input: Input<'records.read'>): Promise<Output<'records.read'>> {
    const bounds = await this.bounds(input.topic, input.partitions)
    if (bounds.length === 0) return { records: [], bounds }
    const limit = Math.max(1, Math.min(pageMax, Math.floor(input.limit)))
    const at = await this.offsetsAt(input.topic, bounds, input.from)
    const available = bounds.map(({ startOffset, endOffset }, index) =>
      input.backwards ? at[index]! - startOffset : endOffset - at[index]!,
    )
    const shares = sharesOf(available, limit)
    const ranges = bounds.map(({ partition }, index) => {
      const offset = at[index]!
      const share = shares[index]!
      return input.backwards
        ? { partition, from: offset - share, to: offset }
        : { partition, from: offset, to: offset + share }
    })
    const found = await this.#fetch(input.topic, ranges)
    const rows = ranges.map(({ partition }) =>
      (found.get(partition) ?? []).map((record) => rowOf(record, input.textMax)),
    )
    return { records: mergedByTime(rows), bounds }
  }

  /** @throws MillraceError NO_SUCH_RECORD when retention or compaction has removed it, or it was never there */
  async full(topic: string, partition: number, offset: number): Promise<RecordRow> {
    const [bound] = await this.bounds(topic, [partition])
    const isThere = bound !== undefined && offset >= bound.startOffset && offset < bound.endOffset
    const found = isThere
      ? await this.#fetch(topic, [{ partition, from: offset, to: offset + 1 }])
      : undefined
    const record = found?.get(partition)?.[0]
    if (record) return rowOf(record, Number.POSITIVE_INFINITY)
    throw new MillraceError({
      code: 'NO_SUCH_RECORD',
      what: 'there is no record at this offset any more',
      where: `${topic}-${partition} at ${offset}`,
      remedy: 'read from the start of the partition',
    })
  }

  /** What lies in `[from, to)` of each partition; less when the cluster does not answer in time. */
  async #fetch(
    topic: string,
    ranges: readonly { readonly partition: number; readonly from: number; readonly to: number }[],
  ): Promise<Map<number, ConsumerRecord[]>> {
    const found = new Map<number, ConsumerRecord[]>()
    const open = new Map(ranges.filter(({ from, to }) => from < to).map((range) => [range.partition, range]))
    if (open.size === 0) return found
    const { clock } = this.#environment
    const consumer = this.#connections.consumer({ recordsPerPollMax: pageMax })
    try {
      consumer.assign([...open.keys()].map((partition) => ({ topic, partition })))
      for (const { partition, from } of open.values()) consumer.seek({ topic, partition }, from)
      const deadlineMs = clock.monotonicMs() + readMsMax
      while (open.size > 0 && clock.monotonicMs() < deadlineMs) {
        for (const record of await consumer.poll(200)) {
          const range = open.get(record.partition)
          // Retention may have taken what was asked for in the meantime, and the consumer then begins elsewhere.
          if (!range || record.offset < range.from || record.offset >= range.to) continue
          const list = found.get(record.partition) ?? []
          found.set(record.partition, list)
          list.push(record)
        }
        for (const [partition, range] of open) {
          // Compaction leaves gaps: the position tells better than the last record that all has been read.
          const position = consumer.position({ topic, partition })
          if (position === undefined || position < range.to) continue
          open.delete(partition)
          consumer.pause([{ topic, partition }])
        }
      }
    } finally {
      await consumer.close()
    }
    return found
  }
}

/** As even as what is there allows: what one partition lacks, others give. */
export function sharesOf(available: readonly number[], limit: number): number[] {
  const shares = available.map(() => 0)
  let left = limit
  for (;;) {
    const open = available.flatMap((count, index) => (count > shares[index]! ? [index] : []))
    if (open.length === 0 || left <= 0) return shares
    const share = Math.max(1, Math.floor(left / open.length))
    for (const index of open) {
      const more = Math.min(share, available[index]! - shares[index]!, left)
      shares[index] = shares[index]! + more
      left -= more
    }
  }
}

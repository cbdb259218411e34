import { MillraceError } from '../../base/errors.ts'
import type { Random } from '../../environment/index.ts'
import type { Partitioner, ProducerRecord } from '../api.ts'
import { partitionOfKey } from './murmur2.ts'

/** What a partitioner may know of its topic. */
export interface PartitionsView {
  readonly count: number
  hasLeader(partition: number): boolean
  /** Bytes that wait to be sent. */
  queuedBytes(partition: number): number
}

/** Chooses for the records of one topic. */
export interface TopicPartitioner {
  choose(record: ProducerRecord, view: PartitionsView): number
  /** `bytes` of a record went to a partition. */
  appended(partition: number, bytes: number): void
}

export function topicPartitioner(kind: Partitioner, batchBytesMax: number, random: Random): TopicPartitioner {
  if (typeof kind === 'function') return new CustomPartitioner(kind)
  switch (kind) {
    case 'default':
      return new StickyPartitioner(batchBytesMax, random)
    case 'round-robin':
      return new RoundRobinPartitioner()
    case 'least-bytes':
      return new LeastBytesPartitioner()
  }
}

/**
 * Kafka's default: by the key's hash; without a key one partition for about a batch's worth of bytes, then another by
 * chance, the rarer the more bytes wait for it (KIP-480, KIP-794).
 */
class StickyPartitioner implements TopicPartitioner {
  readonly #batchBytesMax: number
  readonly #random: Random
  #current = -1
  #bytesToCurrent = 0

  constructor(batchBytesMax: number, random: Random) {
    this.#batchBytesMax = batchBytesMax
    this.#random = random
  }

  choose(record: ProducerRecord, view: PartitionsView): number {
    if (record.key !== null) return partitionOfKey(record.key, view.count)
    const isDue = this.#bytesToCurrent >= this.#batchBytesMax
    if (this.#current < 0 || isDue || !view.hasLeader(this.#current)) {
      this.#current = this.#next(view)
      this.#bytesToCurrent = 0
    }
    return this.#current
  }

  appended(partition: number, bytes: number): void {
    if (partition === this.#current) this.#bytesToCurrent += bytes
  }

  #next(view: PartitionsView): number {
    const available: number[] = []
    for (let partition = 0; partition < view.count; partition++) {
      if (view.hasLeader(partition)) available.push(partition)
    }
    if (available.length === 0) return this.#random.int(view.count)
    const waiting = available.map((partition) =>
      Math.floor(view.queuedBytes(partition) / this.#batchBytesMax),
    )
    const longest = Math.max(...waiting)
    const weights = waiting.map((batches) => longest + 1 - batches)
    let ticket = this.#random.int(weights.reduce((sum, weight) => sum + weight, 0))
    for (const [index, weight] of weights.entries()) {
      ticket -= weight
      if (ticket < 0) return available[index]!
    }
    return available[0]!
  }
}

/** One after the other, whatever the key, skipping partitions without a leader where it can. */
class RoundRobinPartitioner implements TopicPartitioner {
  #next = 0

  choose(_record: ProducerRecord, view: PartitionsView): number {
    for (let step = 0; step < view.count; step++) {
      const partition = this.#next++ % view.count
      if (view.hasLeader(partition)) return partition
    }
    return this.#next++ % view.count
  }

  appended(): void {}
}

/** The partition that has been given the fewest bytes so far, whatever the key. */
class LeastBytesPartitioner implements TopicPartitioner {
  readonly #bytes: number[] = []

  choose(_record: ProducerRecord, view: PartitionsView): number {
    let best = 0
    for (let partition = 1; partition < view.count; partition++) {
      if ((this.#bytes[partition] ?? 0) < (this.#bytes[best] ?? 0)) best = partition
    }
    return best
  }

  appended(partition: number, bytes: number): void {
    while (this.#bytes.length <= partition) this.#bytes.push(0)
    this.#bytes[partition]! += bytes
  }
}

class CustomPartitioner implements TopicPartitioner {
  readonly #choose: (record: ProducerRecord, partitions: number) => number

  constructor(choose: (record: ProducerRecord, partitions: number) => number) {
    this.#choose = choose
  }

  choose(record: ProducerRecord, view: PartitionsView): number {
    const chosen = this.#choose(record, view.count)
    if (Number.isInteger(chosen) && chosen >= 0 && chosen < view.count) return chosen
    throw new MillraceError({
      code: 'BAD_PARTITION',
      what: `the partitioner chose ${chosen}, but the topic has ${view.count} partitions`,
      where: record.topic,
      remedy: 'return a whole number from 0 to the number of partitions less 1',
    })
  }

  appended(): void {}
}

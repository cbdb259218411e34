import type { Codecs } from '../../environment/index.ts'
import type { ProducerBatch, ProducerIdentity } from './batch.ts'

const sequenceCount = 2 ** 31

/**
 * The batches of one partition in the order of their records: those in flight, and those that wait, of which the last
 * may still be filled.
 *
 * Sequences are given when a batch is first sent and kept when it is sent again. A broker that refuses a sequence as
 * out of order, with nothing before it on the way, has lost track: then the epoch is raised and what waits gets new
 * sequences from 0 (KIP-360). The epoch is this partition's own, as brokers keep it per partition.
 */
export class PartitionQueue {
  readonly topic: string
  readonly partition: number
  readonly waiting: ProducerBatch[] = []
  readonly inFlight: ProducerBatch[] = []
  /** The node that those in flight went to. */
  inFlightNode = -1
  identity: ProducerIdentity | undefined
  needsNewSequences = false
  #nextSequence = 0
  #nextOrdinal = 0
  waitingBytes = 0

  constructor(topic: string, partition: number) {
    this.topic = topic
    this.partition = partition
  }

  get isIdle(): boolean {
    return this.waiting.length === 0 && this.inFlight.length === 0
  }

  /** The batch that takes records, if there is one. */
  get open(): ProducerBatch | undefined {
    const last = this.waiting[this.waiting.length - 1]
    return last === undefined || last.isClosed ? undefined : last
  }

  nextOrdinal(): number {
    return this.#nextOrdinal++
  }

  /**
   * The batch that may be sent next, ready or not. One that was sent before goes alone, so that it can't overtake or
   * be overtaken.
   */
  next(inFlightMax: number): ProducerBatch | undefined {
    const first = this.waiting[0]
    if (first === undefined || this.needsNewSequences) return undefined
    if (this.inFlight.length >= (first.attempts > 0 ? 1 : inFlightMax)) return undefined
    const oldest = this.inFlight[0]
    return oldest !== undefined && oldest.attempts > 1 ? undefined : first
  }

  /** Takes the first batch that waits as sent to a node, with a sequence if the producer has an identity. */
  send(nodeId: number, identity: ProducerIdentity | undefined): ProducerBatch {
    const batch = this.waiting.shift()!
    this.waitingBytes -= batch.sizeBytes
    batch.isClosed = true
    batch.attempts++
    if (identity !== undefined && batch.identity === undefined) {
      this.identity ??= identity
      batch.identity = this.identity
      batch.baseSequence = this.#take(batch.recordCount)
    }
    this.inFlightNode = nodeId
    this.inFlight.push(batch)
    return batch
  }

  /** Takes a batch off those in flight; false if it was not there any more. */
  answered(batch: ProducerBatch): boolean {
    const at = this.inFlight.indexOf(batch)
    if (at < 0) return false
    this.inFlight.splice(at, 1)
    return true
  }

  /** Puts a batch back to its place among those that wait. */
  requeue(batch: ProducerBatch): void {
    const at = this.waiting.findIndex((other) => other.ordinal > batch.ordinal)
    if (at < 0) this.waiting.push(batch)
    else this.waiting.splice(at, 0, batch)
    this.waitingBytes += batch.sizeBytes
  }

  /** Puts the pieces of a batch in its place; they keep its order. */
  replace(pieces: readonly ProducerBatch[]): void {
    this.waiting.unshift(...pieces)
    for (const piece of pieces) this.waitingBytes += piece.sizeBytes
  }

  remove(batch: ProducerBatch): void {
    const at = this.waiting.indexOf(batch)
    if (at < 0) return
    this.waiting.splice(at, 1)
    this.waitingBytes -= batch.sizeBytes
  }

  /** A batch sent before this one has no answer yet or waits to be sent again. */
  hasEarlier(batch: ProducerBatch): boolean {
    const isEarlier = (other: ProducerBatch) => other.ordinal < batch.ordinal
    return this.inFlight.some(isEarlier) || this.waiting.some(isEarlier)
  }

  /** Starts over under a new identity; only with nothing in flight. */
  restartSequences(identity: ProducerIdentity, codecs: Codecs): void {
    this.needsNewSequences = false
    this.identity = identity
    this.#nextSequence = 0
    for (const batch of this.waiting) {
      if (batch.identity !== undefined) batch.resequence(identity, this.#take(batch.recordCount), codecs)
    }
  }

  /** The next batch begins at sequence 0 under whatever identity there is then; only when idle. */
  forgetSequences(): void {
    this.needsNewSequences = false
    this.identity = undefined
    this.#nextSequence = 0
  }

  #take(count: number): number {
    const first = this.#nextSequence
    this.#nextSequence = (first + count) % sequenceCount
    return first
  }
}

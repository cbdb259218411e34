import { MillraceError } from '../../base/errors.ts'
import { recordBytesMax } from '../../protocol/batch-builder.ts'
import { errorCodes } from '../../protocol/error-codes.ts'
import { batchHeaderBytes } from '../../protocol/record-batch-header.ts'
import type { ProducerRecord } from '../api.ts'
import type { ClusterClient } from '../cluster/cluster-client.ts'
import { kafkaError } from '../kafka-error.ts'
import { ProducerBatch, type Settle } from './batch.ts'
import type { PartitionQueue } from './partition-queue.ts'
import { topicPartitioner } from './partitioners.ts'
import type { ProducerSettings } from './settings.ts'
import { TopicRecords, type WaitingRecord } from './topic-records.ts'

/** Beside the batch: names, indexes and lengths around it. */
const requestOverheadBytes = 512

/** Gathers records into batches, per partition, and counts what is held in memory. */
export class Accumulator {
  /** Partitions that have batches. */
  readonly active = new Set<PartitionQueue>()
  readonly #cluster: ClusterClient
  readonly #settings: ProducerSettings
  readonly #onReady: () => void
  readonly #onFailure: (error: MillraceError) => void
  readonly #topics = new Map<string, TopicRecords>()
  readonly #unsettled = new Set<ProducerBatch>()
  /** Partitions that take no more, because of a record that failed: see `stopAtFailure`. */
  readonly #stopped = new Set<string>()
  #lastTopic: TopicRecords | undefined
  #heldBytes = 0
  #waitingForRoom: (() => void)[] = []
  #waitingForAdmission: (() => void)[] = []

  /**
   * @param onReady called when there may be something new to send
   * @param onFailure told of every record that fails before it came into a batch
   */
  constructor(
    cluster: ClusterClient,
    settings: ProducerSettings,
    onReady: () => void,
    onFailure: (error: MillraceError) => void,
  ) {
    this.#cluster = cluster
    this.#settings = settings
    this.#onReady = onReady
    this.#onFailure = onFailure
  }

  get isFull(): boolean {
    return this.#heldBytes >= this.#settings.bufferBytesMax
  }

  get heldBytes(): number {
    return this.#heldBytes
  }

  room(): Promise<void> {
    if (!this.isFull) return Promise.resolve()
    return new Promise((resolve) => this.#waitingForRoom.push(resolve))
  }

  get unsettled(): ReadonlySet<ProducerBatch> {
    return this.#unsettled
  }

  get hasWaitingRecords(): boolean {
    for (const topic of this.#topics.values()) if (topic.waiting.length > 0) return true
    return false
  }

  /** Resolves when no record waits for its topic to become known. */
  admitted(): Promise<void> {
    if (!this.hasWaitingRecords) return Promise.resolve()
    return new Promise((resolve) => this.#waitingForAdmission.push(resolve))
  }

  add(record: ProducerRecord, settle: Settle | undefined): void {
    const sizeBytes = batchHeaderBytes + recordBytesMax(record.key, record.value, record.headers)
    if (sizeBytes > this.#settings.requestBytesMax - requestOverheadBytes) {
      if (record.partition !== undefined) this.stop(record.topic, record.partition)
      this.#refuse(settle, tooLarge(record, sizeBytes, this.#settings.requestBytesMax))
      return
    }
    const topic = this.#topic(record.topic)
    const isKnown = (record.partition ?? 0) < topic.queues.length
    if (isKnown && topic.waiting.length === 0) this.#append(topic, record, settle, sizeBytes)
    else this.#wait(topic, record, settle, sizeBytes)
  }

  /** Lets records in whose topics have become known, and gives up on those that have waited too long. */
  admit(): void {
    const nowMs = this.#cluster.environment.clock.monotonicMs()
    for (const topic of this.#topics.values()) {
      topic.update()
      if (topic.waiting.length > 0) this.#admitTo(topic, nowMs)
    }
    this.#tellAdmitted()
  }

  /** Fails what never came into a batch. */
  refuseWaiting(error: MillraceError): void {
    for (const topic of this.#topics.values()) {
      const waiting = topic.waiting
      topic.waiting = []
      for (const one of waiting) {
        this.#free(one.sizeBytes)
        this.#refuse(one.settle, error)
      }
    }
    this.#tellAdmitted()
  }

  /** After a failure; true if the partition took records until now, and takes no more. */
  stop(topic: string, partition: number): boolean {
    if (!this.#settings.stopAtFailure || this.isStopped(topic, partition)) return false
    this.#stopped.add(`${topic}-${partition}`)
    return true
  }

  isStopped(topic: string, partition: number): boolean {
    return this.#stopped.size > 0 && this.#stopped.has(`${topic}-${partition}`)
  }

  /** Closes every batch, so that what is added later travels after what is there now. */
  closeBatches(): void {
    for (const queue of this.active) {
      const open = queue.open
      if (open !== undefined) open.isClosed = true
    }
  }

  /** Of all partitions; only when nothing is on its way. */
  forgetSequences(): void {
    for (const topic of this.#topics.values()) for (const queue of topic.queues) queue.forgetSequences()
  }

  /** Its memory is free again. */
  release(queue: PartitionQueue, batch: ProducerBatch): void {
    if (!this.#unsettled.delete(batch)) return
    this.#free(batch.sizeBytes)
    if (queue.isIdle) this.active.delete(queue)
  }

  /** Counts a batch that was made from the records of another. */
  adopt(batch: ProducerBatch): void {
    this.#unsettled.add(batch)
    this.#heldBytes += batch.sizeBytes
  }

  #topic(name: string): TopicRecords {
    if (this.#lastTopic?.name === name) return this.#lastTopic
    let topic = this.#topics.get(name)
    if (topic === undefined) {
      const { partitioners, batchBytesMax } = this.#settings
      const partitioner = partitioners.get(name) ?? this.#settings.partitioner
      const chooser = topicPartitioner(partitioner, batchBytesMax, this.#cluster.environment.random)
      topic = new TopicRecords(name, chooser, this.#cluster)
      topic.update()
      this.#topics.set(name, topic)
      this.#cluster.track(name)
    }
    this.#lastTopic = topic
    return topic
  }

  #append(
    topic: TopicRecords,
    record: ProducerRecord,
    settle: Settle | undefined,
    recordBytes: number,
  ): void {
    let partition: number
    try {
      partition = record.partition ?? topic.partitioner.choose(record, topic)
    } catch (thrown) {
      this.#refuse(settle, MillraceError.from(thrown, { code: 'PARTITIONER_FAILED', where: topic.name }))
      return
    }
    const queue = topic.queues[partition]
    if (queue === undefined) {
      this.#refuse(settle, unknownTopic(topic, partition))
      return
    }
    if (this.isStopped(topic.name, partition)) {
      this.#refuse(settle, earlierFailed(topic.name, partition))
      return
    }
    const { clock } = this.#cluster.environment
    const { batchBytesMax } = this.#settings
    let batch = queue.open
    if (batch !== undefined && batch.recordCount > 0 && batch.sizeBytes + recordBytes > batchBytesMax) {
      batch.isClosed = true
      batch = undefined
      this.#onReady()
    }
    if (batch === undefined) {
      const capacityBytes = Math.max(batchBytesMax, recordBytes)
      batch = new ProducerBatch(partition, queue.nextOrdinal(), clock.monotonicMs(), capacityBytes)
      queue.waiting.push(batch)
      this.active.add(queue)
      this.#unsettled.add(batch)
      this.#onReady()
    }
    const before = batch.sizeBytes
    batch.append(record.timestampMs ?? clock.nowMs(), record.key, record.value, record.headers, settle)
    const grownBytes = batch.sizeBytes - before
    queue.waitingBytes += grownBytes
    this.#heldBytes += grownBytes
    topic.partitioner.appended(partition, grownBytes)
  }

  #wait(topic: TopicRecords, record: ProducerRecord, settle: Settle | undefined, sizeBytes: number): void {
    if (topic.waiting.length === 0) {
      topic.update()
      if ((record.partition ?? 0) < topic.queues.length) {
        this.#append(topic, record, settle, sizeBytes)
        return
      }
      this.#cluster.refreshSoon()
      this.#onReady()
    }
    // The caller may use its buffers again: copied here, as they otherwise would be into the batch.
    const copy = { ...record, key: copied(record.key), value: copied(record.value) }
    const sinceMs = this.#cluster.environment.clock.monotonicMs()
    topic.waiting.push({ record: copy, settle, sizeBytes, sinceMs })
    this.#heldBytes += sizeBytes
  }

  #admitTo(topic: TopicRecords, nowMs: number): void {
    const giveUp = this.#reasonToGiveUp(topic, nowMs)
    const waiting = topic.waiting
    topic.waiting = []
    for (const one of waiting) {
      const isKnown = (one.record.partition ?? 0) < topic.queues.length
      if (isKnown && topic.waiting.length === 0) {
        this.#free(one.sizeBytes)
        this.#append(topic, one.record, one.settle, one.sizeBytes)
      } else if (giveUp !== undefined) {
        this.#free(one.sizeBytes)
        if (one.record.partition !== undefined) this.stop(topic.name, one.record.partition)
        this.#refuse(one.settle, giveUp(one))
      } else {
        topic.waiting.push(one)
      }
    }
  }

  /** Undefined while there is still hope for the topic. */
  #reasonToGiveUp(topic: TopicRecords, nowMs: number): ((one: WaitingRecord) => MillraceError) | undefined {
    const errorCode = this.#cluster.metadata.topicError(topic.name)
    if (errorCode !== undefined && hopeless.has(errorCode)) return () => kafkaError(errorCode, topic.name)
    const isMissing = errorCode !== undefined || topic.queues.length > 0
    topic.unknownSinceMs = isMissing ? (topic.unknownSinceMs ?? nowMs) : undefined
    const unknownMs = nowMs - (topic.unknownSinceMs ?? nowMs)
    if (unknownMs >= this.#settings.unknownTopicMsMax) {
      topic.unknownSinceMs = undefined
      return (one) => unknownTopic(topic, one.record.partition)
    }
    const oldest = topic.waiting[0]
    if (oldest === undefined || nowMs - oldest.sinceMs < this.#settings.deliveryTimeoutMs) return undefined
    return () => deliveryTimedOut(topic.name, this.#settings.deliveryTimeoutMs, undefined)
  }

  #tellAdmitted(): void {
    if (this.hasWaitingRecords) return
    const resolvers = this.#waitingForAdmission
    this.#waitingForAdmission = []
    for (const resolve of resolvers) resolve()
  }

  #refuse(settle: Settle | undefined, error: MillraceError): void {
    this.#onFailure(error)
    settle?.(error, -1, -1, -1)
  }

  #free(bytes: number): void {
    this.#heldBytes -= bytes
    if (this.isFull || this.#waitingForRoom.length === 0) return
    const resolvers = this.#waitingForRoom
    this.#waitingForRoom = []
    for (const resolve of resolvers) resolve()
  }
}

const hopeless: ReadonlySet<number> = new Set([
  errorCodes.INVALID_TOPIC_EXCEPTION,
  errorCodes.TOPIC_AUTHORIZATION_FAILED,
])

function copied(bytes: Uint8Array | null): Uint8Array | null {
  return bytes === null ? null : Buffer.from(bytes)
}

function tooLarge(record: ProducerRecord, sizeBytes: number, requestBytesMax: number): MillraceError {
  return new MillraceError({
    code: 'RECORD_TOO_LARGE',
    what: `a record of ${sizeBytes} bytes does not fit into a request of at most ${requestBytesMax}`,
    where: record.topic,
    remedy: 'send smaller records, or raise requestBytesMax (and max.message.bytes of the topic)',
  })
}

function unknownTopic(topic: TopicRecords, partition: number | undefined): MillraceError {
  const isPartition = topic.queues.length > 0
  return new MillraceError({
    code: 'UNKNOWN_TOPIC',
    what: isPartition
      ? `the topic has no partition ${partition}, only ${topic.queues.length}`
      : 'there is no such topic',
    where: topic.name,
    remedy: isPartition ? 'use another partition, or add partitions to the topic' : 'create the topic first',
  })
}

export function earlierFailed(topic: string, partition: number): MillraceError {
  return new MillraceError({
    code: 'EARLIER_RECORD_FAILED',
    what: 'a record before it could not be delivered to the partition',
    where: `${topic}-${partition}`,
    remedy: 'see what became of that record',
  })
}

export function deliveryTimedOut(
  where: string,
  deliveryTimeoutMs: number,
  cause: MillraceError | undefined,
): MillraceError {
  return new MillraceError({
    code: 'DELIVERY_TIMED_OUT',
    what: `records could not be delivered within ${deliveryTimeoutMs} ms${cause ? ` (${cause.what})` : ''}`,
    where,
    remedy: 'check that the cluster is healthy, or allow more time by deliveryTimeoutMs',
    cause,
  })
}

import type { Consumer, OffsetAndMetadata, TopicPartition } from '../../client/api.ts'
import type { Task } from '../task.ts'
import { RecordQueue } from './record-queue.ts'

/** A task with the queues of the partitions that it reads. */
export class ActiveTask {
  readonly task: Task
  readonly queues: readonly RecordQueue[]
  /** Something was processed since the last commit. */
  dirty = false
  /** Its steps run: stores are restored. */
  started = false

  constructor(task: Task, partitions: readonly TopicPartition[]) {
    this.task = task
    this.queues = partitions.map(({ topic, partition }) => new RecordQueue(topic, partition))
  }

  get id(): string {
    return this.task.id
  }

  /**
   * Processes one record: that with the lowest timestamp among the partitions' heads. False when there is none, or when a partition
   * without records may have an older one: its log end has not been reached.
   */
  processNext(consumer: Consumer): boolean {
    let next: RecordQueue | undefined
    let lowestMs = Number.POSITIVE_INFINITY
    let missing = false
    for (const queue of this.queues) {
      const offsetBefore = queue.nextOffset
      const headMs = queue.headTimestampMs(this.task)
      if (queue.nextOffset !== offsetBefore) this.dirty = true
      if (headMs === undefined) missing ||= !caughtUp(consumer, queue)
      else if (headMs < lowestMs) {
        lowestMs = headMs
        next = queue
      }
    }
    if (next === undefined || missing) return false
    this.dirty = true
    next.processHead(this.task)
    return true
  }

  /** Whether there is something to commit: records were processed, or behind all of them markers of transactions were passed. */
  needsCommit(consumer: Consumer): boolean {
    if (this.dirty) return true
    return this.queues.some((queue) => {
      const { committedOffset } = queue
      return committedOffset !== undefined && (positionOf(queue, consumer) ?? 0) > committedOffset
    })
  }

  /** Positions to commit; the metadata carries the task's stream time over restarts. */
  offsets(consumer: Consumer): (TopicPartition & OffsetAndMetadata)[] {
    const metadata = String(this.task.streamTimeMs)
    const offsets: (TopicPartition & OffsetAndMetadata)[] = []
    for (const queue of this.queues) {
      const { topic, partition } = queue
      queue.committingOffset = positionOf(queue, consumer)
      if (queue.committingOffset === undefined) continue
      offsets.push({ topic, partition, offset: queue.committingOffset, metadata })
    }
    return offsets
  }

  committed(): void {
    for (const queue of this.queues) queue.committedOffset = queue.committingOffset ?? queue.committedOffset
  }

  clearQueues(): void {
    for (const queue of this.queues) queue.clear()
  }
}

/** Of the next record to process; undefined when nothing was taken yet. */
function positionOf(queue: RecordQueue, consumer: Consumer): number | undefined {
  const processed = queue.nextOffset ?? queue.committedOffset
  if (processed === undefined || queue.length > 0) return processed
  return Math.max(processed, consumer.position(queue) ?? 0)
}

function caughtUp(consumer: Consumer, queue: RecordQueue): boolean {
  const bounds = consumer.bounds(queue)
  const position = consumer.position(queue)
  return bounds !== undefined && position !== undefined && position >= bounds.endOffset
}

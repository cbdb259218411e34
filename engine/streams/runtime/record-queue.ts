import type { ConsumerRecord } from '../../client/api.ts'
import type { StreamRecord } from '../api.ts'
import type { Task } from '../task.ts'

/** What waits of one partition, with its head decoded, because its timestamp decides who goes next. */
export class RecordQueue {
  readonly topic: string
  readonly partition: number
  /** Of the next record to process: what is committed. Undefined until something was taken. */
  nextOffset: number | undefined
  /** As it stands at the broker, for lag. */
  committedOffset: number | undefined
  /** Of the commit under way, then of the last one. */
  committingOffset: number | undefined
  paused = false
  #waiting: ConsumerRecord[] = []
  #first = 0
  #head: StreamRecord | undefined

  constructor(topic: string, partition: number) {
    this.topic = topic
    this.partition = partition
  }

  get length(): number {
    return this.#waiting.length - this.#first
  }

  add(record: ConsumerRecord): void {
    this.#waiting.push(record)
  }

  /** The head's timestamp; undefined when nothing waits. Records that the task drops on decoding are passed over. */
  headTimestampMs(task: Task): number | undefined {
    while (this.#head === undefined) {
      const inbound = this.#waiting[this.#first]
      if (inbound === undefined) return undefined
      this.#head = task.decode(inbound)
      if (this.#head === undefined) this.#pass(inbound)
    }
    return this.#head.timestampMs
  }

  /** Processes the head, which `headTimestampMs` has decoded. */
  processHead(task: Task): void {
    const inbound = this.#waiting[this.#first]!
    const head = this.#head!
    task.process(inbound, head)
    this.#head = undefined
    this.#pass(inbound)
  }

  clear(): void {
    this.#waiting = []
    this.#first = 0
    this.#head = undefined
    this.paused = false
  }

  #pass(inbound: ConsumerRecord): void {
    this.nextOffset = inbound.offset + 1
    this.#first++
    if (this.#first === this.#waiting.length) {
      this.#waiting = []
      this.#first = 0
    } else if (this.#first >= 1024) {
      this.#waiting = this.#waiting.slice(this.#first)
      this.#first = 0
    }
  }
}

/**
 * Acknowledged records against what lies in the log, from outside: a feed's numbers in each partition must be there, once
 * each. Invariants 1 and 7: no acknowledged record is lost, none is there twice.
 */
import type { Consumer, TopicPartition } from '../client/api.ts'
import type { Environment } from '../environment/index.ts'
import { numberOf } from '../runner/feed-numbers.ts'
import type { AcknowledgedPartition, AcknowledgedTopic } from '../runner/messages.ts'

export interface VerdictCounts {
  readonly acknowledged: number
  readonly lost: number
  readonly duplicates: number
  readonly checkedMs: number
}

const pollMs = 250
/** An acknowledged record that is not there so long after the log's end has been read will not come. */
const tailGraceMs = 2000

/** What is known of one partition; pure. */
export class PartitionTally {
  acknowledged: AcknowledgedPartition
  duplicates = 0
  #next: number
  /** Numbers that were passed over. */
  readonly #missing = new Set<number>()
  #endReadSinceMs: number | undefined
  #tailLost = 0

  constructor(acknowledged: AcknowledgedPartition) {
    this.acknowledged = acknowledged
    this.#next = acknowledged.firstNumber
  }

  see(number: number): void {
    // Written by an earlier run.
    if (number < this.acknowledged.firstNumber) return
    if (number >= this.#next) {
      for (let passed = this.#next; passed < number; passed++) this.#missing.add(passed)
      this.#next = number + 1
    } else if (!this.#missing.delete(number)) {
      this.duplicates += 1
    }
  }

  /** Whether all that the partition holds has been read at this moment; the tail may be missing without any gap. */
  endRead(isRead: boolean, nowMs: number): void {
    const behind = this.acknowledged.lastNumber - (this.#next - 1)
    if (!isRead || behind <= 0) {
      this.#endReadSinceMs = undefined
      this.#tailLost = 0
      return
    }
    this.#endReadSinceMs ??= nowMs
    if (nowMs - this.#endReadSinceMs >= tailGraceMs) this.#tailLost = behind
  }

  get acknowledgedCount(): number {
    const { firstNumber, lastNumber, unanswered } = this.acknowledged
    return Math.max(0, lastNumber - firstNumber + 1 - unanswered.length)
  }

  get lost(): number {
    const { lastNumber, unanswered } = this.acknowledged
    let lost = this.#tailLost
    for (const number of this.#missing) if (number <= lastNumber && !unanswered.includes(number)) lost += 1
    return lost
  }
}

/** Reads the topics of a run's feeds along with it. */
export class VerdictCheck {
  readonly #environment: Environment
  readonly #consumer: Consumer
  readonly #tallies = new Map<string, { at: TopicPartition; tally: PartitionTally }>()
  #checkedMs: number
  #stopped = false
  #loop: Promise<void> | undefined

  constructor(environment: Environment, consumer: Consumer) {
    this.#environment = environment
    this.#consumer = consumer
    this.#checkedMs = environment.clock.nowMs()
  }

  /** The newest figures of the feeds. */
  acknowledge(topics: readonly AcknowledgedTopic[]): void {
    let isNew = false
    for (const { topic, partitions } of topics) {
      for (const acknowledged of partitions) {
        const at = { topic, partition: acknowledged.partition }
        const known = this.#tallies.get(nameOf(at))
        if (known) known.tally.acknowledged = acknowledged
        else {
          this.#tallies.set(nameOf(at), { at, tally: new PartitionTally(acknowledged) })
          isNew = true
        }
      }
    }
    if (isNew) this.#assign()
    if (this.#tallies.size > 0) this.#loop ??= this.#read()
  }

  counts(): VerdictCounts | undefined {
    if (this.#tallies.size === 0) return undefined
    const sum = (of: (tally: PartitionTally) => number) =>
      [...this.#tallies.values()].reduce((total, { tally }) => total + of(tally), 0)
    return {
      acknowledged: sum((tally) => tally.acknowledgedCount),
      lost: sum((tally) => tally.lost),
      duplicates: sum((tally) => tally.duplicates),
      checkedMs: this.#checkedMs,
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true
    await this.#loop
    await this.#consumer.close()
  }

  #assign(): void {
    const assigned = new Set(this.#consumer.assignment().map(nameOf))
    const positions = [...this.#tallies].map(([name, { at, tally }]) => ({
      at,
      offset:
        (assigned.has(name) ? this.#consumer.position(at) : undefined) ?? tally.acknowledged.startOffset,
    }))
    this.#consumer.assign(positions.map(({ at }) => at))
    for (const { at, offset } of positions) this.#consumer.seek(at, offset)
  }

  async #read(): Promise<void> {
    while (!this.#stopped) {
      try {
        for (const record of await this.#consumer.poll(pollMs)) {
          const number = numberOf(record)
          if (number !== undefined) this.#tallies.get(nameOf(record))?.tally.see(number)
        }
        this.#noteEnds()
      } catch (thrown) {
        // The cluster may be down for the moment: that is when this matters, so it goes on.
        this.#environment.log.write('debug', 'verdict', `reading failed: ${thrown}`)
        await this.#environment.timers.sleep(pollMs)
      }
    }
  }

  #noteEnds(): void {
    const nowMs = this.#environment.clock.monotonicMs()
    this.#checkedMs = this.#environment.clock.nowMs()
    for (const { at, tally } of this.#tallies.values()) {
      const end = this.#consumer.bounds(at)?.endOffset
      const position = this.#consumer.position(at)
      tally.endRead(end !== undefined && position !== undefined && position >= end, nowMs)
    }
  }
}

function nameOf({ topic, partition }: TopicPartition): string {
  return `${topic}-${partition}`
}

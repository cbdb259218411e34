import { MillraceError } from '../../base/errors.ts'
import type { ConsumerRecord, TopicPartition } from '../api.ts'
import { PartitionState } from './partition-state.ts'

/** The partitions that the consumer reads, with their positions. */
export class Assignment {
  #byTopic = new Map<string, Map<number, PartitionState>>()
  #all: PartitionState[] = []
  #rotation = 0

  get all(): readonly PartitionState[] {
    return this.#all
  }

  get(topic: string, partition: number): PartitionState | undefined {
    return this.#byTopic.get(topic)?.get(partition)
  }

  /** @throws MillraceError NOT_ASSIGNED */
  expect({ topic, partition }: TopicPartition): PartitionState {
    const state = this.get(topic, partition)
    if (state !== undefined) return state
    throw new MillraceError({
      code: 'NOT_ASSIGNED',
      what: 'the partition is not assigned to this consumer',
      where: `${topic}-${partition}`,
      remedy: 'look at assignment() first',
    })
  }

  /** Replaces all. Those that stay keep their position and what was fetched. */
  set(partitions: readonly TopicPartition[]): void {
    const before = this.#byTopic
    this.#byTopic = new Map()
    this.#all = []
    for (const { topic, partition } of partitions) {
      if (this.get(topic, partition) !== undefined) continue
      this.#put(before.get(topic)?.get(partition) ?? new PartitionState(topic, partition))
    }
  }

  partitions(): TopicPartition[] {
    return this.#all.map(({ topic, partition }) => ({ topic, partition }))
  }

  /**
   * Up to `countMax` records of what has been fetched, beginning with another partition each time; positions move past
   * them.
   */
  take(countMax: number): ConsumerRecord[] {
    const out: ConsumerRecord[] = []
    const start = this.#rotation++
    for (let step = 0; step < this.#all.length && out.length < countMax; step++) {
      const state = this.#all[(start + step) % this.#all.length]!
      if (!state.isPaused && state.status === 'fetching') takeFrom(state, out, countMax)
    }
    return out
  }

  #put(state: PartitionState): void {
    const partitions = this.#byTopic.get(state.topic) ?? new Map<number, PartitionState>()
    partitions.set(state.partition, state)
    this.#byTopic.set(state.topic, partitions)
    this.#all.push(state)
  }
}

function takeFrom(state: PartitionState, out: ConsumerRecord[], countMax: number): void {
  for (let first = state.buffered[0]; first !== undefined; first = state.buffered[0]) {
    const wanted = countMax - out.length
    if (wanted === 0) return
    const taken = first.take(out, wanted, state.position)
    if (taken > 0) {
      const last = out[out.length - 1]!
      state.position = last.offset + 1
      state.positionEpoch = last.leaderEpoch
      state.takenRecords += taken
    }
    if (!first.isDone) return
    // Past markers and compacted offsets too, that gave no record.
    state.position = Math.max(state.position, first.nextOffset)
    state.positionEpoch = first.leaderEpoch
    state.finishFirst()
  }
}

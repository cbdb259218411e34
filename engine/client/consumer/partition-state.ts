import type { TopicPartition } from '../api.ts'
import type { FetchedBatches } from './fetched-batches.ts'

/**
 * - `unpositioned`: where to start is being found out (committed offset, or the reset policy)
 * - `validating`: the leader has changed, and it is being asked whether our position is still in its log (KIP-320)
 * - `fetching`: has a position
 * - `failed`: the reset policy forbids to go on; only `seek` helps
 */
export type PositionStatus = 'unpositioned' | 'validating' | 'fetching' | 'failed'

export class PartitionState implements TopicPartition {
  readonly topic: string
  readonly partition: number
  status: PositionStatus = 'unpositioned'
  /** Where to find the position; the committed offset is only looked at for a new assignment. */
  resetTo: 'committed' | 'policy' = 'committed'
  /** Next offset to give to the caller. */
  position = -1
  /** Leader epoch of the record before the position; −1 if not known. */
  positionEpoch = -1
  /** Next offset to ask the broker for: ahead of the position by what is buffered. */
  fetchOffset = -1
  fetchEpoch = -1
  /** The partition's leader epoch that the position was checked against. */
  leaderEpoch = -1
  /** Changes with every jump: an answer to a question from before it is dropped. */
  jumps = 0
  isPaused = false
  /** The fetch that is on its way, and to which node. */
  inFlight: { readonly nodeId: number } | undefined
  retryAtMs = Number.NEGATIVE_INFINITY
  attempts = 0
  logStartOffset = -1
  endOffset = -1
  readonly buffered: FetchedBatches[] = []
  bufferedBytes = 0
  /** Given to the caller and not counted yet. */
  takenRecords = 0
  takenBytes = 0

  constructor(topic: string, partition: number) {
    this.topic = topic
    this.partition = partition
  }

  /** Goes on from another offset, dropping what was fetched. */
  jump(offset: number, leaderEpoch: number): void {
    this.drop()
    this.status = 'fetching'
    this.position = offset
    this.positionEpoch = leaderEpoch
    this.fetchOffset = offset
    this.fetchEpoch = leaderEpoch
  }

  /** Finds its position anew. */
  lose(resetTo: 'committed' | 'policy'): void {
    this.drop()
    this.status = 'unpositioned'
    this.resetTo = resetTo
    this.position = -1
  }

  drop(): void {
    this.jumps++
    this.buffered.length = 0
    this.bufferedBytes = 0
    this.retryAtMs = Number.NEGATIVE_INFINITY
    this.attempts = 0
  }

  buffer(batches: FetchedBatches): void {
    this.buffered.push(batches)
    this.bufferedBytes += batches.sizeBytes
    this.fetchOffset = batches.nextOffset
    this.fetchEpoch = batches.leaderEpoch
  }

  /** Drops the first of what is buffered, all of it having been given out. */
  finishFirst(): void {
    const first = this.buffered.shift()
    if (first === undefined) return
    this.bufferedBytes -= first.sizeBytes
    this.takenBytes += first.sizeBytes
  }
}

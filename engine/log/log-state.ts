import type { BatchView } from '../protocol/record-batch-header.ts'
import type { LeaderEpochs } from './leader-epochs.ts'
import type { ProducerState, TransactionEnd } from './producer-state.ts'
import type { RecoveredLog } from './recovery.ts'
import type { Segment } from './segment.ts'
import type { LogSnapshot } from './snapshot.ts'

/** What the batches of a log add up to: replaying them gives the same. */
export class LogState {
  readonly leaderEpochs: LeaderEpochs
  producers: ProducerState
  logStartOffset: number
  logEndOffset: number

  constructor(found: RecoveredLog) {
    this.leaderEpochs = found.leaderEpochs
    this.producers = found.producers
    this.logStartOffset = found.logStartOffset
    this.logEndOffset = found.logEndOffset
  }

  /** Tells when a transaction was ended by the batch. */
  note(batch: BatchView, nowMs: number): TransactionEnd | undefined {
    if (batch.leaderEpoch >= 0) this.leaderEpochs.assign(batch.leaderEpoch, batch.baseOffset)
    this.logEndOffset = batch.nextOffset
    return this.producers.note(batch, nowMs)
  }

  /** As of now; the last segment ends at the log's end. */
  snapshot(segments: readonly Segment[]): LogSnapshot {
    return {
      offset: this.logEndOffset,
      logStartOffset: this.logStartOffset,
      segments: segments.map((segment) => segment.facts),
      leaderEpochs: [...this.leaderEpochs.list()],
      producers: [...this.producers.entries()],
      endedTransactions: [...this.producers.ended],
    }
  }
}

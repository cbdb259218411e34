import { ProducerState } from './producer-state.ts'
import type { LogSnapshot } from './snapshot.ts'
import { type QueriedLog, scanBatches } from './time-queries.ts'

/** From the latest snapshot and the batches behind it. */
export async function replayedProducers(
  log: QueriedLog,
  snapshot: LogSnapshot | undefined,
  nowMs: number,
): Promise<ProducerState> {
  const producers = new ProducerState(snapshot?.producers, snapshot?.endedTransactions)
  await scanBatches(log, Math.max(snapshot?.offset ?? 0, log.logStartOffset), (batch) => {
    producers.note(batch, nowMs)
    return false
  })
  return producers
}

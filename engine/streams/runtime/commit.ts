import type { Consumer } from '../../client/api.ts'
import { isRetriable } from '../../client/kafka-error.ts'
import { StepFailure } from '../step-runner.ts'
import type { ActiveTask } from './active-task.ts'
import { changelogName } from './partition-plan.ts'
import type { Producers } from './producers.ts'
import { isGroupChange, WritesLost } from './thread-errors.ts'

/**
 * Everything that follows from the records so far is safe before their offsets are committed: sinks outside deliver, changed rows go
 * to the changelogs, all of it is acknowledged; exactly once, all of that is one transaction with the offsets. False when only the offsets could not be committed at the moment.
 * @throws WritesLost, StepFailure
 */
export async function commitTasks(
  tasks: readonly ActiveTask[],
  consumer: Consumer,
  producers: Producers,
  applicationId: string,
): Promise<boolean> {
  for (const { task } of tasks) {
    await task.beforeCommit()
    for (const store of task.stores.values()) {
      const topic = changelogName(applicationId, store.name)
      store.drainChanges((key, value, timestampMs) =>
        producers.sendChange(topic, task.partition, key, value, timestampMs),
      )
    }
  }
  await producers.flush()
  checkWrites(producers)
  for (const { task } of tasks) await task.flushStores()
  try {
    await producers.commitOffsets(
      tasks.flatMap((active) => active.offsets(consumer)),
      consumer,
    )
  } catch (error) {
    // What belongs to a transaction counts with its offsets, or is done again.
    if (producers.writesTransactions) throw new WritesLost({ stage: 'production', step: '', error })
    // The offsets go with the next commit, or another member takes the task over from the last one.
    if (isRetriable(error) || isGroupChange(error)) return false
    throw error
  }
  for (const active of tasks) {
    active.dirty = false
    active.committed()
  }
  return true
}

/** @throws WritesLost when going back to the last commit may help, StepFailure when not */
export function checkWrites({ failure }: Producers): void {
  if (failure === undefined) return
  throw failure.retriable ? new WritesLost(failure.where) : new StepFailure(failure.where)
}

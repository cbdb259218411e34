/**
 * AlterPartitionReassignments (45), versions 0–1.
 *
 * KIP-455: new replicas for partitions, or null to cancel what goes on. Answered once it is decided; the replicas move in
 * the background, see ListPartitionReassignments.
 * - v1: `allowReplicationFactorChange`; before, it was always allowed.
 * Deviations: replication throttles (KIP-73) are not honoured yet.
 */
import { isMillraceError } from '../../base/errors.ts'
import { alterPartitionReassignments } from '../../protocol/apis/alter-partition-reassignments.ts'
import { errorCodes } from '../../protocol/error-codes.ts'
import type { Reassignment, ReassignmentAnswer } from '../controller/reassignments.ts'
import type { BrokerContext } from '../server/context.ts'
import { handler } from '../server/handler.ts'

export const handleAlterPartitionReassignments = handler(
  alterPartitionReassignments,
  async (broker, { topics, timeoutMs, allowReplicationFactorChange }) => {
    const reassignments = topics.flatMap(({ name, partitions }) =>
      partitions.map(({ partitionIndex, replicas }) => ({
        topic: name,
        partition: partitionIndex,
        replicas,
      })),
    )
    const answers = await reassign(broker, reassignments, allowReplicationFactorChange, timeoutMs)
    let next = 0
    return {
      errorCode: errorCodes.NONE,
      errorMessage: null,
      responses: topics.map(({ name, partitions }) => ({
        name,
        partitions: partitions.map(({ partitionIndex }) => {
          const { error, message } = answers[next++]!
          return { partitionIndex, errorCode: errorCodes[error], errorMessage: message ?? null }
        }),
      })),
    }
  },
)

async function reassign(
  broker: BrokerContext,
  reassignments: readonly Reassignment[],
  allowsOtherFactor: boolean,
  timeoutMs: number,
): Promise<readonly ReassignmentAnswer[]> {
  try {
    return await broker.askController('reassign', { reassignments, allowsOtherFactor }, timeoutMs)
  } catch (thrown) {
    if (!isMillraceError(thrown)) throw thrown
    return reassignments.map(() => ({ error: 'REQUEST_TIMED_OUT' as const, message: thrown.what }))
  }
}

/**
 * ElectLeaders (43), versions 0–2.
 *
 * KIP-460: the preferred replica of partitions leads again, if it is in sync; v1: or, of partitions without a leader, any
 * replica, which may lose records. Null asks for all partitions; those for which there is nothing to do are then left out.
 * Deviations: none known.
 */
import { isMillraceError } from '../../base/errors.ts'
import { electionTypes, electLeaders } from '../../protocol/apis/elect-leaders.ts'
import { type ErrorName, errorCodes } from '../../protocol/error-codes.ts'
import type { AskedElection, ElectionAnswer } from '../controller/asked-elections.ts'
import type { BrokerContext } from '../server/context.ts'
import { handler } from '../server/handler.ts'

export const handleElectLeaders = handler(electLeaders, async (broker, request) => {
  const kind = request.electionType === electionTypes.unclean ? 'unclean' : 'preferred'
  const wanted =
    request.topicPartitions ??
    [...broker.image.topics.values()].map(({ name, partitions }) => ({
      topic: name,
      partitions: [...partitions.keys()],
    }))
  if (request.electionType !== electionTypes.unclean && request.electionType !== electionTypes.preferred) {
    return refusedAsAWhole(wanted, 'INVALID_REQUEST')
  }
  const elections = wanted.flatMap(({ topic, partitions }) =>
    partitions.map((partition) => ({ topic, partition, kind }) as const),
  )
  const answers = await elect(broker, elections, request.timeoutMs)
  const elected = elections.filter((_asked, i) => answers[i]!.error === 'NONE')
  const hasLeader = ({ topic, partition }: AskedElection) => {
    const state = broker.image.partition(topic, partition)
    return (
      state !== undefined && (kind === 'unclean' ? state.leader !== -1 : state.leader === state.replicas[0])
    )
  }
  await broker.untilImage(() => elected.every(hasLeader), request.timeoutMs)
  const results = elections.map((asked, i) => ({ ...asked, answer: answers[i]! }))
  const shown = request.topicPartitions
    ? results
    : results.filter(({ answer }) => answer.error !== 'ELECTION_NOT_NEEDED')
  return {
    errorCode: errorCodes.NONE,
    replicaElectionResults: [...Map.groupBy(shown, ({ topic }) => topic)].map(([topic, results]) => ({
      topic,
      partitionResult: results.map(({ partition, answer }) => ({
        partitionId: partition,
        errorCode: errorCodes[answer.error],
        errorMessage: answer.message ?? null,
      })),
    })),
  }
})

function refusedAsAWhole(
  wanted: readonly { readonly topic: string; readonly partitions: readonly number[] }[],
  error: ErrorName,
) {
  const errorCode = errorCodes[error]
  const replicaElectionResults = wanted.map(({ topic, partitions }) => ({
    topic,
    partitionResult: partitions.map((partitionId) => ({ partitionId, errorCode, errorMessage: null })),
  }))
  return { errorCode, replicaElectionResults }
}

async function elect(
  broker: BrokerContext,
  elections: readonly AskedElection[],
  timeoutMs: number,
): Promise<readonly ElectionAnswer[]> {
  try {
    return await broker.askController('elect-leaders', { elections }, timeoutMs)
  } catch (thrown) {
    if (!isMillraceError(thrown)) throw thrown
    return elections.map(() => ({ error: 'REQUEST_TIMED_OUT' as const, message: thrown.what }))
  }
}

/**
 * DescribeQuorum (55), versions 0–2.
 *
 * The metadata quorum as its leader sees it: leader, epoch, and how far each voter's log reaches; any broker passes the
 * question on. The only topic is __cluster_metadata, with one partition: UNKNOWN_TOPIC_OR_PARTITION for others.
 * Deviations: every broker is a voter, and there are no observers; times of fetches are not told (−1), as the leader pushes;
 * directory ids are zero.
 */
import { isMillraceError } from '../../base/errors.ts'
import { describeQuorum } from '../../protocol/apis/describe-quorum.ts'
import { errorCodes } from '../../protocol/error-codes.ts'
import { zeroUuid } from '../../protocol/reader.ts'
import type { QuorumView } from '../controller/quorum.ts'
import type { BrokerContext } from '../server/context.ts'
import { handler } from '../server/handler.ts'

const metadataTopic = '__cluster_metadata'
const timeoutMs = 10_000
const nodesSince = 2

export const handleDescribeQuorum = handler(describeQuorum, async (broker, { topics }, { version }) => {
  const view = await ask(broker)
  if (!view) {
    const errorMessage = 'The quorum has no leader at the moment.'
    return { errorCode: errorCodes.REQUEST_TIMED_OUT, errorMessage, topics: [] }
  }
  return {
    errorCode: errorCodes.NONE,
    errorMessage: null,
    topics: topics.map(({ topicName, partitions }) => ({
      topicName,
      partitions: partitions.map(({ partitionIndex }) =>
        topicName === metadataTopic && partitionIndex === 0
          ? partitionOf(view)
          : { ...nothing, partitionIndex, errorCode: errorCodes.UNKNOWN_TOPIC_OR_PARTITION },
      ),
    })),
    ...(version >= nodesSince ? { nodes: nodesOf(broker, view) } : {}),
  }
})

function nodesOf(broker: BrokerContext, { voters }: QuorumView) {
  return voters.flatMap(({ id }) => {
    const voter = broker.image.brokers.get(id)
    if (!voter) return []
    return [{ nodeId: id, listeners: [{ name: 'PLAINTEXT', host: voter.host, port: voter.port }] }]
  })
}

const nothing = {
  errorMessage: null,
  leaderId: -1,
  leaderEpoch: -1,
  highWatermark: -1,
  currentVoters: [],
  observers: [],
}

function partitionOf({ leaderId, epoch, highWatermark, voters }: QuorumView) {
  return {
    ...nothing,
    partitionIndex: 0,
    errorCode: errorCodes.NONE,
    leaderId,
    leaderEpoch: epoch,
    highWatermark,
    currentVoters: voters.map(({ id, logEndOffset }) => ({
      replicaId: id,
      replicaDirectoryId: zeroUuid,
      logEndOffset,
      lastFetchTimestamp: -1,
      lastCaughtUpTimestamp: -1,
    })),
  }
}

async function ask(broker: BrokerContext): Promise<QuorumView | undefined> {
  try {
    return await broker.askController('describe-quorum', {}, timeoutMs)
  } catch (thrown) {
    if (isMillraceError(thrown)) return undefined
    throw thrown
  }
}

/**
 * FindCoordinator (10), versions 0–6.
 *
 * The broker that leads the group's partition of `__consumer_offsets`, or the transactional id's of
 * `__transaction_state`; these topics come into being when first asked for.
 * - v4: several keys at once. v6: COORDINATOR_NOT_AVAILABLE keeps its meaning for share groups, which are not served.
 * Deviations: share groups (2) are refused with INVALID_REQUEST, as they are not served.
 */
import { findCoordinator } from '../../protocol/apis/find-coordinator.ts'
import { type ErrorName, errorCodes } from '../../protocol/error-codes.ts'
import { offsetsTopic, transactionsTopic } from '../controller/topic-names.ts'
import { partitionOfGroup } from '../coordinator/group/partition-of-group.ts'
import type { BrokerContext } from '../server/context.ts'
import { handler } from '../server/handler.ts'
import { ensureTopic } from '../server/topic-creation.ts'

/** By key type. */
const topics: readonly string[] = [offsetsTopic, transactionsTopic]

export const handleFindCoordinator = handler(findCoordinator, async (broker, request, { version }) => {
  const keys = version >= 4 ? request.coordinatorKeys : [request.key]
  const topic = topics[request.keyType]
  // Once, however many keys there are.
  if (topic !== undefined && !broker.image.topics.has(topic) && keys.some((key) => isKey(topic, key))) {
    await ensureTopic(broker, topic)
  }
  const coordinators = keys.map((key) => find(broker, key, topic))
  if (version >= 4)
    return { errorCode: errorCodes.NONE, errorMessage: null, nodeId: -1, host: '', port: -1, coordinators }
  const { errorCode, errorMessage, nodeId, host, port } = coordinators[0]!
  return { errorCode, errorMessage, nodeId, host, port, coordinators: [] }
})

function find(broker: BrokerContext, key: string, topic: string | undefined) {
  if (topic === undefined || !isKey(topic, key)) {
    return refuse(key, 'INVALID_REQUEST', 'Only groups and transactional ids have a coordinator here.')
  }
  const partitions = broker.image.topics.get(topic)?.partitions
  const leader = partitions?.[partitionOfGroup(key, partitions.length)]?.leader ?? -1
  const node = broker.image.brokers.get(leader)
  if (!node || node.fenced)
    return refuse(key, 'COORDINATOR_NOT_AVAILABLE', 'The coordinator is not available.')
  const { host, port } = node
  return { key, nodeId: leader, host, port, errorCode: errorCodes.NONE, errorMessage: null as string | null }
}

/** The empty group is one, the empty transactional id is none. */
function isKey(topic: string, key: string): boolean {
  return topic !== transactionsTopic || key !== ''
}

function refuse(key: string, error: ErrorName, message: string) {
  return { key, nodeId: -1, host: '', port: -1, errorCode: errorCodes[error], errorMessage: message }
}

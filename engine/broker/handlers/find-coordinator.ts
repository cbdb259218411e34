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
  const coordinators = await Promise.all(keys.map((key) => find(broker, key, request.keyType)))
  if (version >= 4)
    return { errorCode: errorCodes.NONE, errorMessage: null, nodeId: -1, host: '', port: -1, coordinators }
  const { errorCode, errorMessage, nodeId, host, port } = coordinators[0]!
  return { errorCode, errorMessage, nodeId, host, port, coordinators: [] }
})

async function find(broker: BrokerContext, key: string, keyType: number) {
  const topic = topics[keyType]
  if (topic === undefined || (topic === transactionsTopic && key === '')) {
    return refuse(key, 'INVALID_REQUEST', 'Only groups and transactional ids have a coordinator here.')
  }
  if (!broker.image.topics.has(topic)) await ensureTopic(broker, topic)
  const partitions = broker.image.topics.get(topic)?.partitions
  const leader = partitions?.[partitionOfGroup(key, partitions.length)]?.leader ?? -1
  const node = broker.image.brokers.get(leader)
  if (!node || node.fenced)
    return refuse(key, 'COORDINATOR_NOT_AVAILABLE', 'The coordinator is not available.')
  const { host, port } = node
  return { key, nodeId: leader, host, port, errorCode: errorCodes.NONE, errorMessage: null as string | null }
}

function refuse(key: string, error: ErrorName, message: string) {
  return { key, nodeId: -1, host: '', port: -1, errorCode: errorCodes[error], errorMessage: message }
}

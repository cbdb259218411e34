import { unreachable } from '../../base/assert.ts'
import type { ErrorName } from '../../protocol/error-codes.ts'
import { offsetsTopic } from '../controller/topic-names.ts'
import type { TransactionPartitions } from '../coordinator/transaction/transaction.ts'
import type {
  BrokerAnswer,
  BrokerRequest,
  BrokerRequestKind,
  JoinTransactionRequest,
  MarkerPartition,
  MarkersRequest,
} from '../peers/broker-requests.ts'
import { writeMarkers } from '../replication/markers.ts'
import type { BrokerContext } from './context.ts'

/** Below what the asking broker waits. */
const markersTimeoutMs = 4000

/** What one broker does for another one, or for itself. */
export async function answerBroker(
  broker: BrokerContext,
  { kind, request }: BrokerRequest,
): Promise<BrokerAnswer<BrokerRequestKind>> {
  switch (kind) {
    case 'write-markers':
      return { errors: await endTransaction(broker, request) }
    case 'join-transaction':
      return { errors: await joinTransaction(broker, request) }
    default:
      return unreachable(kind)
  }
}

export function endTransaction(broker: BrokerContext, request: MarkersRequest): Promise<ErrorName[]> {
  return writeMarkers(broker.environment, broker.replicas, request, markersTimeoutMs, (marker) => {
    if (marker.topic === offsetsTopic) broker.groups.offsets.transactionEnded(marker)
  })
}

async function joinTransaction(broker: BrokerContext, request: JoinTransactionRequest): Promise<ErrorName[]> {
  const { transactionalId, producerId, producerEpoch, partitions, isAdding } = request
  if (isAdding) {
    // Whoever ends it sends markers to what is known here: what is not would be taken for deleted, and stay open.
    const isUnknown = ({ topic, partition }: MarkerPartition) => !broker.image.partition(topic, partition)
    if (partitions.some(isUnknown)) return partitions.map(() => 'UNKNOWN_TOPIC_OR_PARTITION')
    const added = { producerId, producerEpoch, partitions: byTopic(partitions), clientVersion: 2 } as const
    const error = await broker.transactions.add(transactionalId, added)
    return partitions.map(() => error)
  }
  const verdict = broker.transactions.verify(transactionalId, { producerId, producerEpoch })
  return partitions.map(({ topic, partition }) => {
    return typeof verdict === 'string' ? verdict : verdict(topic, partition)
  })
}

export function byTopic(partitions: readonly MarkerPartition[]): TransactionPartitions {
  const topics = new Map<string, Set<number>>()
  for (const { topic, partition } of partitions) {
    const known = topics.get(topic)
    if (known) known.add(partition)
    else topics.set(topic, new Set([partition]))
  }
  return topics
}

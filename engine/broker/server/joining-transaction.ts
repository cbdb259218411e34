import { isMillraceError } from '../../base/errors.ts'
import type { Verification } from '../../log/producer-state.ts'
import type { ErrorName } from '../../protocol/error-codes.ts'
import { BatchView, batchHeaderBytes } from '../../protocol/record-batch-header.ts'
import { transactionsTopic } from '../controller/topic-names.ts'
import { partitionOfGroup } from '../coordinator/group/partition-of-group.ts'
import type { JoinTransactionRequest } from '../peers/broker-requests.ts'
import { type ProduceAnswer, refusedProduce } from '../replication/produce.ts'
import type { Replica } from '../replication/replica.ts'
import type { BrokerContext } from './context.ts'

const addsSince = 12
const abortableSince = 11

interface Producer {
  readonly producerId: number
  readonly producerEpoch: number
}

interface Part {
  readonly replica: Replica
  readonly verification: Verification
  error: ErrorName
}

/** The partitions of one Produce request in which a transaction would begin: its coordinator is asked about them first. */
export class JoiningTransaction {
  private readonly broker: BrokerContext
  private readonly transactionalId: string | null
  private readonly version: number
  private readonly parts = new Map<string, Part>()
  private producer: Producer | undefined

  constructor(broker: BrokerContext, transactionalId: string | null, version: number) {
    this.broker = broker
    this.transactionalId = transactionalId
    this.version = version
  }

  /** Takes the partition in if its transaction has no records there yet. */
  include(replica: Replica | undefined, records: Buffer | null): void {
    const batch = transactionalBatch(records)
    if (!replica?.leader || !batch || this.transactionalId === null) return
    const { producerId, producerEpoch } = batch
    const { producers } = replica.log
    if (producers.hasOpenTransaction(producerId, producerEpoch)) return
    // A request has one producer; batches of another one stay unverified, and are refused.
    this.producer ??= { producerId, producerEpoch }
    if (this.producer.producerId !== producerId) return
    const verification = producers.beginVerification(producerId)
    this.parts.set(replica.key, { replica, verification, error: 'COORDINATOR_NOT_AVAILABLE' })
  }

  /** Undefined: there is nothing to ask. */
  ask(): Promise<void> | undefined {
    return this.parts.size > 0 && this.producer ? this.join(this.producer) : undefined
  }

  /** Why the batch may not be appended. */
  faultOf(replica: Replica, records: Buffer): ProduceAnswer | undefined {
    if (!transactionalBatch(records)) return undefined
    if (this.transactionalId === null) return refusedProduce('TRANSACTIONAL_ID_AUTHORIZATION_FAILED')
    const error = this.parts.get(replica.key)?.error ?? 'NONE'
    if (error === 'NONE') return undefined
    return refusedProduce(this.told(error), `the transaction's coordinator answered ${error}`)
  }

  verification(replica: Replica): Verification | undefined {
    return this.parts.get(replica.key)?.verification
  }

  private async join(producer: Producer): Promise<void> {
    const parts = [...this.parts.values()]
    const errors = await joinTransaction(this.broker, {
      transactionalId: this.transactionalId ?? '',
      ...producer,
      partitions: parts.map(({ replica: { topic, partition } }) => ({ topic, partition })),
      isAdding: this.version >= addsSince,
    })
    parts.forEach((part, i) => {
      part.error = errors[i] ?? 'COORDINATOR_NOT_AVAILABLE'
      if (part.error === 'NONE') return
      part.replica.log.producers.endVerification(producer.producerId, part.verification)
    })
  }

  /** As Kafka does it: what passes makes the client send again, in words that every version understands. */
  private told(error: ErrorName): ErrorName {
    switch (error) {
      case 'COORDINATOR_LOAD_IN_PROGRESS':
      case 'COORDINATOR_NOT_AVAILABLE':
      case 'NOT_COORDINATOR':
        return 'NOT_ENOUGH_REPLICAS'
      case 'CONCURRENT_TRANSACTIONS':
        return this.version >= addsSince ? error : 'NOT_ENOUGH_REPLICAS'
      case 'PRODUCER_FENCED':
        return 'INVALID_PRODUCER_EPOCH'
      case 'TRANSACTION_ABORTABLE':
        return this.version >= abortableSince ? error : 'INVALID_TXN_STATE'
      default:
        return error
    }
  }
}

/** Asks the transaction's coordinator, whoever that is. In the order of the partitions. */
export async function joinTransaction(
  broker: BrokerContext,
  request: JoinTransactionRequest,
): Promise<readonly ErrorName[]> {
  const partitions = broker.image.topics.get(transactionsTopic)?.partitions ?? []
  const leader = partitions[partitionOfGroup(request.transactionalId, partitions.length)]?.leader ?? -1
  const unavailable = () => request.partitions.map((): ErrorName => 'COORDINATOR_NOT_AVAILABLE')
  if (leader === -1) return unavailable()
  try {
    return (await broker.askBroker(leader, 'join-transaction', request)).errors
  } catch (thrown) {
    if (!isMillraceError(thrown)) throw thrown
    return unavailable()
  }
}

function transactionalBatch(records: Buffer | null): BatchView | undefined {
  if (records === null || records.length < batchHeaderBytes) return undefined
  const batch = new BatchView(records)
  return batch.isTransactional ? batch : undefined
}

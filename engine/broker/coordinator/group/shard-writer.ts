import type { Environment } from '../../../environment/index.ts'
import type { Verification } from '../../../log/producer-state.ts'
import { BatchBuilder } from '../../../protocol/batch-builder.ts'
import type { ErrorName } from '../../../protocol/error-codes.ts'
import type { Purgatory } from '../../purgatory/purgatory.ts'
import {
  type Appended,
  appendToReplica,
  type ProduceAnswer,
  whenAcknowledged,
} from '../../replication/produce.ts'
import type { BrokerSettings } from '../../settings/broker-settings.ts'
import type { GroupShard } from './shard.ts'
import type { StoredRecord } from './stored-records.ts'

export interface ShardWriterOptions {
  readonly settings: BrokerSettings
  readonly purgatory: Purgatory
}

/** Whose transaction the records belong to. */
export interface TransactionalProducer {
  readonly producerId: number
  readonly producerEpoch: number
  /** See `ProducerState.beginVerification`; undefined: the transaction is open here already. */
  readonly verification: Verification | undefined
}

/** Writes what groups keep to their partition of `__consumer_offsets`. */
export class ShardWriter {
  private readonly environment: Environment
  private readonly options: ShardWriterOptions

  constructor(environment: Environment, options: ShardWriterOptions) {
    this.environment = environment
    this.options = options
  }

  /** Appended at once, in one batch; resolves when all in-sync replicas have it, with what to tell a member otherwise. */
  write(shard: GroupShard, records: readonly StoredRecord[]): Promise<ErrorName> {
    return this.append(shard, records).done
  }

  /** As `write`, and where the batch begins; −1 when nothing was appended. */
  append(
    { replica }: GroupShard,
    records: readonly StoredRecord[],
    producer?: TransactionalProducer,
  ): { readonly recordOffset: number; readonly done: Promise<ErrorName> } {
    const builder = new BatchBuilder()
    const timestampMs = this.environment.clock.nowMs()
    for (const { key, value } of records) builder.append(timestampMs, key, value)
    const { producerId, producerEpoch, verification } = producer ?? {}
    const { codecs } = this.environment
    const batch = builder.build({
      codecs,
      producerId,
      producerEpoch,
      isTransactional: producer !== undefined,
    })
    const appended = appendToReplica(replica, batch, -1, { origin: 'internal', verification })
    const recordOffset = 'answer' in appended ? appended.answer.baseOffset : -1
    return { recordOffset, done: this.acknowledged(appended) }
  }

  private async acknowledged(appended: Appended | ProduceAnswer): Promise<ErrorName> {
    const timeoutMs = this.options.settings.number('offsets.commit.timeout.ms')
    const [answer] = await whenAcknowledged(this.options.purgatory, [appended], -1, timeoutMs)
    return writeErrors[answer!.error] ?? answer!.error
  }
}

/** What a failed write to the offsets topic means to a group's member. */
const writeErrors: Partial<Record<ErrorName, ErrorName>> = {
  UNKNOWN_TOPIC_OR_PARTITION: 'COORDINATOR_NOT_AVAILABLE',
  NOT_ENOUGH_REPLICAS: 'COORDINATOR_NOT_AVAILABLE',
  NOT_ENOUGH_REPLICAS_AFTER_APPEND: 'COORDINATOR_NOT_AVAILABLE',
  REQUEST_TIMED_OUT: 'COORDINATOR_NOT_AVAILABLE',
  NOT_LEADER_OR_FOLLOWER: 'NOT_COORDINATOR',
  KAFKA_STORAGE_ERROR: 'NOT_COORDINATOR',
  MESSAGE_TOO_LARGE: 'INVALID_COMMIT_OFFSET_SIZE',
}

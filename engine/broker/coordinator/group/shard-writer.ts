import type { Environment } from '../../../environment/index.ts'
import { BatchBuilder } from '../../../protocol/batch-builder.ts'
import type { ErrorName } from '../../../protocol/error-codes.ts'
import type { Purgatory } from '../../purgatory/purgatory.ts'
import { appendToReplica, whenAcknowledged } from '../../replication/produce.ts'
import type { BrokerSettings } from '../../settings/broker-settings.ts'
import type { GroupShard } from './shard.ts'
import type { StoredRecord } from './stored-records.ts'

export interface ShardWriterOptions {
  readonly settings: BrokerSettings
  readonly purgatory: Purgatory
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
  async write({ replica }: GroupShard, records: readonly StoredRecord[]): Promise<ErrorName> {
    const builder = new BatchBuilder()
    const timestampMs = this.environment.clock.nowMs()
    for (const { key, value } of records) builder.append(timestampMs, key, value)
    const batch = builder.build({ codecs: this.environment.codecs })
    const appended = appendToReplica(replica, batch, -1, { origin: 'internal' })
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

import { isMillraceError, MillraceError } from '../../../base/errors.ts'
import type { Environment, TimerHandle } from '../../../environment/index.ts'
import { BatchBuilder } from '../../../protocol/batch-builder.ts'
import type { ErrorName } from '../../../protocol/error-codes.ts'
import type { ClusterImage } from '../../controller/image.ts'
import { transactionsTopic } from '../../controller/topic-names.ts'
import type { MarkersAnswer, MarkersRequest } from '../../peers/broker-requests.ts'
import type { Purgatory } from '../../purgatory/purgatory.ts'
import { appendToReplica, whenAcknowledged } from '../../replication/produce.ts'
import type { Replica } from '../../replication/replica.ts'
import type { BrokerSettings } from '../../settings/broker-settings.ts'
import { partitionOfGroup } from '../group/partition-of-group.ts'
import { MarkerSender } from './marker-sender.ts'
import { Settling } from './settling.ts'
import { transactionRecordOf } from './stored-transactions.ts'
import {
  type AddRequest,
  type EndRequest,
  type InitRequest,
  newTransaction,
  type ProducerClaim,
  type ReplyTicket,
  type Transaction,
  type TransactionAnswer,
  type TransactionFacts,
  type TransactionInput,
  type TransactionOutput,
} from './transaction.ts'
import {
  needsProducerId,
  resumeTransaction,
  stepTransaction,
  transactionDeadlineMs,
} from './transaction-machine.ts'
import { isUnderWay, verificationOf } from './transaction-rules.ts'
import { TransactionShard } from './transaction-shard.ts'

export interface TransactionCoordinatorOptions {
  readonly brokerId: number
  readonly image: ClusterImage
  readonly settings: BrokerSettings
  readonly purgatory: Purgatory
  /** @throws MillraceError NO_CONTROLLER */
  takeProducerId(): Promise<number>
  /** @throws MillraceError PEER_LOST, PEER_TIMED_OUT */
  sendMarkers(brokerId: number, request: MarkersRequest): Promise<MarkersAnswer>
}

/** `error` other than NONE: both are −1. */
export type ProducerAnswer = Pick<TransactionAnswer, 'error' | 'producerId' | 'producerEpoch'>

interface WaitingReply {
  readonly shard: TransactionShard
  readonly resolve: (answer: ProducerAnswer) => void
}

const retryMs = 100
const addWaitMsMax = 100
/** What could not be written when its time came is tried again so often. */
const tickMsMin = 50
/** Timers take no more than 2³¹ ms. */
const timerMsMax = 24 * 3_600_000

/** The transactional ids whose partition of `__transaction_state` this broker leads. */
export class TransactionCoordinator {
  private readonly environment: Environment
  private readonly options: TransactionCoordinatorOptions
  private readonly markers: MarkerSender
  private readonly shards = new Map<number, TransactionShard>()
  private readonly waiting = new Map<ReplyTicket, WaitingReply>()
  private readonly settling = new Settling()
  private lastTicket = 0
  private timer: TimerHandle | undefined
  private timerMs = Number.POSITIVE_INFINITY
  private isClosed = false

  constructor(environment: Environment, options: TransactionCoordinatorOptions) {
    this.environment = environment
    this.options = options
    this.markers = new MarkerSender({
      image: options.image,
      timers: environment.timers,
      send: (brokerId, request) => options.sendMarkers(brokerId, request),
    })
  }

  roleChanged(replica: Replica): void {
    if (replica.topic !== transactionsTopic || this.isClosed) return
    const before = this.shards.get(replica.partition)
    if (before && before.replica === replica && before.isCurrent) return
    if (before) this.unload(replica.partition, before)
    if (!replica.leader) return
    const shard = new TransactionShard(replica)
    this.shards.set(replica.partition, shard)
    void this.load(shard)
  }

  close(): void {
    this.isClosed = true
    this.timer?.cancel()
    for (const [partition, shard] of this.shards) this.unload(partition, shard)
  }

  /** A producer starts, or goes on after an error (KIP-360). */
  async init(transactionalId: string, request: InitRequest): Promise<ProducerAnswer> {
    const { settings } = this.options
    if (transactionalId === '') return refused('INVALID_REQUEST')
    const shard = this.shardOf(transactionalId)
    if (typeof shard === 'string') return refused(shard)
    if (request.timeoutMs <= 0 || request.timeoutMs > settings.number('transaction.max.timeout.ms')) {
      return refused('INVALID_TRANSACTION_TIMEOUT')
    }
    const known = shard.transactions.get(transactionalId)
    const newProducerId = known && !needsProducerId(known, 0) ? undefined : await this.producerId()
    if (newProducerId === 'unavailable') return refused('COORDINATOR_NOT_AVAILABLE')
    if (!this.isServing(shard)) return refused('NOT_COORDINATOR')
    if (!shard.transactions.has(transactionalId)) {
      // Gone since it was looked for: the client comes again.
      if (newProducerId === undefined) return refused('CONCURRENT_TRANSACTIONS')
      const made = newTransaction(transactionalId, newProducerId, request.timeoutMs, this.nowMs())
      shard.transactions.set(transactionalId, made)
    }
    return this.ask(shard, transactionalId, (ticket) => ({ kind: 'init', ticket, request, newProducerId }))
  }

  /** Waits for a little while when something else is under way: it is mostly the transaction before. */
  async add(transactionalId: string, request: AddRequest): Promise<ErrorName> {
    const { clock, timers } = this.environment
    const endMs = clock.monotonicMs() + addWaitMsMax
    for (;;) {
      const found = this.find(transactionalId)
      if (typeof found === 'string') return found
      const { shard, transaction } = found
      const { error } = await this.ask(shard, transactionalId, (ticket) => ({ kind: 'add', ticket, request }))
      const leftMs = endMs - clock.monotonicMs()
      if (error !== 'CONCURRENT_TRANSACTIONS' || leftMs <= 0) return error
      await this.settling.wait(transaction, timers, leftMs)
    }
  }

  /** For leaders: one answer for all, or one for each partition. */
  verify(
    transactionalId: string,
    claim: ProducerClaim,
  ): ErrorName | ((topic: string, partition: number) => ErrorName) {
    const found = this.find(transactionalId)
    return typeof found === 'string' ? found : verificationOf(found.transaction, claim)
  }

  async end(transactionalId: string, request: EndRequest): Promise<ProducerAnswer> {
    const found = this.find(transactionalId)
    if (typeof found === 'string') return refused(found)
    const { shard, transaction } = found
    const needsId = needsProducerId(transaction, request.clientVersion) && request.clientVersion >= 2
    const newProducerId = needsId ? await this.producerId() : undefined
    if (newProducerId === 'unavailable') return refused('COORDINATOR_NOT_AVAILABLE')
    if (!this.isServing(shard)) return refused('NOT_COORDINATOR')
    return this.ask(shard, transactionalId, (ticket) => ({ kind: 'end', ticket, request, newProducerId }))
  }

  describe(transactionalId: string): Transaction | ErrorName {
    const found = this.find(transactionalId)
    if (typeof found !== 'string') return found.transaction
    return found === 'INVALID_PRODUCER_ID_MAPPING' ? 'TRANSACTIONAL_ID_NOT_FOUND' : found
  }

  /** An error while any of the shards is loading: the list would lack its transactions. */
  list(): readonly Transaction[] | ErrorName {
    const transactions: Transaction[] = []
    for (const shard of this.shards.values()) {
      if (!shard.isCurrent) continue
      if (!shard.isLoaded) return 'COORDINATOR_LOAD_IN_PROGRESS'
      transactions.push(...shard.transactions.values())
    }
    return transactions
  }

  private shardOf(transactionalId: string): TransactionShard | ErrorName {
    const topic = this.options.image.topics.get(transactionsTopic)
    if (this.isClosed || !topic) return 'COORDINATOR_NOT_AVAILABLE'
    const shard = this.shards.get(partitionOfGroup(transactionalId, topic.partitions.length))
    if (!shard?.isCurrent) return 'NOT_COORDINATOR'
    return shard.isLoaded ? shard : 'COORDINATOR_LOAD_IN_PROGRESS'
  }

  private find(
    transactionalId: string,
  ): { readonly shard: TransactionShard; readonly transaction: Transaction } | ErrorName {
    if (transactionalId === '') return 'INVALID_REQUEST'
    const shard = this.shardOf(transactionalId)
    if (typeof shard === 'string') return shard
    const transaction = shard.transactions.get(transactionalId)
    return transaction ? { shard, transaction } : 'INVALID_PRODUCER_ID_MAPPING'
  }

  private async producerId(): Promise<number | 'unavailable'> {
    try {
      return await this.options.takeProducerId()
    } catch (thrown) {
      if (!isMillraceError(thrown)) throw thrown
      return 'unavailable'
    }
  }

  /** Until it succeeds or is not asked for any more. */
  private async load(shard: TransactionShard): Promise<void> {
    const { log, timers, codecs } = this.environment
    const note = (level: 'warn' | 'error', what: string) =>
      log.write(level, `broker-${this.options.brokerId}`, `${shard.replica.name}: ${what}`)
    while (this.isServing(shard)) {
      try {
        await shard.load(codecs, (offset, what) => {
          note('warn', `the record at offset ${offset} is passed over: ${what}`)
        })
        break
      } catch (thrown) {
        if (!this.isServing(shard)) return
        note('error', `its transactions cannot be loaded yet: ${MillraceError.from(thrown).what}`)
      }
      await timers.sleep(retryMs)
    }
    if (!this.isServing(shard)) return
    for (const transaction of shard.transactions.values()) {
      for (const output of resumeTransaction(transaction)) this.take(shard, transaction, output)
    }
    this.arm()
  }

  private isServing(shard: TransactionShard): boolean {
    return !this.isClosed && shard.isCurrent && this.shards.get(shard.replica.partition) === shard
  }

  private ask(
    shard: TransactionShard,
    transactionalId: string,
    input: (ticket: ReplyTicket) => TransactionInput,
  ): Promise<ProducerAnswer> {
    const transaction = shard.transactions.get(transactionalId)
    if (!transaction) return Promise.resolve(refused('INVALID_PRODUCER_ID_MAPPING'))
    const ticket = ++this.lastTicket
    return new Promise((resolve) => {
      this.waiting.set(ticket, { shard, resolve })
      this.step(shard, transaction, input(ticket))
    })
  }

  private step(shard: TransactionShard, transaction: Transaction, input: TransactionInput): void {
    const outputs = stepTransaction(transaction, input, this.nowMs(), this.expiryMs)
    for (const output of outputs) this.take(shard, transaction, output)
    this.armFor(transactionDeadlineMs(transaction, this.expiryMs))
    if (!transaction.pending && !isUnderWay(transaction.facts)) this.settling.tell(transaction)
  }

  private take(shard: TransactionShard, transaction: Transaction, output: TransactionOutput): void {
    switch (output.kind) {
      case 'answered': {
        const waiting = this.waiting.get(output.ticket)
        this.waiting.delete(output.ticket)
        waiting?.resolve(output)
        return
      }
      case 'store':
        void this.store(shard, transaction, output.facts)
        return
      case 'mark':
        void this.mark(shard, transaction, output.facts, output.isRepeated)
        return
      default:
        shard.transactions.delete(transaction.transactionalId)
    }
  }

  private async store(
    shard: TransactionShard,
    transaction: Transaction,
    facts: TransactionFacts | undefined,
  ): Promise<void> {
    const { key, value } = transactionRecordOf(transaction.transactionalId, facts)
    const builder = new BatchBuilder()
    builder.append(this.nowMs(), key, value)
    const batch = builder.build({ codecs: this.environment.codecs })
    const appended = appendToReplica(shard.replica, batch, -1, { origin: 'internal' })
    const timeoutMs = this.options.settings.number('offsets.commit.timeout.ms')
    const [answer] = await whenAcknowledged(this.options.purgatory, [appended], -1, timeoutMs)
    const error = writeErrors[answer!.error] ?? answer!.error
    if (this.isServing(shard)) this.step(shard, transaction, { kind: 'stored', error })
  }

  private async mark(
    shard: TransactionShard,
    transaction: Transaction,
    facts: TransactionFacts,
    isRepeated: boolean,
  ): Promise<void> {
    if (isRepeated) await this.environment.timers.sleep(retryMs)
    const isDone = await this.markers.end(facts, shard.leaderEpoch, () => this.isServing(shard))
    if (!isDone) return
    const { producerId, producerEpoch } = facts
    this.step(shard, transaction, { kind: 'marked', producerId, producerEpoch })
  }

  private unload(partition: number, shard: TransactionShard): void {
    this.shards.delete(partition)
    for (const [ticket, waiting] of this.waiting) {
      if (waiting.shard !== shard) continue
      this.waiting.delete(ticket)
      waiting.resolve(refused('NOT_COORDINATOR'))
    }
  }

  private nowMs(): number {
    return this.environment.clock.nowMs()
  }

  private get expiryMs(): number {
    return this.options.settings.number('transactional.id.expiration.ms')
  }

  /** Looks for the earliest deadline of all transactions. */
  private arm(): void {
    let deadlineMs = Number.POSITIVE_INFINITY
    for (const shard of this.shards.values()) {
      for (const transaction of shard.transactions.values()) {
        deadlineMs = Math.min(deadlineMs, transactionDeadlineMs(transaction, this.expiryMs))
      }
    }
    this.armFor(deadlineMs)
  }

  private armFor(deadlineMs: number): void {
    if (deadlineMs >= this.timerMs || this.isClosed) return
    this.timer?.cancel()
    this.timerMs = deadlineMs
    const waitMs = Math.min(timerMsMax, Math.max(tickMsMin, deadlineMs - this.nowMs()))
    this.timer = this.environment.timers.after(waitMs, () => this.tick())
  }

  private tick(): void {
    this.timerMs = Number.POSITIVE_INFINITY
    for (const shard of this.shards.values()) {
      if (!shard.isLoaded || !shard.isCurrent) continue
      for (const transaction of [...shard.transactions.values()]) {
        this.step(shard, transaction, { kind: 'tick' })
      }
    }
    this.arm()
  }
}

function refused(error: ErrorName): ProducerAnswer {
  return { error, producerId: -1, producerEpoch: -1 }
}

/** What a failed write to the transactions' topic means to a producer. */
const writeErrors: Partial<Record<ErrorName, ErrorName>> = {
  UNKNOWN_TOPIC_OR_PARTITION: 'COORDINATOR_NOT_AVAILABLE',
  NOT_ENOUGH_REPLICAS: 'COORDINATOR_NOT_AVAILABLE',
  NOT_ENOUGH_REPLICAS_AFTER_APPEND: 'COORDINATOR_NOT_AVAILABLE',
  REQUEST_TIMED_OUT: 'COORDINATOR_NOT_AVAILABLE',
  NOT_LEADER_OR_FOLLOWER: 'NOT_COORDINATOR',
  KAFKA_STORAGE_ERROR: 'NOT_COORDINATOR',
  MESSAGE_TOO_LARGE: 'UNKNOWN_SERVER_ERROR',
}

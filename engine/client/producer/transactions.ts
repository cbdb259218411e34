/**
 * A producer's transactions, from the client's side (KIP-98, KIP-360, KIP-447, KIP-890):
 *
 * | phase      | input                                    | next       | and                                               |
 * |------------|------------------------------------------|------------|---------------------------------------------------|
 * | new        | initTransactions                         | ready      | InitProducerId: fences whoever had the id before  |
 * | ready      | beginTransaction                         | open       | nothing is sent                                   |
 * | open       | record, offsets                          | open       | version 1: the partition, the group is added first|
 * | open       | a record or offsets that cannot be sent  | open       | only abortTransaction is left                     |
 * | open       | commitTransaction                        | committing | all records first, then EndTxn                    |
 * | open       | abortTransaction                         | aborting   | what is not sent yet fails, then EndTxn           |
 * | committing | EndTxn answered                          | ready      | version 2: the next epoch comes with the answer   |
 * | aborting   | EndTxn answered                          | ready      | version 1, after a failure: InitProducerId raises the epoch |
 * | any        | fenced, or not allowed                   | failed     | for good                                          |
 *
 * A commit or an abort that came to no end in its time may be called again; nothing else may.
 */
import { MillraceError } from '../../base/errors.ts'
import { apiVersions } from '../../protocol/apis/api-versions.ts'
import type { ConsumerGroupMetadata, OffsetAndMetadata, TopicPartition } from '../api.ts'
import type { ClusterClient } from '../cluster/cluster-client.ts'
import { Coordinator } from '../cluster/coordinator.ts'
import { retrying } from '../cluster/retrying.ts'
import { checkCode } from '../kafka-error.ts'
import type { ProducerIdentity } from './batch.ts'
import type { Identities } from './identity.ts'
import type { ProducerSettings } from './settings.ts'
import {
  addOffsets,
  addPartitions,
  commitOffsets,
  endTransaction,
  initialise,
} from './transaction-requests.ts'

type Phase = 'new' | 'ready' | 'open' | 'committing' | 'aborting' | 'failed'

/** From this level of the feature transaction.version on brokers add partitions by themselves (KIP-890). */
const implicitAddSince = 2

export interface TransactionsHooks {
  /** Something may be sent that could not before. */
  readonly onChange: () => void
  /** Sends all records, and resolves when each is settled. */
  readonly drain: () => Promise<void>
  /** Fails the records that were never sent. */
  readonly dropUnsent: (error: MillraceError) => void
  /** Sequences of all partitions start anew, with the next identity. */
  readonly restartSequences: () => void
}

export class Transactions implements Identities {
  readonly #cluster: ClusterClient
  readonly #settings: ProducerSettings
  readonly #hooks: TransactionsHooks
  readonly #id: string
  readonly #coordinator: Coordinator
  #phase: Phase = 'new'
  #isBusy = false
  #identity: ProducerIdentity | undefined
  #addsImplicitly = false
  /** The first thing that went wrong in the open transaction. */
  #failure: MillraceError | undefined
  #fatal: MillraceError | undefined
  /** Whether the coordinator may know of the transaction. */
  #hasStarted = false
  /** Partitions that are part of the transaction, and those that are to be: `topic-partition` to both. */
  #added = new Set<string>()
  readonly #wanted = new Map<string, TopicPartition>()
  #adding: Promise<void> | undefined

  constructor(cluster: ClusterClient, settings: ProducerSettings, id: string, hooks: TransactionsHooks) {
    this.#cluster = cluster
    this.#settings = settings
    this.#id = id
    this.#hooks = hooks
    this.#coordinator = new Coordinator(cluster, 'transaction', id)
  }

  get current(): ProducerIdentity | undefined {
    return this.#identity
  }

  /** The coordinator alone gives epochs here. */
  after(): undefined {
    return undefined
  }

  get isFinal(): boolean {
    return this.#phase === 'aborting' || this.#phase === 'failed'
  }

  get isOpen(): boolean {
    return this.#phase === 'open'
  }

  /** Why the transaction cannot be committed. */
  get failure(): MillraceError | undefined {
    return this.#fatal ?? this.#failure
  }

  /** The version of Produce tells the broker whether to add the partition by itself. */
  get produceVersionMax(): number | undefined {
    return this.#addsImplicitly ? undefined : lastProduceBeforeImplicitAdd
  }

  admits(topic: string, partition: number): boolean {
    if (this.#addsImplicitly) {
      this.#hasStarted = true
      return true
    }
    const key = `${topic}-${partition}`
    if (this.#added.has(key)) return true
    if (!this.#wanted.has(key) && this.#failure === undefined) {
      this.#wanted.set(key, { topic, partition })
      this.#adding ??= this.#add()
    }
    return false
  }

  /** Why something cannot become part of the transaction: WRONG_TRANSACTION_STATE, TRANSACTION_MUST_ABORT, or what ended this producer. */
  refusal(what: string): MillraceError | undefined {
    if (this.#fatal) return this.#fatal
    if (this.#phase !== 'open') return this.#wrongState(what)
    return this.#failure && mustAbort(this.#failure)
  }

  /** Of records: with one missing the transaction must not be committed. */
  recordFailed(error: MillraceError): void {
    if (fatalForRecords.has(error.code)) this.#fail(error)
    else this.#failure ??= error
  }

  async initialise(): Promise<void> {
    if (this.#fatal) throw this.#fatal
    if (this.#phase !== 'new' || this.#isBusy) throw this.#wrongState('initTransactions')
    await this.#exclusively(async () => {
      this.#addsImplicitly = (await this.#featureLevel()) >= implicitAddSince
      await this.#takeIdentity(undefined)
      this.#phase = 'ready'
    })
  }

  begin(): void {
    if (this.#fatal) throw this.#fatal
    if (this.#phase !== 'ready' || this.#isBusy) throw this.#wrongState('beginTransaction')
    this.#phase = 'open'
    this.#failure = undefined
    this.#hasStarted = false
    this.#added.clear()
    this.#wanted.clear()
  }

  async sendOffsets(
    offsets: ReadonlyArray<TopicPartition & OffsetAndMetadata>,
    group: ConsumerGroupMetadata,
  ): Promise<void> {
    const refusal = this.refusal('sendOffsetsToTransaction')
    if (refusal) throw refusal
    if (offsets.length === 0) return
    const identity = this.#identity!
    this.#hasStarted = true
    try {
      if (!this.#addsImplicitly) {
        await this.#retrying(() => addOffsets(this.#coordinator, identity, group.groupId))
      }
      const groupCoordinator = new Coordinator(this.#cluster, 'group', group.groupId)
      const last = this.#addsImplicitly ? undefined : lastOffsetCommitBeforeImplicitAdd
      await this.#retrying(() => commitOffsets(groupCoordinator, this.#id, identity, group, offsets, last))
    } catch (thrown) {
      throw this.#refused(thrown)
    }
  }

  async commit(): Promise<void> {
    const refusal = this.#phase === 'committing' ? undefined : this.refusal('commitTransaction')
    if (refusal) throw refusal
    await this.#exclusively(async () => {
      await this.#hooks.drain()
      if (this.#fatal) throw this.#fatal
      if (this.#failure) throw mustAbort(this.#failure)
      this.#phase = 'committing'
      await this.#end(true)
      this.#phase = 'ready'
    })
  }

  async abort(): Promise<void> {
    if (this.#fatal) throw this.#fatal
    if (this.#phase !== 'open' && this.#phase !== 'aborting') throw this.#wrongState('abortTransaction')
    await this.#exclusively(async () => {
      this.#phase = 'aborting'
      this.#hooks.dropUnsent(aborted())
      // What is under way may yet be written; the marker has to come behind it.
      await this.#hooks.drain()
      await this.#adding
      await this.#end(false)
      // Of a batch that failed it is not known which sequence the broker expects next.
      if (this.#failure && !this.#addsImplicitly) await this.#takeIdentity(this.#identity)
      this.#phase = 'ready'
    })
  }

  async #exclusively(work: () => Promise<void>): Promise<void> {
    if (this.#isBusy) throw this.#wrongState('this')
    this.#isBusy = true
    try {
      await work()
    } catch (thrown) {
      const error = MillraceError.from(thrown)
      if (fatalCodes.has(error.code)) this.#fail(error)
      throw error
    } finally {
      this.#isBusy = false
    }
  }

  /** By a coordinator, within the transaction. */
  #refused(thrown: unknown): MillraceError {
    const error = MillraceError.from(thrown)
    if (fatalCodes.has(error.code)) this.#fail(error)
    else this.#failure ??= error
    return error
  }

  async #end(isCommit: boolean): Promise<void> {
    if (!this.#hasStarted) return
    const identity = this.#identity!
    const last = this.#addsImplicitly ? undefined : lastEndBeforeImplicitAdd
    const next = await this.#retrying(() => endTransaction(this.#coordinator, identity, isCommit, last))
    this.#hasStarted = false
    if (next.producerId < 0) return
    this.#identity = next
    this.#hooks.restartSequences()
  }

  async #takeIdentity(before: ProducerIdentity | undefined): Promise<void> {
    const { transactionTimeoutMs } = this.#settings
    this.#identity = await this.#retrying(() => initialise(this.#coordinator, transactionTimeoutMs, before))
    this.#hooks.restartSequences()
  }

  async #featureLevel(): Promise<number> {
    const answer = await this.#retrying(() => this.#cluster.requestAny(apiVersions, clientSoftware))
    checkCode(answer.errorCode)
    const feature = answer.finalizedFeatures.find(({ name }) => name === 'transaction.version')
    return feature?.maxVersionLevel ?? 0
  }

  /** Version 1: the coordinator has to know of a partition before it is written to. */
  async #add(): Promise<void> {
    try {
      while (this.#phase === 'open' && this.#identity) {
        const identity = this.#identity
        const partitions = [...this.#wanted].filter(([key]) => !this.#added.has(key))
        if (partitions.length === 0) return
        this.#hasStarted = true
        const all = partitions.map(([, partition]) => partition)
        await this.#retrying(() => addPartitions(this.#coordinator, identity, all))
        for (const [key] of partitions) this.#added.add(key)
        this.#hooks.onChange()
      }
    } catch (thrown) {
      this.#hooks.dropUnsent(this.#refused(thrown))
    } finally {
      this.#adding = undefined
    }
  }

  #retrying<T>(attempt: () => Promise<T>): Promise<T> {
    return retrying(this.#cluster, this.#settings.deliveryTimeoutMs, attempt)
  }

  #fail(error: MillraceError): void {
    if (this.#fatal) return
    this.#fatal = error
    this.#phase = 'failed'
    this.#hooks.dropUnsent(error)
  }

  #wrongState(what: string): MillraceError {
    const doing = this.#isBusy ? 'another call is under way' : phaseTexts[this.#phase]
    return new MillraceError({
      code: 'WRONG_TRANSACTION_STATE',
      what: `${what} cannot be done now: ${doing}`,
      where: `transactional id ${this.#id}`,
      remedy: 'call initTransactions once, then begin, send and commit or abort, one after the other',
    })
  }
}

/** Produce, TxnOffsetCommit and EndTxn from the next version on speak version 2 of transactions. */
const lastProduceBeforeImplicitAdd = 11
const lastOffsetCommitBeforeImplicitAdd = 4
const lastEndBeforeImplicitAdd = 4

const clientSoftware = { clientSoftwareName: 'millrace', clientSoftwareVersion: '1' }

const phaseTexts: Readonly<Record<Phase, string>> = {
  new: 'initTransactions has not been called',
  ready: 'no transaction is open',
  open: 'a transaction is open',
  committing: 'a commit is not finished yet',
  aborting: 'an abort is not finished yet',
  failed: 'the producer has failed for good',
}

/** Said by the leader of a partition. That the epoch is old may mean too that the transaction has timed out (KIP-588). */
const fatalForRecords: ReadonlySet<string> = new Set([
  'PRODUCER_FENCED',
  'TRANSACTIONAL_ID_AUTHORIZATION_FAILED',
  'CLUSTER_AUTHORIZATION_FAILED',
  'UNSUPPORTED_VERSION',
  'UNSUPPORTED_FOR_MESSAGE_FORMAT',
])

/** Said by a coordinator. */
const fatalCodes: ReadonlySet<string> = new Set([
  'PRODUCER_FENCED',
  'INVALID_PRODUCER_EPOCH',
  'INVALID_PRODUCER_ID_MAPPING',
  'INVALID_TXN_STATE',
  'INVALID_TRANSACTION_TIMEOUT',
  'TRANSACTIONAL_ID_NOT_FOUND',
  'TRANSACTIONAL_ID_AUTHORIZATION_FAILED',
  'CLUSTER_AUTHORIZATION_FAILED',
  'UNSUPPORTED_VERSION',
  'UNSUPPORTED_FOR_MESSAGE_FORMAT',
])

function mustAbort(cause: MillraceError): MillraceError {
  return new MillraceError({
    code: 'TRANSACTION_MUST_ABORT',
    what: `the transaction cannot be committed: ${cause.what}`,
    where: cause.where,
    remedy: 'abort it, go back to the last committed offsets and do the work again',
    cause,
  })
}

function aborted(): MillraceError {
  return new MillraceError({
    code: 'TRANSACTION_ABORTED',
    what: 'the transaction was aborted before the record was sent',
    remedy: 'send it in another transaction',
  })
}

import { isMillraceError } from '../../../engine/base/errors.ts'
import type { ClusterClient } from '../../../engine/client/cluster/cluster-client.ts'
import type { Environment } from '../../../engine/environment/index.ts'
import type { Api } from '../../../engine/protocol/api.ts'
import { addOffsetsToTxn } from '../../../engine/protocol/apis/add-offsets-to-txn.ts'
import { addPartitionsToTxn } from '../../../engine/protocol/apis/add-partitions-to-txn.ts'
import { endTxn } from '../../../engine/protocol/apis/end-txn.ts'
import { findCoordinator } from '../../../engine/protocol/apis/find-coordinator.ts'
import { initProducerId } from '../../../engine/protocol/apis/init-producer-id.ts'
import { produce } from '../../../engine/protocol/apis/produce.ts'
import { txnOffsetCommit } from '../../../engine/protocol/apis/txn-offset-commit.ts'
import { BatchBuilder } from '../../../engine/protocol/batch-builder.ts'
import { type ErrorName, errorOf } from '../../../engine/protocol/error-codes.ts'
import type { Decoded, Encodable, Field } from '../../../engine/protocol/schema.ts'

export interface Identity {
  readonly producerId: number
  readonly producerEpoch: number
}

/** The broker has said no: sending it again would not help. */
export class Refused extends Error {
  readonly error: ErrorName
  /** An earlier attempt was not answered: it may have had its effect. */
  readonly isUncertain: boolean

  constructor(error: ErrorName, isUncertain: boolean) {
    super(error)
    this.error = error
    this.isUncertain = isUncertain
  }
}

const retryMs = 50
/** What is answered while things are changing; each may have had its effect before. */
const passing: ReadonlySet<ErrorName> = new Set([
  'NOT_COORDINATOR',
  'COORDINATOR_NOT_AVAILABLE',
  'COORDINATOR_LOAD_IN_PROGRESS',
  'CONCURRENT_TRANSACTIONS',
  'NOT_LEADER_OR_FOLLOWER',
  'LEADER_NOT_AVAILABLE',
  'NOT_ENOUGH_REPLICAS',
  'NOT_ENOUGH_REPLICAS_AFTER_APPEND',
  'REQUEST_TIMED_OUT',
  'UNKNOWN_TOPIC_OR_PARTITION',
  'KAFKA_STORAGE_ERROR',
])

/**
 * One instance of a transactional producer that says exactly what it is told to, in either version of the protocol, and
 * repeats every request until it has a definite answer: what clients do, without what they do to be safe.
 */
export class TransactionalProducer {
  identity: Identity = { producerId: -1, producerEpoch: -1 }
  readonly transactionalId: string
  readonly version: 1 | 2
  private readonly environment: Environment
  private readonly cluster: ClusterClient
  private readonly sequences = new Map<number, number>()
  private readonly coordinators = new Map<string, number>()

  constructor(environment: Environment, cluster: ClusterClient, transactionalId: string, version: 1 | 2) {
    this.environment = environment
    this.cluster = cluster
    this.transactionalId = transactionalId
    this.version = version
  }

  async init(timeoutMs: number): Promise<void> {
    const body = { transactionalId: this.transactionalId, transactionTimeoutMs: timeoutMs }
    const answer = await this.repeat(async () => {
      const given = await this.ask('transaction', initProducerId, body)
      return { ...given, error: errorOf(given.errorCode).name }
    })
    this.use(answer)
  }

  /** One batch; resolves when it is acknowledged. @throws Refused */
  async write(topic: string, partition: number, values: readonly string[]): Promise<void> {
    if (this.version === 1) await this.addPartition(topic, partition)
    await this.send(topic, partition, values)
  }

  /** As if the batch had been under way since before the transaction ended. @throws Refused */
  async writeLate(topic: string, partition: number, values: readonly string[]): Promise<void> {
    const baseSequence = this.sequences.get(partition) ?? 0
    try {
      await this.send(topic, partition, values)
    } catch (thrown) {
      if (thrown instanceof Refused) this.sequences.set(partition, baseSequence)
      throw thrown
    }
  }

  private async send(topic: string, partition: number, values: readonly string[]): Promise<void> {
    const baseSequence = this.sequences.get(partition) ?? 0
    this.sequences.set(partition, baseSequence + values.length)
    const builder = new BatchBuilder()
    for (const value of values) builder.append(this.environment.clock.nowMs(), null, Buffer.from(value))
    const { codecs } = this.environment
    const records = builder.build({ codecs, ...this.identity, baseSequence, isTransactional: true })
    await this.repeat(async () => {
      const leader = this.cluster.metadata.topic(topic)?.partitions[partition]?.leader ?? -1
      const body = {
        transactionalId: this.transactionalId,
        acks: -1,
        timeoutMs: 2000,
        topicData: [{ name: topic, partitionData: [{ index: partition, records: Buffer.from(records) }] }],
      }
      const versionMax = this.version === 2 ? 12 : 11
      const answer = await this.cluster.request(leader, produce, body, { versionMax })
      return { error: errorOf(answer.responses[0]!.partitionResponses[0]!.errorCode).name }
    })
  }

  /** Commits that the group has read `topic` 0 up to the offset. @throws Refused */
  async commitOffset(groupId: string, topic: string, offset: number): Promise<void> {
    const { transactionalId, identity } = this
    if (this.version === 1) {
      await this.repeat(async () => {
        const answer = await this.ask('transaction', addOffsetsToTxn, {
          transactionalId,
          ...identity,
          groupId,
        })
        return { error: errorOf(answer.errorCode).name }
      })
    }
    const partitions = [{ partitionIndex: 0, committedOffset: offset, committedMetadata: null }]
    const body = { transactionalId, groupId, ...identity, topics: [{ name: topic, partitions }] }
    await this.repeat(async () => {
      const versionMax = this.version === 2 ? 5 : 4
      const answer = await this.ask(`group ${groupId}`, txnOffsetCommit, body, versionMax)
      return { error: errorOf(answer.topics[0]!.partitions[0]!.errorCode).name }
    })
  }

  /** @throws Refused */
  async end(isCommit: boolean, identity = this.identity): Promise<void> {
    const body = { transactionalId: this.transactionalId, ...identity, committed: isCommit }
    const answer = await this.repeat(async () => {
      const given = await this.ask('transaction', endTxn, body, this.version === 2 ? 5 : 4)
      return { ...given, error: errorOf(given.errorCode).name }
    })
    if (this.version === 2 && identity === this.identity) this.use(answer)
  }

  private use({ producerId, producerEpoch }: Identity): void {
    this.identity = { producerId, producerEpoch }
    this.sequences.clear()
  }

  private async addPartition(topic: string, partition: number): Promise<void> {
    await this.repeat(async () => {
      const answer = await this.ask(
        'transaction',
        addPartitionsToTxn,
        {
          v3AndBelowTransactionalId: this.transactionalId,
          v3AndBelowProducerId: this.identity.producerId,
          v3AndBelowProducerEpoch: this.identity.producerEpoch,
          v3AndBelowTopics: [{ name: topic, partitions: [partition] }],
          transactions: [],
        },
        3,
      )
      const result = answer.resultsByTopicV3AndBelow[0]!.resultsByPartition[0]!
      return { error: errorOf(result.partitionErrorCode).name }
    })
  }

  private async repeat<Answer extends { readonly error: ErrorName }>(
    attempt: () => Promise<Answer>,
  ): Promise<Answer> {
    for (let isUncertain = false; ; isUncertain = true) {
      let error: ErrorName = 'NETWORK_EXCEPTION'
      try {
        const answer = await attempt()
        if (answer.error === 'NONE') return answer
        error = answer.error
      } catch (thrown) {
        if (!isMillraceError(thrown) || this.cluster.isClosed) throw thrown
      }
      if (error !== 'NETWORK_EXCEPTION' && !passing.has(error)) throw new Refused(error, isUncertain)
      this.coordinators.clear()
      this.cluster.refreshSoon()
      await this.environment.timers.sleep(retryMs)
    }
  }

  private async ask<Request extends Field, Response extends Field>(
    whom: string,
    api: Api<Request, Response>,
    body: Encodable<Request>,
    versionMax?: number,
  ): Promise<Decoded<Response>> {
    return this.cluster.request(await this.coordinator(whom), api, body, { versionMax })
  }

  private async coordinator(whom: string): Promise<number> {
    const known = this.coordinators.get(whom)
    if (known !== undefined) return known
    const isGroup = whom.startsWith('group ')
    const key = isGroup ? whom.slice('group '.length) : this.transactionalId
    const keyType = isGroup ? 0 : 1
    const answer = await this.cluster.requestAny(findCoordinator, { coordinatorKeys: [key], keyType })
    const found = answer.coordinators[0]!
    this.cluster.metadata.applyEndpoints([{ ...found, rack: null }])
    if (found.errorCode === 0) this.coordinators.set(whom, found.nodeId)
    return found.nodeId
  }
}

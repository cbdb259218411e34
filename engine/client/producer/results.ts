import { MillraceError } from '../../base/errors.ts'
import { errorCodes } from '../../protocol/error-codes.ts'
import { backoffMs } from '../backoff.ts'
import type { ClusterClient } from '../cluster/cluster-client.ts'
import { isRetriable, kafkaError, notInAnswer, showsStaleMetadata } from '../kafka-error.ts'
import { ProducerMetrics } from '../metrics/producer-metrics.ts'
import { type Accumulator, earlierFailed } from './accumulator.ts'
import type { ProducerBatch } from './batch.ts'
import type { PartitionQueue } from './partition-queue.ts'
import type { ProduceAnswer, ProduceRequest, Sent } from './produce-request.ts'
import type { ProducerSettings } from './settings.ts'
import { splitBatch } from './split.ts'
import type { Transactions } from './transactions.ts'
import { judge } from './verdict.ts'

type PartitionAnswer = ProduceAnswer['responses'][number]['partitionResponses'][number]

/** What becomes of batches once a broker has answered, or has not. */
export class Results {
  readonly metrics: ProducerMetrics
  readonly #cluster: ClusterClient
  readonly #settings: ProducerSettings
  readonly #accumulator: Accumulator
  readonly #onFailure: (error: MillraceError) => void
  readonly #transactions: Transactions | undefined

  constructor(
    cluster: ClusterClient,
    settings: ProducerSettings,
    accumulator: Accumulator,
    onFailure: (error: MillraceError) => void,
    transactions: Transactions | undefined,
  ) {
    this.#transactions = transactions
    this.#cluster = cluster
    this.#settings = settings
    this.#accumulator = accumulator
    this.#onFailure = onFailure
    this.metrics = new ProducerMetrics(cluster.environment.clock)
  }

  takeAnswer(answer: ProduceAnswer, request: ProduceRequest, latencyMs: number): void {
    this.metrics.answered(latencyMs)
    this.#cluster.metadata.applyEndpoints(answer.nodeEndpoints)
    const unanswered = new Set(request.sent)
    for (const topic of answer.responses) {
      for (const partition of topic.partitionResponses) {
        const sent = request.sentTo(topic.name, topic.topicId, partition.index)
        if (sent === undefined || !unanswered.delete(sent)) continue
        this.#take(sent, partition)
      }
    }
    if (unanswered.size > 0) this.takeLost([...unanswered], notInAnswer('Produce'))
  }

  /** Without an answer, whether it was written is not known. */
  takeLost(sent: readonly Sent[], error: MillraceError): void {
    for (const { queue, batch, attempt } of sent) {
      if (batch.attempts !== attempt || !queue.answered(batch)) continue
      // An answer that can't be read is as good as none.
      if (isRetriable(error) || error.code === 'MALFORMED_FRAME') this.#retry(queue, batch, error)
      else this.fail(queue, batch, error)
    }
  }

  takeUnanswered(sent: readonly Sent[]): void {
    for (const { queue, batch } of sent) {
      if (queue.answered(batch)) this.#complete(queue, batch, -1, -1)
    }
  }

  fail(queue: PartitionQueue, batch: ProducerBatch, error: MillraceError): void {
    if (batch.isSettled) return
    queue.remove(batch)
    queue.answered(batch)
    this.metrics.failed(queue.topic, batch.recordCount)
    this.#accumulator.release(queue, batch)
    this.#onFailure(error)
    batch.fail(error)
    const { topic, partition } = queue
    if (!this.#accumulator.stop(topic, partition)) return
    // What is in flight behind it the broker refuses by its sequence; see `#retry`.
    for (const behind of [...queue.waiting]) this.fail(queue, behind, earlierFailed(topic, partition))
  }

  #take({ queue, batch, attempt }: Sent, answer: PartitionAnswer): void {
    if (batch.attempts !== attempt || !queue.answered(batch)) return
    const { errorCode } = answer
    const where = `${queue.topic}-${queue.partition}`
    switch (judge(errorCode, batch, queue)) {
      case 'done':
        this.#complete(queue, batch, answer.baseOffset, answer.logAppendTimeMs)
        break
      case 'split':
        this.#split(queue, batch)
        break
      case 'fail':
        this.fail(queue, batch, failure(errorCode, where, answer.errorMessage, batch))
        break
      case 'new sequences':
        // Within a transaction that would leave a hole: it has to be aborted.
        if (this.#transactions) {
          this.fail(queue, batch, failure(errorCode, where, answer.errorMessage, batch))
          break
        }
        queue.needsNewSequences = true
        this.#retry(queue, batch, kafkaError(errorCode, where))
        break
      case 'retry': {
        const hasNewLeader = showsStaleMetadata(errorCode) && this.#learnLeader(queue, answer)
        this.#retry(queue, batch, kafkaError(errorCode, where, answer.errorMessage), hasNewLeader)
      }
    }
  }

  /** True if the answer itself says where the new leader is. */
  #learnLeader(queue: PartitionQueue, { currentLeader }: PartitionAnswer): boolean {
    this.#cluster.refreshSoon()
    const { leaderId, leaderEpoch } = currentLeader
    return this.#cluster.metadata.applyLeader(queue.topic, queue.partition, leaderId, leaderEpoch)
  }

  #complete(queue: PartitionQueue, batch: ProducerBatch, baseOffset: number, appendTimeMs: number): void {
    this.#accumulator.release(queue, batch)
    batch.complete(baseOffset, appendTimeMs)
  }

  #retry(queue: PartitionQueue, batch: ProducerBatch, error: MillraceError, isAtOnce = false): void {
    if (batch.isSettled) return
    if (this.#accumulator.isStopped(queue.topic, queue.partition)) {
      this.fail(queue, batch, earlierFailed(queue.topic, queue.partition))
      return
    }
    if (this.#transactions?.isFinal) {
      this.fail(queue, batch, error)
      return
    }
    const { clock, random } = this.#cluster.environment
    const delayMs = isAtOnce ? 0 : backoffMs(batch.attempts - 1, this.#settings, random)
    batch.lastError = error
    batch.retryAtMs = clock.monotonicMs() + delayMs
    queue.requeue(batch)
  }

  #split(queue: PartitionQueue, batch: ProducerBatch): void {
    this.metrics.split()
    const pieces = splitBatch(batch, this.#cluster.environment.codecs, this.#settings.compression)
    for (const piece of pieces) this.#accumulator.adopt(piece)
    queue.replace(pieces)
    this.#accumulator.release(queue, batch)
    // Who waits for the batch waits for its pieces.
    void Promise.all(pieces.map((piece) => piece.done())).then(() => batch.retire())
  }
}

function failure(
  errorCode: number,
  where: string,
  message: string | null,
  batch: ProducerBatch,
): MillraceError {
  const error = kafkaError(errorCode, where, message)
  if (errorCode !== errorCodes.MESSAGE_TOO_LARGE && errorCode !== errorCodes.RECORD_LIST_TOO_LARGE)
    return error
  return new MillraceError({
    code: 'RECORD_TOO_LARGE',
    what: `the broker refuses a record of about ${batch.sizeBytes} bytes`,
    where,
    remedy: error.remedy ?? 'raise max.message.bytes of the topic',
    cause: error,
  })
}

import { MillraceError } from '../../base/errors.ts'
import type { TimerHandle } from '../../environment/index.ts'
import type { ClusterClient } from '../cluster/cluster-client.ts'
import type { BrokerConnection } from '../cluster/connection.ts'
import { isRetriable } from '../kafka-error.ts'
import type { Accumulator } from './accumulator.ts'
import { deliveryTimedOut } from './accumulator.ts'
import type { ProducerBatch } from './batch.ts'
import { type Identities, IdentitySource } from './identity.ts'
import type { PartitionQueue } from './partition-queue.ts'
import { ProduceRequest, type Sent } from './produce-request.ts'
import { Results } from './results.ts'
import type { ProducerSettings } from './settings.ts'
import type { Transactions } from './transactions.ts'

/** Without answers to wait for (acks 0), so much may lie in a connection's buffer before we pause. */
const unansweredBytesMax = 1024 * 1024

/** After so long without an answer we ask around whether somebody else leads. */
const overdueMs = 2000

interface NodeState {
  inFlight: number
  isOpening: boolean
}

/**
 * Sends batches to their leaders: woken whenever something may have become ready, it looks at every partition with
 * batches, and sends what is due, several requests in flight per broker, one batch per partition in each.
 */
export class Sender {
  readonly #cluster: ClusterClient
  readonly #settings: ProducerSettings
  readonly #accumulator: Accumulator
  readonly #results: Results
  readonly #identities: Identities
  readonly #transactions: Transactions | undefined
  readonly #nodes = new Map<number, NodeState>()
  #flushes = 0
  #isWoken = false
  #timer: TimerHandle | undefined
  #rotation = 0

  constructor(
    cluster: ClusterClient,
    settings: ProducerSettings,
    accumulator: Accumulator,
    onFailure: (error: MillraceError) => void,
    transactions?: Transactions,
  ) {
    this.#transactions = transactions
    this.#cluster = cluster
    this.#settings = settings
    this.#accumulator = accumulator
    this.#results = new Results(cluster, settings, accumulator, onFailure, transactions)
    this.#identities =
      transactions ??
      new IdentitySource(
        cluster,
        () => this.wake(),
        (error) => this.failAll(error),
      )
    cluster.onMetadata(() => {
      accumulator.admit()
      this.wake()
    })
  }

  get results(): Results {
    return this.#results
  }

  /** Requests without an answer yet. */
  get inFlight(): number {
    let count = 0
    for (const node of this.#nodes.values()) count += node.inFlight
    return count
  }

  /** Looks for work at the end of this tick. */
  wake(): void {
    if (this.#isWoken || this.#cluster.isClosed) return
    this.#isWoken = true
    this.#cluster.environment.timers.soon(() => {
      this.#isWoken = false
      if (!this.#cluster.isClosed) this.#work()
    })
  }

  /** Between these two, nothing lingers. */
  startFlush(): void {
    this.#flushes++
    this.#accumulator.closeBatches()
    this.wake()
  }

  endFlush(): void {
    this.#flushes--
  }

  /** What is on its way is left to come back. */
  failUnsent(error: MillraceError): void {
    this.#accumulator.refuseWaiting(error)
    for (const queue of [...this.#accumulator.active]) {
      for (const batch of [...queue.waiting]) this.#results.fail(queue, batch, error)
    }
  }

  failAll(error: MillraceError): void {
    this.#accumulator.refuseWaiting(error)
    for (const queue of [...this.#accumulator.active]) {
      for (const batch of [...queue.inFlight, ...queue.waiting]) this.#results.fail(queue, batch, error)
    }
  }

  close(): void {
    this.#timer?.cancel()
  }

  #work(): void {
    const { clock } = this.#cluster.environment
    const nowMs = clock.monotonicMs()
    if (this.#accumulator.hasWaitingRecords) this.#accumulator.admit()
    if (this.#settings.idempotence && this.#identities.current === undefined) {
      this.#expireAll(nowMs)
      this.#wakeAt(nowMs + this.#settings.retryBackoffMaxMs)
      return
    }
    const byNode = new Map<number, PartitionQueue[]>()
    let nextMs = this.#accumulator.hasWaitingRecords
      ? nowMs + this.#settings.retryBackoffMaxMs
      : Number.POSITIVE_INFINITY
    for (const queue of this.#accumulator.active) {
      const leader = this.#cluster.metadata.partition(queue.topic, queue.partition)?.leader ?? -1
      if (leader >= 0) this.#recall(queue, leader)
      const dueMs = this.#dueMs(queue, nowMs)
      if (dueMs > nowMs) {
        nextMs = Math.min(nextMs, dueMs)
      } else if (leader < 0) {
        this.#cluster.refreshSoon()
        nextMs = Math.min(nextMs, nowMs + this.#settings.retryBackoffMaxMs)
      } else if (queue.inFlight.length === 0 || queue.inFlightNode === leader) {
        // Else what is on its way to the old leader has to come back first, or order would be lost.
        const queues = byNode.get(leader)
        if (queues === undefined) byNode.set(leader, [queue])
        else queues.push(queue)
      }
    }
    for (const [nodeId, queues] of byNode) this.#sendTo(nodeId, queues, nowMs)
    if (nextMs !== Number.POSITIVE_INFINITY) this.#wakeAt(nextMs)
  }

  /**
   * With idempotence, what is on its way to a leader of before need not be waited for, which may take long where that
   * one is cut off: the new leader knows what it already has.
   */
  #recall(queue: PartitionQueue, leader: number): void {
    if (!this.#settings.idempotence || queue.inFlight.length === 0 || queue.inFlightNode === leader) return
    const sent = queue.inFlight.map((batch) => ({ queue, batch, attempt: batch.attempts }))
    this.#results.takeLost(sent, leaderMoved(queue))
  }

  #expireAll(nowMs: number): void {
    for (const queue of [...this.#accumulator.active]) this.#expire(queue, nowMs)
  }

  #expire(queue: PartitionQueue, nowMs: number): void {
    const { deliveryTimeoutMs } = this.#settings
    for (let first = queue.waiting[0]; first !== undefined; first = queue.waiting[0]) {
      if (nowMs - first.createdMs < deliveryTimeoutMs) return
      const where = `${queue.topic}-${queue.partition}`
      this.#results.fail(queue, first, deliveryTimedOut(where, deliveryTimeoutMs, first.lastError))
    }
  }

  /** When the partition's next batch may be sent; Infinity when that depends on something that wakes us anyway. */
  #dueMs(queue: PartitionQueue, nowMs: number): number {
    this.#expire(queue, nowMs)
    if (queue.needsNewSequences && queue.inFlight.length === 0) this.#renewSequences(queue)
    const batch = queue.next(this.#settings.maxInFlight)
    if (batch === undefined || !this.#identities.admits(queue.topic, queue.partition)) {
      return Number.POSITIVE_INFINITY
    }
    const hurries = batch.isClosed || this.#flushes > 0 || this.#accumulator.isFull
    const lingeredMs = hurries ? nowMs : batch.createdMs + this.#settings.lingerMs
    return Math.max(lingeredMs, batch.retryAtMs)
  }

  #renewSequences(queue: PartitionQueue): void {
    const { log, codecs } = this.#cluster.environment
    const identity = queue.identity && this.#identities.after(queue.identity)
    if (identity === undefined) return
    log.write('warn', 'producer', 'the broker lost track of our sequence: starting a new one', {
      topic: queue.topic,
      partition: queue.partition,
      ...identity,
    })
    queue.restartSequences(identity, codecs)
  }

  #sendTo(nodeId: number, queues: readonly PartitionQueue[], nowMs: number): void {
    const connection = this.#cluster.openConnection(nodeId, 'produce')
    if (connection === undefined) {
      this.#open(nodeId)
      return
    }
    const node = this.#node(nodeId)
    while (node.inFlight < this.#settings.maxInFlight && this.#takesMore(connection)) {
      const sent = this.#collect(nodeId, queues, nowMs)
      if (sent.length === 0) return
      this.#send(connection, node, sent)
    }
  }

  #takesMore(connection: BrokerConnection): boolean {
    return this.#settings.acks !== 0 || connection.bufferedBytes < unansweredBytesMax
  }

  /** At most one batch of each partition, as brokers demand, beginning with another partition each time. */
  #collect(nodeId: number, queues: readonly PartitionQueue[], nowMs: number): Sent[] {
    const sent: Sent[] = []
    let bytes = 0
    const start = this.#rotation++
    for (let step = 0; step < queues.length; step++) {
      const queue = queues[(start + step) % queues.length]!
      if (this.#dueMs(queue, nowMs) > nowMs) continue
      const batch = queue.waiting[0]!
      if (sent.length > 0 && bytes + batch.sizeBytes > this.#settings.requestBytesMax) continue
      const identity = this.#settings.idempotence ? this.#identities.current : undefined
      const sending = queue.send(nodeId, identity)
      sent.push({ queue, batch: sending, attempt: sending.attempts })
      bytes += batch.sizeBytes
    }
    return sent
  }

  #send(connection: BrokerConnection, node: NodeState, sent: readonly Sent[]): void {
    const { clock, codecs } = this.#cluster.environment
    const request = new ProduceRequest(
      this.#cluster.metadata,
      this.#settings,
      codecs,
      sent,
      this.#transactions,
    )
    this.#results.metrics.sent(sent)
    if (this.#settings.acks === 0) {
      try {
        request.sendUnanswered(connection)
        this.#results.takeUnanswered(sent)
      } catch (thrown) {
        this.#results.takeLost(sent, MillraceError.from(thrown))
      }
      return
    }
    node.inFlight++
    const sentMs = clock.monotonicMs()
    const stopWatch = this.#cluster.refreshWhileOverdue(overdueMs)
    request
      .send(connection)
      .then((answer) => this.#results.takeAnswer(answer, request, clock.monotonicMs() - sentMs))
      .catch((thrown: unknown) => this.#results.takeLost(sent, MillraceError.from(thrown)))
      .finally(() => {
        stopWatch()
        node.inFlight--
        this.wake()
      })
  }

  #open(nodeId: number): void {
    const node = this.#node(nodeId)
    if (node.isOpening) return
    node.isOpening = true
    this.#cluster
      .connection(nodeId, 'produce')
      .then(
        (connection) => {
          if (this.#settings.acks === 0) connection.onDrain(() => this.wake())
        },
        (thrown: unknown) => this.#couldNotOpen(nodeId, MillraceError.from(thrown)),
      )
      .finally(() => {
        node.isOpening = false
        this.wake()
      })
  }

  #couldNotOpen(nodeId: number, error: MillraceError): void {
    this.#cluster.refreshSoon()
    const { metadata } = this.#cluster
    for (const queue of [...this.#accumulator.active]) {
      if (metadata.partition(queue.topic, queue.partition)?.leader !== nodeId) continue
      for (const batch of [...queue.waiting]) this.#couldNotSend(queue, batch, error)
    }
  }

  #couldNotSend(queue: PartitionQueue, batch: ProducerBatch, error: MillraceError): void {
    batch.lastError = error
    if (!isRetriable(error)) this.#results.fail(queue, batch, error)
  }

  #node(nodeId: number): NodeState {
    let node = this.#nodes.get(nodeId)
    if (node === undefined) {
      node = { inFlight: 0, isOpening: false }
      this.#nodes.set(nodeId, node)
    }
    return node
  }

  #wakeAt(atMs: number): void {
    this.#timer?.cancel()
    const { clock, timers } = this.#cluster.environment
    this.#timer = timers.after(Math.max(0, atMs - clock.monotonicMs()), () => this.wake())
  }
}

function leaderMoved(queue: PartitionQueue): MillraceError {
  return new MillraceError({
    code: 'NOT_LEADER_OR_FOLLOWER',
    what: 'the partition has another leader by now',
    where: `${queue.topic}-${queue.partition}`,
    details: { retriable: true },
  })
}

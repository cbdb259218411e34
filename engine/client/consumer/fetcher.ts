import { MillraceError } from '../../base/errors.ts'
import type { TimerHandle } from '../../environment/index.ts'
import { errorCodes } from '../../protocol/error-codes.ts'
import { backoffMs } from '../backoff.ts'
import type { ClusterClient } from '../cluster/cluster-client.ts'
import type { Purpose } from '../cluster/connection-pool.ts'
import { isRetriable, kafkaError, showsStaleMetadata } from '../kafka-error.ts'
import type { Assignment } from './assignment.ts'
import { type FetchAnswer, FetchRequest, type PartitionAnswer } from './fetch-request.ts'
import { FetchedBatches } from './fetched-batches.ts'
import type { PartitionState } from './partition-state.ts'
import type { ConsumerSettings } from './settings.ts'

/**
 * A fetch waits at the broker until there is data. A second connection serves partitions that became ready meanwhile,
 * after a resume, a seek, or when their buffer had been full.
 */
const purposes: readonly Purpose[] = ['fetch', 'second fetch']

/** On top of what the broker may wait for data. */
const overdueMs = 1500

export interface FetcherEvents {
  /** There may be records to take. */
  onData(): void
  onOutOfRange(state: PartitionState): void
  onFailure(error: MillraceError): void
  /** A request was answered, with so much for all its partitions. */
  onFetched(latencyMs: number, sizeBytes: number, records: number): void
}

/**
 * Keeps the buffers of the assigned partitions filled, ahead of the caller: for each leader one request, sometimes two,
 * that asks for all of its partitions that have room.
 */
export class Fetcher {
  readonly #cluster: ClusterClient
  readonly #settings: ConsumerSettings
  readonly #assignment: Assignment
  readonly #events: FetcherEvents
  /** `node purpose` of the fetches on their way. */
  readonly #busy = new Set<string>()
  #isWoken = false
  #timer: TimerHandle | undefined
  #rotation = 0

  constructor(
    cluster: ClusterClient,
    settings: ConsumerSettings,
    assignment: Assignment,
    events: FetcherEvents,
  ) {
    this.#cluster = cluster
    this.#settings = settings
    this.#assignment = assignment
    this.#events = events
  }

  /** Looks for what to fetch at the end of this tick. */
  wake(): void {
    if (this.#isWoken || this.#cluster.isClosed) return
    this.#isWoken = true
    this.#cluster.environment.timers.soon(() => {
      this.#isWoken = false
      if (!this.#cluster.isClosed) this.#work()
    })
  }

  close(): void {
    this.#timer?.cancel()
  }

  #work(): void {
    const nowMs = this.#cluster.environment.clock.monotonicMs()
    const byNode = new Map<number, PartitionState[]>()
    let nextMs = Number.POSITIVE_INFINITY
    let bufferedBytes = 0
    for (const state of this.#assignment.all) bufferedBytes += state.bufferedBytes
    if (bufferedBytes >= this.#settings.fetchBytesMax) return
    for (const state of this.#inTurn()) {
      if (!this.#isFetchable(state)) continue
      const leader = this.#cluster.metadata.partition(state.topic, state.partition)?.leader ?? -1
      // A leader of before may never answer; if it does after all, that is dropped.
      if (state.inFlight?.nodeId === leader) continue
      if (leader < 0) {
        this.#cluster.track(state.topic)
        this.#cluster.refreshSoon()
      } else if (state.retryAtMs > nowMs) {
        nextMs = Math.min(nextMs, state.retryAtMs)
      } else {
        const states = byNode.get(leader)
        if (states === undefined) byNode.set(leader, [state])
        else states.push(state)
      }
    }
    for (const [nodeId, states] of byNode) this.#fetchFrom(nodeId, states)
    if (nextMs !== Number.POSITIVE_INFINITY) this.#wakeAt(nextMs)
  }

  /** From another one each time, as the first ones of a request are served best. */
  #inTurn(): PartitionState[] {
    const all = this.#assignment.all
    const start = all.length === 0 ? 0 : this.#rotation++ % all.length
    return [...all.slice(start), ...all.slice(0, start)]
  }

  #isFetchable(state: PartitionState): boolean {
    return (
      state.status === 'fetching' &&
      !state.isPaused &&
      state.bufferedBytes < this.#settings.partitionFetchBytesMax
    )
  }

  #fetchFrom(nodeId: number, states: readonly PartitionState[]): void {
    const purpose = purposes.find((one) => !this.#busy.has(`${nodeId} ${one}`))
    if (purpose === undefined) return
    const key = `${nodeId} ${purpose}`
    this.#busy.add(key)
    const flight = { nodeId }
    for (const state of states) state.inFlight = flight
    const request = new FetchRequest(this.#cluster, this.#settings, states)
    const sentMs = this.#cluster.environment.clock.monotonicMs()
    const stopWatch = this.#cluster.refreshWhileOverdue(this.#settings.fetchWaitMsMax + overdueMs)
    request
      .send(this.#cluster, nodeId, purpose, this.#settings)
      .then((answer) => this.#takeAnswer(answer, request, sentMs))
      // Of the request, or of an answer that is an error as a whole or holds no batches where they should be.
      .catch((thrown: unknown) => {
        const left = states.filter((state) => state.inFlight === flight)
        this.#takeFailure(left, thrown)
      })
      .finally(() => {
        stopWatch()
        this.#busy.delete(key)
        for (const state of states) if (state.inFlight === flight) state.inFlight = undefined
        this.wake()
      })
  }

  #takeFailure(states: readonly PartitionState[], thrown: unknown): void {
    if (this.#cluster.isClosed) return
    const error = MillraceError.from(thrown)
    if (!isRetriable(error)) this.#events.onFailure(error)
    this.#cluster.refreshSoon()
    for (const state of states) this.#backOff(state)
  }

  #takeAnswer(answer: FetchAnswer, request: FetchRequest, sentMs: number): void {
    if (answer.errorCode !== 0) throw kafkaError(answer.errorCode)
    const { metadata, environment } = this.#cluster
    metadata.applyEndpoints(answer.nodeEndpoints)
    const latencyMs = environment.clock.monotonicMs() - sentMs
    let hasData = false
    let sizeBytes = 0
    let records = 0
    for (const topic of answer.responses) {
      for (const partition of topic.partitions) {
        const state = request.askedFor(topic.topic, topic.topicId, partition.partitionIndex)
        if (state === undefined) continue
        if (partition.errorCode !== 0) {
          this.#takeError(state, partition)
          continue
        }
        state.attempts = 0
        const isCommittedOnly = this.#settings.isolationLevel === 1 && partition.lastStableOffset >= 0
        state.endOffset = isCommittedOnly ? partition.lastStableOffset : partition.highWatermark
        state.logStartOffset = partition.logStartOffset
        if (partition.records === null || partition.records.length === 0) continue
        const aborted = isCommittedOnly ? (partition.abortedTransactions ?? []) : null
        const batches = new FetchedBatches(state, partition.records, aborted, environment.codecs)
        if (!batches.hasBatches) continue
        state.buffer(batches)
        sizeBytes += batches.sizeBytes
        records += batches.recordCount
        hasData = true
      }
    }
    this.#events.onFetched(latencyMs, sizeBytes, records)
    if (hasData) this.#events.onData()
  }

  #takeError(state: PartitionState, answer: PartitionAnswer): void {
    const { errorCode } = answer
    const { topic, partition } = state
    if (errorCode === errorCodes.OFFSET_OUT_OF_RANGE) {
      // What is buffered was in range; its turn comes first.
      if (state.bufferedBytes > 0) this.#backOff(state)
      else this.#events.onOutOfRange(state)
      return
    }
    const error = kafkaError(errorCode, `${topic}-${partition}`)
    const isStale = showsStaleMetadata(errorCode)
    if (!isStale && !isRetriable(error)) this.#events.onFailure(error)
    if (isStale) this.#cluster.refreshSoon()
    const { leaderId, leaderEpoch } = answer.currentLeader
    if (isStale && this.#cluster.metadata.applyLeader(topic, partition, leaderId, leaderEpoch)) {
      this.#cluster.tellMetadata()
    } else {
      this.#backOff(state)
    }
  }

  #backOff(state: PartitionState): void {
    const { clock, random } = this.#cluster.environment
    state.retryAtMs = clock.monotonicMs() + backoffMs(state.attempts++, this.#cluster.settings, random)
  }

  #wakeAt(atMs: number): void {
    this.#timer?.cancel()
    const { clock, timers } = this.#cluster.environment
    this.#timer = timers.after(Math.max(0, atMs - clock.monotonicMs()), () => this.wake())
  }
}

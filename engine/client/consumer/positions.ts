import { MillraceError } from '../../base/errors.ts'
import { offsetForLeaderEpoch } from '../../protocol/apis/offset-for-leader-epoch.ts'
import { errorCodes } from '../../protocol/error-codes.ts'
import type { TopicPartition } from '../api.ts'
import { backoffMs } from '../backoff.ts'
import type { ClusterClient } from '../cluster/cluster-client.ts'
import type { Coordinator } from '../cluster/coordinator.ts'
import { isRetriable, kafkaError, showsStaleMetadata } from '../kafka-error.ts'
import { groupByTopic, placeOf } from '../offsets/by-topic.ts'
import { fetchCommitted } from '../offsets/committed.ts'
import { tryListOffsets } from '../offsets/list-offsets.ts'
import type { Assignment } from './assignment.ts'
import type { PartitionState } from './partition-state.ts'
import type { ConsumerSettings } from './settings.ts'

export interface PositionEvents {
  /** A partition has its position: it can be fetched. */
  onReady(): void
  onFailure(error: MillraceError): void
}

/**
 * Finds where to start: the committed offset, or what the reset policy says; and after a change of leader asks whether
 * the new leader's log still holds what we read last (KIP-320).
 */
export class Positions {
  readonly #cluster: ClusterClient
  readonly #settings: ConsumerSettings
  readonly #assignment: Assignment
  readonly #coordinator: Coordinator | undefined
  readonly #events: PositionEvents
  #isRunning = false

  constructor(
    cluster: ClusterClient,
    settings: ConsumerSettings,
    assignment: Assignment,
    coordinator: Coordinator | undefined,
    events: PositionEvents,
  ) {
    this.#cluster = cluster
    this.#settings = settings
    this.#assignment = assignment
    this.#coordinator = coordinator
    this.#events = events
  }

  /** To be called when partitions may have become unsure of their position. */
  wake(): void {
    if (this.#isRunning || this.#cluster.isClosed || !this.#hasWork()) return
    this.#isRunning = true
    this.#run()
      .catch((thrown) => this.#giveUp(MillraceError.from(thrown)))
      .finally(() => {
        this.#isRunning = false
        this.wake()
      })
  }

  /** Has partitions validated whose leader is not the one they were read from. */
  checkLeaders(): void {
    for (const state of this.#assignment.all) {
      const info = this.#cluster.metadata.partition(state.topic, state.partition)
      if (info === undefined || info.leaderEpoch <= state.leaderEpoch) continue
      if (state.status === 'fetching' && state.fetchEpoch >= 0 && info.leaderEpoch > state.fetchEpoch) {
        state.status = 'validating'
      } else if (state.status !== 'validating') {
        state.leaderEpoch = info.leaderEpoch
      }
    }
    this.wake()
  }

  /** What can't be found out now is not asked again: only a seek or another assignment helps. */
  #giveUp(error: MillraceError): void {
    if (this.#cluster.isClosed) return
    this.#fail(this.#assignment.all.filter(needsWork), error)
  }

  #fail(states: readonly PartitionState[], error: MillraceError): void {
    for (const state of states) state.status = 'failed'
    this.#events.onFailure(error)
  }

  #hasWork(): boolean {
    return this.#assignment.all.some(needsWork)
  }

  async #run(): Promise<void> {
    const { timers, random } = this.#cluster.environment
    for (let attempt = 0; !this.#cluster.isClosed; attempt++) {
      const work = this.#assignment.all.filter(needsWork)
      if (work.length === 0) return
      try {
        await this.#startFromCommitted(work.filter(isNew))
        await this.#reset(this.#assignment.all.filter(needsReset))
        await this.#validate(this.#assignment.all.filter(isValidating))
        this.#events.onReady()
        if (!this.#hasWork()) return
      } catch (thrown) {
        if (this.#cluster.isClosed) return
        // A topic that is gone, or not there yet, may come.
        if (!isRetriable(thrown)) throw thrown
        this.#cluster.refreshSoon()
      }
      await timers.sleep(backoffMs(attempt, this.#settings, random))
    }
  }

  async #startFromCommitted(states: readonly PartitionState[]): Promise<void> {
    if (states.length === 0) return
    const asked = states.map((state) => ({ state, jumps: state.jumps }))
    const committed = this.#coordinator ? await fetchCommitted(this.#coordinator, states) : []
    const byPlace = new Map(committed.map((one) => [placeOf(one), one]))
    for (const { state, jumps } of asked) {
      if (state.jumps !== jumps || !isNew(state)) continue
      const found = byPlace.get(placeOf(state))
      if (found === undefined) state.resetTo = 'policy'
      else state.jump(found.offset, found.leaderEpoch ?? -1)
    }
    this.checkLeaders()
  }

  async #reset(states: readonly PartitionState[]): Promise<void> {
    if (states.length === 0) return
    const { autoOffsetReset: spec, isolationLevel } = this.#settings
    if (spec === 'none') {
      this.#fail(states, noOffset(states))
      return
    }
    const asked = states.map((state) => ({ state, jumps: state.jumps }))
    const queries = states.map(({ topic, partition }) => ({ topic, partition, spec }))
    const answer = await tryListOffsets(this.#cluster, queries, isolationLevel)
    const byPlace = new Map(answer.found.map((one) => [placeOf(one), one]))
    const failures = new Map(answer.failed.map(({ query, error }) => [placeOf(query), error]))
    let passing: MillraceError | undefined
    for (const { state, jumps } of asked) {
      if (state.jumps !== jumps || !needsReset(state)) continue
      const found = byPlace.get(placeOf(state))
      const failure = failures.get(placeOf(state))
      if (isRetriable(failure)) passing = failure
      else if (failure) this.#fail([state], failure)
      if (found === undefined) continue
      state.jump(found.offset, found.leaderEpoch)
      state.leaderEpoch = this.#leaderEpoch(state)
    }
    this.#events.onReady()
    if (passing) throw passing
  }

  async #validate(states: readonly PartitionState[]): Promise<void> {
    const byLeader = new Map<number, PartitionState[]>()
    for (const state of states) {
      const leader = this.#cluster.metadata.partition(state.topic, state.partition)?.leader ?? -1
      if (leader < 0) this.#cluster.refreshSoon()
      else byLeader.set(leader, [...(byLeader.get(leader) ?? []), state])
    }
    await Promise.all([...byLeader].map(([leader, group]) => this.#validateAt(leader, group)))
  }

  async #validateAt(leader: number, states: readonly PartitionState[]): Promise<void> {
    const asked = states.map((state) => ({
      state,
      jumps: state.jumps,
      leaderEpoch: this.#leaderEpoch(state),
    }))
    const topics = groupByTopic(states).map(([topic, group]) => ({
      topic,
      partitions: group.map((state) => ({
        partition: state.partition,
        currentLeaderEpoch: this.#leaderEpoch(state),
        leaderEpoch: state.fetchEpoch,
      })),
    }))
    const answer = await this.#cluster.request(leader, offsetForLeaderEpoch, { replicaId: -1, topics })
    for (const topic of answer.topics) {
      for (const { partition, errorCode, leaderEpoch, endOffset } of topic.partitions) {
        const one = asked.find(({ state }) => state.topic === topic.topic && state.partition === partition)
        if (one === undefined || one.state.jumps !== one.jumps || !isValidating(one.state)) continue
        if (errorCode !== 0) {
          const error = kafkaError(errorCode, placeOf(one.state))
          if (showsStaleMetadata(errorCode)) this.#cluster.refreshSoon()
          else if (isRetriable(error)) throw error
          else this.#fail([one.state], error)
          continue
        }
        one.state.leaderEpoch = one.leaderEpoch
        this.#takeValidation(one.state, leaderEpoch, endOffset)
      }
    }
  }

  #takeValidation(state: PartitionState, leaderEpoch: number, endOffset: number): void {
    if (leaderEpoch >= 0 && endOffset >= state.fetchOffset) {
      state.status = 'fetching'
      return
    }
    const { log } = this.#cluster.environment
    const facts = { topic: state.topic, partition: state.partition, position: state.position, endOffset }
    if (leaderEpoch < 0 || endOffset < 0) {
      log.write('warn', 'consumer', 'the new leader does not know what we read last: starting anew', facts)
      state.lose('policy')
    } else if (endOffset >= state.position) {
      // Only what was fetched ahead is gone.
      state.jump(state.position, state.positionEpoch)
    } else {
      log.write('warn', 'consumer', 'the log was cut off below our position: going back', facts)
      state.jump(endOffset, leaderEpoch)
    }
  }

  #leaderEpoch({ topic, partition }: TopicPartition): number {
    return this.#cluster.metadata.partition(topic, partition)?.leaderEpoch ?? -1
  }
}

function isNew(state: PartitionState): boolean {
  return state.status === 'unpositioned' && state.resetTo === 'committed'
}

function needsReset(state: PartitionState): boolean {
  return state.status === 'unpositioned' && state.resetTo === 'policy'
}

function isValidating(state: PartitionState): boolean {
  return state.status === 'validating'
}

function needsWork(state: PartitionState): boolean {
  return state.status === 'unpositioned' || state.status === 'validating'
}

function noOffset(states: readonly PartitionState[]): MillraceError {
  return new MillraceError({
    code: 'NO_OFFSET',
    what: 'there is no valid offset to start from',
    where: states.map(placeOf).join(', '),
    remedy: "seek to an offset, or set autoOffsetReset to 'earliest' or 'latest'",
    details: { errorCode: errorCodes.OFFSET_OUT_OF_RANGE },
  })
}

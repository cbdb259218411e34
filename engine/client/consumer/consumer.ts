import { MillraceError } from '../../base/errors.ts'
import type { Environment } from '../../environment/index.ts'
import type { Metric } from '../../metrics/index.ts'
import type {
  Consumer,
  ConsumerGroupMetadata,
  ConsumerOptions,
  ConsumerRecord,
  OffsetAndMetadata,
  RebalanceListener,
  TopicPartition,
} from '../api.ts'
import { ClusterClient } from '../cluster/cluster-client.ts'
import { Coordinator } from '../cluster/coordinator.ts'
import { FetchMetrics } from '../metrics/fetch-metrics.ts'
import { GroupMetrics } from '../metrics/group-metrics.ts'
import { placeOf } from '../offsets/by-topic.ts'
import { fetchCommitted } from '../offsets/committed.ts'
import { Assignment } from './assignment.ts'
import { type Commit, commitOffsets } from './commits.ts'
import { Fetcher } from './fetcher.ts'
import { Membership } from './group/membership.ts'
import { Positions } from './positions.ts'
import { rebalance } from './rebalance.ts'
import { type ConsumerSettings, consumerSettings } from './settings.ts'
import { Wakeup } from './wakeup.ts'

/** What closing may take in all, if the cluster does not answer. */
const closeMsMax = 10_000

/** @throws MillraceError BAD_OPTION, BAD_ADDRESS */
export function createConsumer(environment: Environment, options: ConsumerOptions): Consumer {
  return new KafkaConsumer(environment, consumerSettings(options))
}

class KafkaConsumer implements Consumer {
  readonly #settings: ConsumerSettings
  readonly #cluster: ClusterClient
  readonly #assignment = new Assignment()
  readonly #fetcher: Fetcher
  readonly #positions: Positions
  readonly #coordinator: Coordinator | undefined
  readonly #wakeup: Wakeup
  readonly #fetchMetrics: FetchMetrics
  readonly #groupMetrics: GroupMetrics
  #membership: Membership | undefined
  #topics: readonly string[] = []
  #listener: RebalanceListener | undefined
  #failures: MillraceError[] = []
  #isPolling = false
  #committedAtMs: number
  #isCommitting = false
  #closing: Promise<void> | undefined

  constructor(environment: Environment, settings: ConsumerSettings) {
    this.#settings = settings
    this.#cluster = new ClusterClient(environment, settings, { autoCreateTopics: false })
    this.#wakeup = new Wakeup(environment.timers)
    this.#fetchMetrics = new FetchMetrics(environment.clock)
    this.#groupMetrics = new GroupMetrics(environment.clock)
    this.#committedAtMs = environment.clock.monotonicMs()
    const onFailure = (error: MillraceError) => this.#fail(error)
    const { group } = settings
    this.#coordinator = group && new Coordinator(this.#cluster, 'group', group.groupId)
    this.#positions = new Positions(this.#cluster, settings, this.#assignment, this.#coordinator, {
      onReady: () => this.#fetcher.wake(),
      onFailure,
    })
    this.#fetcher = new Fetcher(this.#cluster, settings, this.#assignment, {
      onData: () => this.#wakeup.ring(),
      onFetched: (latencyMs, sizeBytes, records) => this.#fetchMetrics.fetched(latencyMs, sizeBytes, records),
      onOutOfRange: (state) => {
        state.lose('policy')
        this.#positions.wake()
      },
      onFailure,
    })
    this.#cluster.onMetadata(() => this.#takeMetadata())
  }

  subscribe(topics: readonly string[], listener?: RebalanceListener): void {
    this.#checkOpen()
    const { group } = this.#settings
    if (group === undefined || this.#coordinator === undefined) throw groupNeeded()
    if (this.#membership === undefined && this.#assignment.all.length > 0) throw mixed()
    this.#topics = [...new Set(topics)]
    this.#listener = listener
    for (const topic of this.#topics) this.#cluster.track(topic)
    this.#membership ??= new Membership(this.#coordinator, group, this.#groupMetrics, {
      onChange: () => {
        this.#watchLedTopics()
        this.#wakeup.ring()
      },
      onFailure: (error) => this.#fail(error),
    })
    this.#membership.requestJoin()
  }

  assign(partitions: readonly TopicPartition[]): void {
    this.#checkOpen()
    if (this.#membership !== undefined) throw mixed()
    for (const { topic } of partitions) this.#cluster.track(topic)
    this.#assignment.set(partitions)
    this.#positions.wake()
  }

  assignment(): readonly TopicPartition[] {
    return this.#assignment.partitions()
  }

  seek(partition: TopicPartition, offset: number): void {
    this.#assignment.expect(partition).jump(offset, -1)
    this.#positions.checkLeaders()
    this.#fetcher.wake()
  }

  pause(partitions: readonly TopicPartition[]): void {
    for (const partition of partitions) this.#assignment.expect(partition).isPaused = true
  }

  resume(partitions: readonly TopicPartition[]): void {
    for (const partition of partitions) this.#assignment.expect(partition).isPaused = false
    this.#fetcher.wake()
    this.#wakeup.ring()
  }

  async poll(timeoutMs: number, signal?: AbortSignal): Promise<ConsumerRecord[]> {
    this.#checkOpen()
    if (this.#isPolling) throw pollTwice()
    signal?.throwIfAborted()
    this.#isPolling = true
    this.#membership?.notePoll(true)
    this.#groupMetrics.pollStarts()
    try {
      return await this.#poll(timeoutMs, signal)
    } finally {
      this.#isPolling = false
      this.#membership?.notePoll(false)
      this.#groupMetrics.pollEnds()
    }
  }

  position(partition: TopicPartition): number | undefined {
    const position = this.#assignment.expect(partition).position
    return position < 0 ? undefined : position
  }

  bounds(partition: TopicPartition): { logStartOffset: number; endOffset: number } | undefined {
    const { logStartOffset, endOffset } = this.#assignment.expect(partition)
    return endOffset < 0 ? undefined : { logStartOffset, endOffset }
  }

  async commit(offsets?: readonly Commit[]): Promise<void> {
    await this.#commit(offsets ?? this.#reached())
  }

  async committed(
    partitions: readonly TopicPartition[],
  ): Promise<ReadonlyArray<TopicPartition & { committed: OffsetAndMetadata | undefined }>> {
    if (this.#coordinator === undefined) throw groupNeeded()
    const found = new Map<string, OffsetAndMetadata>()
    for (const { topic, partition, ...committed } of await fetchCommitted(this.#coordinator, partitions)) {
      found.set(placeOf({ topic, partition }), committed)
    }
    return partitions.map(({ topic, partition }) => {
      return { topic, partition, committed: found.get(placeOf({ topic, partition })) }
    })
  }

  groupMetadata(): ConsumerGroupMetadata {
    const { group } = this.#settings
    if (group === undefined) throw groupNeeded()
    const { generation, memberId } = this.#identity
    return { groupId: group.groupId, generation, memberId, groupInstanceId: group.groupInstanceId }
  }

  metrics(): Metric[] {
    const { clientId, group } = this.#settings
    const { all } = this.#assignment
    const own = { domain: 'kafka.consumer', type: 'consumer-metrics', tags: { 'client-id': clientId } }
    return [
      ...this.#fetchMetrics.metrics(clientId, all),
      ...(group ? this.#groupMetrics.metrics(clientId, all.length) : []),
      ...this.#groupMetrics.pollMetrics(clientId),
      ...this.#cluster.network.metrics(own),
    ]
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #poll(timeoutMs: number, signal: AbortSignal | undefined): Promise<ConsumerRecord[]> {
    const { clock } = this.#cluster.environment
    const deadlineMs = clock.monotonicMs() + timeoutMs
    for (;;) {
      await this.#rebalance()
      const failure = this.#failures.shift()
      if (failure !== undefined) throw failure
      this.#commitAtInterval()
      const records = this.#assignment.take(this.#settings.recordsPerPollMax)
      this.#fetcher.wake()
      if (records.length > 0) {
        this.#fetchMetrics.consumed(this.#assignment.all)
        return records
      }
      const leftMs = deadlineMs - clock.monotonicMs()
      if (leftMs <= 0) return []
      await this.#wakeup.wait(leftMs, signal)
      this.#checkOpen()
    }
  }

  async #rebalance(): Promise<void> {
    const { group } = this.#settings
    const membership = this.#membership
    if (membership === undefined || group === undefined) return
    await rebalance({
      membership,
      assignment: this.#assignment,
      isCooperative: group.isCooperative,
      topics: () => this.#topics,
      listener: () => this.#listener,
      commitBeforeGivingUp: (partitions) => this.#commitBeforeGivingUp(partitions),
    })
    this.#positions.wake()
  }

  get #identity(): { readonly memberId: string; readonly generation: number } {
    return this.#membership?.identity ?? { memberId: '', generation: -1 }
  }

  /** How far the caller has come, with all that poll has given out. */
  #reached(): Commit[] {
    const commits: Commit[] = []
    for (const { topic, partition, position: offset, positionEpoch } of this.#assignment.all) {
      if (offset < 0) continue
      commits.push({ topic, partition, offset, leaderEpoch: positionEpoch < 0 ? undefined : positionEpoch })
    }
    return commits
  }

  async #commit(commits: readonly Commit[], timeoutMs?: number): Promise<void> {
    if (this.#coordinator === undefined) throw groupNeeded()
    if (commits.length === 0) return
    const identity = this.#identity
    const groupInstanceId = this.#membership ? (this.#settings.group?.groupInstanceId ?? null) : null
    const sinceMs = this.#groupMetrics.nowMs
    try {
      await commitOffsets(this.#coordinator, groupInstanceId, identity, commits, timeoutMs)
      this.#groupMetrics.committed(sinceMs)
    } catch (thrown) {
      this.#membership?.noteCommitError(MillraceError.from(thrown), identity)
      throw thrown
    }
  }

  /** Called in poll before it gives out more: what it gave before counts as done. */
  #commitAtInterval(): void {
    const { autoCommitIntervalMs } = this.#settings
    if (autoCommitIntervalMs === undefined || this.#isCommitting) return
    const nowMs = this.#cluster.environment.clock.monotonicMs()
    if (nowMs - this.#committedAtMs < autoCommitIntervalMs) return
    this.#committedAtMs = nowMs
    this.#isCommitting = true
    this.#commit(this.#reached())
      .catch((thrown) => this.#logCommit(thrown))
      .finally(() => {
        this.#isCommitting = false
      })
  }

  async #commitBeforeGivingUp(partitions: readonly TopicPartition[], timeoutMs?: number): Promise<void> {
    if (this.#settings.autoCommitIntervalMs === undefined) return
    const places = new Set(partitions.map(placeOf))
    const commits = this.#reached().filter((one) => places.has(placeOf(one)))
    await this.#commit(commits, timeoutMs).catch((thrown) => this.#logCommit(thrown))
  }

  #logCommit(thrown: unknown): void {
    if (this.#cluster.isClosed) return
    const error = MillraceError.from(thrown)
    const { log } = this.#cluster.environment
    log.write('warn', 'consumer', `an automatic commit failed: ${error.message}`, { code: error.code })
  }

  #takeMetadata(): void {
    this.#positions.checkLeaders()
    this.#fetcher.wake()
    this.#watchLedTopics()
  }

  /** Who leads the group sees to it that it rebalances when a topic comes, goes or grows. */
  #watchLedTopics(): void {
    const led = this.#membership?.ledTopics
    if (led === undefined) return
    for (const [topic, count] of led) {
      this.#cluster.track(topic)
      const now = this.#cluster.metadata.topic(topic)?.partitions.length ?? count
      if (now !== count) this.#membership?.requestJoin()
    }
  }

  async #close(): Promise<void> {
    const { timers } = this.#cluster.environment
    const limit = new AbortController()
    const tooLong = timers.sleep(closeMsMax, limit.signal).catch(() => undefined)
    try {
      await Promise.race([this.#leave(), tooLong])
    } finally {
      limit.abort()
      this.#fetcher.close()
      this.#cluster.close()
      this.#wakeup.ring()
    }
  }

  async #leave(): Promise<void> {
    const membership = this.#membership
    const owned = this.#assignment.partitions()
    await this.#commitBeforeGivingUp(owned, closeMsMax)
    if (membership === undefined) return
    try {
      if (owned.length > 0) await this.#listener?.onRevoked?.(owned)
    } finally {
      this.#assignment.set([])
      await membership.leave(closeMsMax)
    }
  }

  /** The next poll throws it. */
  #fail(error: MillraceError): void {
    this.#failures.push(error)
    this.#wakeup.ring()
  }

  #checkOpen(): void {
    if (this.#closing === undefined) return
    throw new MillraceError({
      code: 'CONSUMER_CLOSED',
      what: 'the consumer has been closed',
      remedy: 'create another one',
    })
  }
}

function groupNeeded(): MillraceError {
  return new MillraceError({
    code: 'GROUP_NEEDED',
    what: 'the consumer belongs to no group',
    remedy: 'give it a groupId, or assign partitions yourself',
  })
}

function mixed(): MillraceError {
  return new MillraceError({
    code: 'SUBSCRIBED_AND_ASSIGNED',
    what: 'a consumer either subscribes to topics or is assigned partitions',
    remedy: 'use two consumers',
  })
}

function pollTwice(): MillraceError {
  return new MillraceError({
    code: 'POLL_IN_PROGRESS',
    what: 'the poll before has not ended',
    remedy: 'wait for it, or abort it, before the next one',
  })
}

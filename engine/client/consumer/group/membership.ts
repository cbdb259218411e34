/**
 * A member's life in a consumer group (classic protocol).
 *
 * | phase   | event                                            | next    | and                                     |
 * |---------|--------------------------------------------------|---------|-----------------------------------------|
 * | out     | `join` (from poll)                               | joining | JoinGroup, SyncGroup in the background  |
 * | joining | both answered                                    | joined  | assignment waits for poll; heartbeats   |
 * | joining | member id given, rebalance again, other coordinator, connection lost | joining | once more        |
 * | joining | unknown member, illegal generation               | joining | as a new member; what it had is lost    |
 * | joining | any other error                                  | out     | poll throws it                          |
 * | joined  | heartbeat: rebalance; topics changed             | joined  | poll gives up what it must, then `join` |
 * | joined  | heartbeat or commit: unknown member, illegal generation | out | what it had is lost                  |
 * | joined  | heartbeat: fenced by another of the same instance id | out | what it had is lost; poll throws it     |
 * | joined  | no poll for the rebalance timeout                | out     | LeaveGroup; what it had is lost         |
 * | any     | `leave`                                          | left    | LeaveGroup, unless a static member      |
 *
 * Poll alone acts on assignments and losses, so that the caller's callbacks never run beside its own work.
 */
import { MillraceError } from '../../../base/errors.ts'
import type { TimerHandle } from '../../../environment/index.ts'
import { heartbeat } from '../../../protocol/apis/heartbeat.ts'
import { leaveGroup } from '../../../protocol/apis/leave-group.ts'
import type { TopicPartition } from '../../api.ts'
import { backoffMs } from '../../backoff.ts'
import type { Coordinator } from '../../cluster/coordinator.ts'
import { isRetriable } from '../../kafka-error.ts'
import type { GroupMetrics } from '../../metrics/group-metrics.ts'
import type { GroupSettings } from '../settings.ts'
import { type Identity, type JoinResult, joinOnce } from './join.ts'

export type Phase = 'out' | 'joining' | 'joined' | 'left'

export interface MembershipEvents {
  /** There is something for poll to do. */
  onChange(): void
  onFailure(error: MillraceError): void
}

const noMember: Readonly<Identity> = { memberId: '', generation: -1 }
const notMember: ReadonlySet<string> = new Set([
  'UNKNOWN_MEMBER_ID',
  'ILLEGAL_GENERATION',
  'FENCED_INSTANCE_ID',
])
/** A coordinator that is cut off must not use up the session with one question. */
const beatsPerSession = 3
const joinAgain: ReadonlySet<string> = new Set(['MEMBER_ID_REQUIRED', 'REBALANCE_IN_PROGRESS'])

export class Membership {
  readonly #coordinator: Coordinator
  readonly #settings: GroupSettings
  readonly #metrics: GroupMetrics
  readonly #events: MembershipEvents
  #phase: Phase = 'out'
  #identity: Identity = { ...noMember }
  #wantsToJoin = true
  #hasLost = false
  #result: JoinResult | undefined
  #ledTopics: ReadonlyMap<string, number> | undefined
  /** Changes when what is under way no longer counts. */
  #life = 0
  #heartbeatTimer: TimerHandle | undefined
  #polledAtMs: number
  #isPolling = false

  constructor(
    coordinator: Coordinator,
    settings: GroupSettings,
    metrics: GroupMetrics,
    events: MembershipEvents,
  ) {
    this.#coordinator = coordinator
    this.#settings = settings
    this.#metrics = metrics
    this.#events = events
    this.#polledAtMs = this.#nowMs
  }

  get phase(): Phase {
    return this.#phase
  }

  get identity(): Readonly<Identity> {
    return this.#identity
  }

  /** Poll should give up what it must, and call `join`. */
  get wantsToJoin(): boolean {
    return this.#wantsToJoin && (this.#phase === 'out' || this.#phase === 'joined')
  }

  /** Topics of the group with partition counts, as of the assignment: only on the member that leads. */
  get ledTopics(): ReadonlyMap<string, number> | undefined {
    return this.#phase === 'joined' ? this.#ledTopics : undefined
  }

  /** True once after all partitions were lost. */
  takeLost(): boolean {
    const hasLost = this.#hasLost
    this.#hasLost = false
    return hasLost
  }

  /** The new assignment, once. */
  takeResult(): JoinResult | undefined {
    const result = this.#result
    this.#result = undefined
    return result
  }

  isCurrent({ identity }: JoinResult): boolean {
    return this.#phase === 'joined' && this.#identity.generation === identity.generation
  }

  /** Poll calls this when it starts and when it ends: who does not poll is taken to be stuck. */
  notePoll(isPolling: boolean): void {
    this.#isPolling = isPolling
    this.#polledAtMs = this.#nowMs
  }

  requestJoin(): void {
    if (this.#wantsToJoin) return
    this.#wantsToJoin = true
    this.#events.onChange()
  }

  join(topics: readonly string[], owned: readonly TopicPartition[]): void {
    this.#phase = 'joining'
    this.#wantsToJoin = false
    this.#heartbeatTimer?.cancel()
    const life = ++this.#life
    this.#joinUntilIn(life, topics, owned).catch((thrown) => {
      if (this.#life !== life) return
      this.#phase = 'out'
      this.#wantsToJoin = true
      this.#events.onFailure(MillraceError.from(thrown))
    })
  }

  /** What a commit was answered. */
  noteCommitError(error: MillraceError, identity: Readonly<Identity>): void {
    if (error.code === 'REBALANCE_IN_PROGRESS') this.requestJoin()
    const isSame = identity.generation === this.#identity.generation
    if (notMember.has(error.code) && isSame && this.#phase === 'joined') this.#lose(error)
  }

  async leave(timeoutMs: number): Promise<void> {
    const { memberId } = this.#identity
    const isMember = this.#phase === 'joined' || this.#phase === 'joining'
    this.#phase = 'left'
    this.#life++
    this.#heartbeatTimer?.cancel()
    if (isMember && memberId !== '' && this.#settings.groupInstanceId === null) {
      await this.#sendLeave(memberId, timeoutMs)
    }
  }

  async #joinUntilIn(
    life: number,
    topics: readonly string[],
    owned: readonly TopicPartition[],
  ): Promise<void> {
    const { timers, random } = this.#coordinator.cluster.environment
    let claim = { topics, owned, generation: this.#identity.generation }
    const sinceMs = this.#nowMs
    for (let attempt = 0; this.#life === life; attempt++) {
      const identity = { ...this.#identity }
      try {
        const result = await joinOnce(this.#coordinator, this.#settings, identity, claim, this.#metrics)
        if (this.#life !== life) return
        this.#metrics.rebalanced(sinceMs)
        this.#enter(result)
        return
      } catch (thrown) {
        if (this.#life !== life) return
        const error = MillraceError.from(thrown)
        if (error.code === 'UNKNOWN_MEMBER_ID' || error.code === 'ILLEGAL_GENERATION') {
          claim = { topics, owned: [], generation: -1 }
          this.#identity = { ...noMember }
          this.#hasLost = true
          this.#events.onChange()
          continue
        }
        this.#identity = identity
        if (joinAgain.has(error.code)) continue
        this.#metrics.rebalanceFailed()
        if (!isRetriable(error)) throw error
        await timers.sleep(backoffMs(attempt, this.#coordinator.cluster.settings, random))
      }
    }
  }

  #enter(result: JoinResult): void {
    this.#phase = 'joined'
    this.#identity = { ...result.identity }
    this.#result = result
    this.#ledTopics = result.ledTopics
    this.#planHeartbeat(this.#settings.heartbeatIntervalMs)
    this.#events.onChange()
  }

  #planHeartbeat(delayMs: number): void {
    const life = this.#life
    this.#heartbeatTimer?.cancel()
    this.#heartbeatTimer = this.#coordinator.cluster.environment.timers.after(delayMs, () => {
      if (this.#life !== life || this.#phase !== 'joined') return
      if (this.#isStuck()) this.#leaveAsStuck()
      else void this.#beat(life)
    })
  }

  async #beat(life: number): Promise<void> {
    const { groupId, groupInstanceId, heartbeatIntervalMs, sessionTimeoutMs } = this.#settings
    const { memberId, generation: generationId } = this.#identity
    let pauseMs = heartbeatIntervalMs
    const sinceMs = this.#nowMs
    try {
      const body = { groupId, generationId, memberId, groupInstanceId }
      const options = { purpose: 'group', timeoutMs: sessionTimeoutMs / beatsPerSession } as const
      const answer = await this.#coordinator.request(heartbeat, body, options)
      if (this.#life !== life) return
      this.#metrics.heartbeat(sinceMs)
      this.#coordinator.check(answer.errorCode)
    } catch (thrown) {
      if (this.#life !== life) return
      const error = MillraceError.from(thrown)
      if (error.code === 'REBALANCE_IN_PROGRESS') this.requestJoin()
      else if (isRetriable(error)) pauseMs = this.#coordinator.cluster.settings.retryBackoffMs
      else {
        this.#lose(error)
        return
      }
    }
    this.#planHeartbeat(pauseMs)
  }

  /** Out of the group, by no choice of ours. */
  #lose(error: MillraceError): void {
    this.#life++
    this.#heartbeatTimer?.cancel()
    this.#phase = 'out'
    this.#identity = { ...noMember }
    this.#result = undefined
    this.#hasLost = true
    this.#wantsToJoin = true
    if (error.code === 'FENCED_INSTANCE_ID' || !notMember.has(error.code)) this.#events.onFailure(error)
    this.#events.onChange()
  }

  #isStuck(): boolean {
    return !this.#isPolling && this.#nowMs - this.#polledAtMs > this.#settings.rebalanceTimeoutMs
  }

  #leaveAsStuck(): void {
    const { memberId } = this.#identity
    const { groupId, rebalanceTimeoutMs, groupInstanceId } = this.#settings
    const { log } = this.#coordinator.cluster.environment
    const text = `no poll for ${rebalanceTimeoutMs} ms: leaving the group, so that others go on`
    log.write('warn', 'consumer', text, { groupId, memberId })
    this.#lose(new MillraceError({ code: 'UNKNOWN_MEMBER_ID', what: text, where: groupId }))
    if (groupInstanceId === null) void this.#sendLeave(memberId, rebalanceTimeoutMs)
  }

  /** A broker that can't be told finds out by itself when the session ends. */
  async #sendLeave(memberId: string, timeoutMs: number): Promise<void> {
    const { groupId } = this.#settings
    const { log } = this.#coordinator.cluster.environment
    try {
      const answer = await this.#coordinator.request(
        leaveGroup,
        (version) => (version >= 3 ? { groupId, members: [{ memberId }] } : { groupId, memberId }),
        // Not behind a join that may still wait for its answer.
        { purpose: 'general', timeoutMs },
      )
      this.#coordinator.check(answer.errorCode)
    } catch (thrown) {
      const error = MillraceError.from(thrown)
      log.write('info', 'consumer', `could not say good-bye to the group: ${error.message}`, { groupId })
    }
  }

  get #nowMs(): number {
    return this.#coordinator.cluster.environment.clock.monotonicMs()
  }
}

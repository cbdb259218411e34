import type { Environment, TimerHandle } from '../../environment/index.ts'
import type { ErrorName } from '../../protocol/error-codes.ts'
import type {
  FollowerNews,
  FollowerPosition,
  ReplicaFetchAnswer,
  ReplicaFetchRequest,
} from '../peers/replica-fetch.ts'
import { type Replica, replicaKey } from './replica.ts'

export interface SessionsOptions {
  /** Of one partition in one answer, but for a first batch that is larger. */
  readonly partitionBytesMax: number
  replica(key: string): Replica | undefined
  /** The registration that the metadata knows for a follower; −1: none. */
  onSent(sizeBytes: number): void
  brokerEpochOf(id: number): number
}

/** A high watermark alone is worth an answer, but waits for company. */
const highWatermarkDelayMs = 5

interface Entry {
  position: FollowerPosition
  readonly session: Session
  /** Told something that moves the follower's position, which it has not reported yet. */
  isAnswered: boolean
  sentHighWatermark: number
  sentLogStartOffset: number
}

interface Session {
  readonly followerId: number
  readonly id: number
  nextSequence: number
  readonly entries: Map<string, Entry>
  readonly dirty: Set<Entry>
  wake: (() => void) | undefined
  isWakeScheduled: boolean
}

/** The leader's side of followers' fetches: one session for each follower, the latest. */
export class FollowerSessions {
  private readonly environment: Environment
  private readonly options: SessionsOptions
  private readonly sessions = new Map<number, Session>()
  private readonly watchers = new Map<string, Set<Entry>>()
  private lastId = 0

  constructor(environment: Environment, options: SessionsOptions) {
    this.environment = environment
    this.options = options
  }

  async fetch(request: ReplicaFetchRequest): Promise<ReplicaFetchAnswer> {
    if (request.isWake) {
      this.sessions.get(request.followerId)?.wake?.()
      return { error: 'NONE', sessionId: request.sessionId, partitions: [] }
    }
    // Invariant 6: a follower of an earlier registration must not count as one of the present.
    if (request.followerEpoch < this.options.brokerEpochOf(request.followerId))
      return failed('STALE_BROKER_EPOCH')
    const session = this.sessionOf(request)
    if (!session) return failed('FETCH_SESSION_ID_NOT_FOUND')
    session.nextSequence++
    for (const { topicId, partition } of request.forgotten)
      this.forget(session, replicaKey(topicId, partition))
    for (const position of request.partitions) this.take(session, position, request.followerEpoch)
    return this.answer(session, request)
  }

  /** Who follows the replica may have news. */
  touch(replica: Replica): void {
    for (const entry of this.watchers.get(replica.key) ?? []) {
      entry.session.dirty.add(entry)
      this.wakeSoon(entry.session)
    }
  }

  private sessionOf(request: ReplicaFetchRequest): Session | undefined {
    const known = this.sessions.get(request.followerId)
    if (request.sessionId !== 0) {
      return known?.id === request.sessionId && known.nextSequence === request.sequence ? known : undefined
    }
    if (known) this.drop(known)
    const session: Session = {
      followerId: request.followerId,
      id: ++this.lastId,
      nextSequence: 0,
      entries: new Map(),
      dirty: new Set(),
      wake: undefined,
      isWakeScheduled: false,
    }
    this.sessions.set(request.followerId, session)
    return session
  }

  private drop(session: Session): void {
    for (const key of [...session.entries.keys()]) this.forget(session, key)
    session.wake?.()
  }

  private forget(session: Session, key: string): void {
    const entry = session.entries.get(key)
    if (!entry) return
    session.entries.delete(key)
    session.dirty.delete(entry)
    const watchers = this.watchers.get(key)
    watchers?.delete(entry)
    if (watchers?.size === 0) this.watchers.delete(key)
  }

  private take(session: Session, position: FollowerPosition, followerEpoch: number): void {
    const key = replicaKey(position.topicId, position.partition)
    let entry = session.entries.get(key)
    if (!entry) {
      entry = { position, session, isAnswered: false, sentHighWatermark: -1, sentLogStartOffset: -1 }
      session.entries.set(key, entry)
      const watchers = this.watchers.get(key)
      if (watchers) watchers.add(entry)
      else this.watchers.set(key, new Set([entry]))
    }
    // It did not get on with what it was told, such as news of an epoch that it had left by then: told again.
    const { leaderEpoch, fetchOffset } = entry.position
    if (leaderEpoch !== position.leaderEpoch || fetchOffset === position.fetchOffset) {
      entry.sentHighWatermark = -1
      entry.sentLogStartOffset = -1
    }
    entry.position = position
    entry.isAnswered = false
    session.dirty.add(entry)
    const replica = this.options.replica(key)
    if (
      replica &&
      refusal(replica, session.followerId, position) === 'NONE' &&
      !divergence(replica, position)
    ) {
      replica.followerFetched(session.followerId, position.fetchOffset, followerEpoch)
    }
  }

  private async answer(session: Session, request: ReplicaFetchRequest): Promise<ReplicaFetchAnswer> {
    const { clock } = this.environment
    const deadlineMs = clock.monotonicMs() + request.maxWaitMs
    const partitions: FollowerNews[] = []
    let waitedMs = 0
    for (;;) {
      const isUrgent = await this.gather(session, request.maxBytes, partitions)
      const isReplaced = this.sessions.get(session.followerId) !== session
      const leftMs = deadlineMs - clock.monotonicMs()
      const isRipe = partitions.length > 0 && waitedMs >= highWatermarkDelayMs
      if (isUrgent || isReplaced || leftMs <= 0 || isRipe) break
      // Came up while files were read, when there was nobody to wake.
      if (session.dirty.size > 0) continue
      const startedMs = clock.monotonicMs()
      const wasInterrupted = await this.wait(session, partitions.length > 0 ? highWatermarkDelayMs : leftMs)
      waitedMs += partitions.length > 0 ? clock.monotonicMs() - startedMs : 0
      if (wasInterrupted && session.dirty.size === 0) break
    }
    return { error: 'NONE', sessionId: session.id, partitions }
  }

  /** True when something wakes it before the time is up. */
  private wait(session: Session, timeoutMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      let timer: TimerHandle | undefined
      const end = (isWoken: boolean) => {
        timer?.cancel()
        session.wake = undefined
        resolve(isWoken)
      }
      session.wake = () => end(true)
      timer = this.environment.timers.after(timeoutMs, () => end(false))
    })
  }

  /** All that one tick brings is one waking. */
  private wakeSoon(session: Session): void {
    if (session.isWakeScheduled || !session.wake) return
    session.isWakeScheduled = true
    this.environment.timers.soon(() => {
      session.isWakeScheduled = false
      session.wake?.()
    })
  }

  /** Adds the news of the partitions that may have some. True when they should not wait. */
  private async gather(session: Session, bytesMax: number, into: FollowerNews[]): Promise<boolean> {
    let isUrgent = false
    let bytes = into.reduce((sum, news) => sum + sizeOf(news), 0)
    for (const entry of [...session.dirty]) {
      if (bytes >= bytesMax) return true
      session.dirty.delete(entry)
      if (entry.isAnswered) continue
      const news = await this.newsOf(entry, bytesMax - bytes, bytes === 0)
      if (!news) continue
      const earlier = into.findIndex(
        ({ topicId, partition }) => topicId === news.topicId && partition === news.partition,
      )
      if (earlier >= 0) into.splice(earlier, 1)
      into.push(news)
      bytes += sizeOf(news)
      entry.isAnswered = news.error !== 'NONE' || news.divergingEpoch >= 0 || news.batches.length > 0
      isUrgent ||= entry.isAnswered
    }
    return isUrgent
  }

  private async newsOf(entry: Entry, bytesLeft: number, isFirst: boolean): Promise<FollowerNews | undefined> {
    const { position } = entry
    const { topicId, partition, fetchOffset } = position
    const replica = this.options.replica(replicaKey(topicId, partition))
    const { followerId } = entry.session
    const error = replica ? refusal(replica, followerId, position) : 'NOT_LEADER_OR_FOLLOWER'
    if (!replica || error !== 'NONE') return { ...noNews, topicId, partition, error: error as ErrorName }
    const { log, highWatermark } = replica
    const head = { topicId, partition, error, highWatermark, logStartOffset: log.logStartOffset }
    const diverging = divergence(replica, position)
    if (diverging) return { ...noNews, ...head, ...diverging }
    if (fetchOffset < log.logStartOffset || fetchOffset > log.logEndOffset) {
      return { ...noNews, ...head, error: 'OFFSET_OUT_OF_RANGE' }
    }
    const bytesMax = Math.min(this.options.partitionBytesMax, bytesLeft)
    const { pieces, sizeBytes } = await log.read(fetchOffset, bytesMax, { minOneBatch: isFirst })
    // Reading may have taken a while: another leader may have written other records there.
    if (refusal(replica, followerId, position) !== 'NONE') {
      return { ...noNews, topicId, partition, error: 'NOT_LEADER_OR_FOLLOWER' }
    }
    // Something is there that did not fit: next time.
    if (pieces.length === 0 && fetchOffset < log.logEndOffset) entry.session.dirty.add(entry)
    const isNew =
      entry.sentHighWatermark !== highWatermark || entry.sentLogStartOffset !== head.logStartOffset
    if (pieces.length === 0 && !isNew) return undefined
    entry.sentHighWatermark = highWatermark
    entry.sentLogStartOffset = head.logStartOffset
    this.options.onSent(sizeBytes)
    return { ...noNews, ...head, batches: pieces }
  }
}

const noNews: Omit<FollowerNews, 'topicId' | 'partition'> = {
  error: 'NONE',
  highWatermark: -1,
  logStartOffset: -1,
  divergingEpoch: -1,
  divergingEndOffset: -1,
  batches: [],
}

function failed(error: ReplicaFetchAnswer['error']): ReplicaFetchAnswer {
  return { error, sessionId: 0, partitions: [] }
}

function sizeOf({ batches }: FollowerNews): number {
  return batches.reduce((sum, piece) => sum + piece.length, 0)
}

/** Invariant 4: only the leader of the very epoch answers, and only followers that it has heard of from the metadata. */
function refusal({ leader }: Replica, followerId: number, position: FollowerPosition): ErrorName {
  if (!leader?.progressOf(followerId)) return 'NOT_LEADER_OR_FOLLOWER'
  if (position.leaderEpoch < leader.leaderEpoch) return 'FENCED_LEADER_EPOCH'
  if (position.leaderEpoch > leader.leaderEpoch) return 'UNKNOWN_LEADER_EPOCH'
  return 'NONE'
}

/** Where the follower's history leaves the leader's; undefined while they agree. */
function divergence(
  { log }: Replica,
  { fetchOffset, lastFetchedEpoch }: FollowerPosition,
): { divergingEpoch: number; divergingEndOffset: number } | undefined {
  if (lastFetchedEpoch < 0 || fetchOffset <= log.logStartOffset) return undefined
  const end = log.endOffsetFor(lastFetchedEpoch)
  if (!end) return { divergingEpoch: log.leaderEpochs.latest ?? 0, divergingEndOffset: log.logEndOffset }
  const agrees = end.leaderEpoch === lastFetchedEpoch && end.endOffset >= fetchOffset
  return agrees ? undefined : { divergingEpoch: end.leaderEpoch, divergingEndOffset: end.endOffset }
}

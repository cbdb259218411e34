import { isMillraceError } from '../../base/errors.ts'
import type { Environment } from '../../environment/index.ts'
import type {
  FollowerNews,
  FollowerPosition,
  ReplicaFetchAnswer,
  ReplicaFetchRequest,
} from '../peers/replica-fetch.ts'
import type { Replica } from './replica.ts'

export interface FetcherOptions {
  readonly followerId: number
  readonly leaderId: number
  readonly maxWaitMs: number
  readonly maxBytes: number
  readonly backoffMs: number
  brokerEpoch(): number
  fetch(request: ReplicaFetchRequest): Promise<ReplicaFetchAnswer>
  onReceived(sizeBytes: number): void
}

interface Following {
  readonly replica: Replica
  readonly leaderEpoch: number
}

/**
 * Fetches from one leader all partitions that this broker follows there. What was fetched is written before the next
 * request says so: the leader counts on it.
 */
export class FollowerFetcher {
  private readonly environment: Environment
  private readonly options: FetcherOptions
  private readonly following = new Map<string, Following>()
  /** Whose position the leader has: news of a partition are for that one, and not for what came in its place since. */
  private readonly told = new Map<string, Following>()
  /** To be told to the leader with the next request. */
  private changed = new Set<string>()
  private forgotten = new Map<string, { topicId: string; partition: number }>()
  private sessionId = 0
  private sequence = 0
  private isRunning = false
  private isFetching = false
  private lastFault: string | undefined
  private isClosed = false

  constructor(environment: Environment, options: FetcherOptions) {
    this.environment = environment
    this.options = options
  }

  add(replica: Replica): void {
    this.following.set(replica.key, { replica, leaderEpoch: replica.leaderEpoch })
    this.forgotten.delete(replica.key)
    this.tell(replica.key)
  }

  remove(replica: Replica): void {
    if (!this.following.delete(replica.key)) return
    this.changed.delete(replica.key)
    this.forgotten.set(replica.key, { topicId: replica.topicId, partition: replica.partition })
  }

  close(): void {
    this.isClosed = true
    this.following.clear()
  }

  private tell(key: string): void {
    this.changed.add(key)
    if (!this.isRunning) void this.run()
    else if (this.isFetching) this.interrupt()
  }

  /** The request under way waits for news of other partitions: the leader is asked to answer it now. */
  private interrupt(): void {
    const request = { ...this.head(), isWake: true, partitions: [], forgotten: [] }
    // If it gets lost, the wait ends by itself.
    this.options.fetch(request).catch(() => undefined)
  }

  private async run(): Promise<void> {
    this.isRunning = true
    while (!this.isClosed && this.following.size > 0) {
      if (!(await this.fetchOnce())) {
        this.resetSession()
        await this.environment.timers.sleep(this.options.backoffMs)
      }
    }
    this.isRunning = false
  }

  private async fetchOnce(): Promise<boolean> {
    const request = this.request()
    let answer: ReplicaFetchAnswer
    this.isFetching = true
    try {
      answer = await this.options.fetch(request)
    } catch (thrown) {
      // The leader can't be reached: the metadata will name another, or it comes back.
      if (!isMillraceError(thrown)) this.noteFault(thrown)
      return false
    } finally {
      this.isFetching = false
    }
    if (this.isClosed) return true
    if (answer.error === 'FETCH_SESSION_ID_NOT_FOUND' && this.sessionId !== 0) {
      this.resetSession()
      return true
    }
    if (answer.error !== 'NONE') return false
    this.sessionId = answer.sessionId
    this.sequence++
    await this.takeAll(answer.partitions)
    return true
  }

  private head() {
    const { followerId, maxWaitMs, maxBytes } = this.options
    const followerEpoch = this.options.brokerEpoch()
    const { sessionId, sequence } = this
    return { followerId, followerEpoch, sessionId, sequence, maxWaitMs, maxBytes, isWake: false }
  }

  private request(): ReplicaFetchRequest {
    const partitions: FollowerPosition[] = []
    for (const key of this.changed) {
      const followed = this.following.get(key)
      if (!followed) continue
      partitions.push(positionOf(followed))
      this.told.set(key, followed)
    }
    for (const key of this.forgotten.keys()) this.told.delete(key)
    const forgotten = [...this.forgotten.values()]
    this.changed = new Set()
    this.forgotten = new Map()
    return { ...this.head(), partitions, forgotten }
  }

  private resetSession(): void {
    this.sessionId = 0
    this.sequence = 0
    this.told.clear()
    this.changed = new Set(this.following.keys())
    this.forgotten = new Map()
  }

  private async takeAll(news: readonly FollowerNews[]): Promise<void> {
    await Promise.all(
      news.map(async (each) => {
        const key = `${each.topicId}:${each.partition}`
        const followed = this.following.get(key)
        if (!followed || this.told.get(key) !== followed || !this.isCurrent(followed)) return
        const hasMoved = await this.take(followed, each)
        if (hasMoved && this.following.has(key)) this.changed.add(key)
      }),
    )
  }

  /** The replica still follows the leader under whose epoch this was asked. */
  private isCurrent({ replica, leaderEpoch }: Following): boolean {
    return !this.isClosed && replica.isOpen && !replica.leader && replica.leaderEpoch === leaderEpoch
  }

  /** True when the replica's position is another one than before. */
  private async take(followed: Following, news: FollowerNews): Promise<boolean> {
    const { replica } = followed
    try {
      if (news.error === 'OFFSET_OUT_OF_RANGE') {
        this.note(`${replica.name} starts over at ${news.logStartOffset}, where the leader's log starts`)
        await replica.change(async (log) => {
          await log.truncateFullyAndStartAt(news.logStartOffset)
          replica.highWatermark = news.logStartOffset
        })
        return true
      }
      if (news.error !== 'NONE') {
        this.retryLater(followed)
        return false
      }
      if (news.divergingEpoch >= 0) {
        await this.truncate(followed, news)
        return true
      }
      for (const batches of news.batches) {
        replica.log.appendAsFollower(batches)
        this.options.onReceived(batches.length)
      }
      replica.followHighWatermark(news.highWatermark)
      if (
        news.logStartOffset > replica.log.logStartOffset &&
        news.logStartOffset <= replica.log.logEndOffset
      ) {
        await replica.log.advanceLogStart(news.logStartOffset)
      }
      if (news.batches.length === 0) return false
      await replica.log.written()
      return true
    } catch (thrown) {
      if (!this.isCurrent(followed)) return false
      const what = thrown instanceof Error ? thrown.message : String(thrown)
      this.environment.log.write('error', `broker-${this.options.followerId}`, `${replica.name}: ${what}`)
      this.retryLater(followed)
      return false
    }
  }

  /**
   * Invariant 5: to where the leader's and our history part (KIP-101, KIP-279). If our own epoch ends earlier, or is an
   * older one, that end counts, and the next fetch compares again.
   */
  private async truncate({ replica }: Following, news: FollowerNews): Promise<void> {
    const own = replica.log.endOffsetFor(news.divergingEpoch)
    const ownEnd = own ? own.endOffset : replica.log.logEndOffset
    const isSameEpoch = own?.leaderEpoch === news.divergingEpoch
    const offset = isSameEpoch ? Math.min(ownEnd, news.divergingEndOffset) : ownEnd
    const before = replica.log.logEndOffset
    if (offset < before) {
      this.note(`${replica.name} drops offsets ${offset} to ${before}: another leader took over`)
    }
    await replica.change(async (log) => {
      const end = await log.truncateTo(offset)
      // An epoch under which this broker led and wrote nothing: nobody else has heard of it.
      log.leaderEpochs.truncateFromEnd(end)
      replica.highWatermark = Math.min(replica.highWatermark, end)
    })
  }

  private retryLater({ replica }: Following): void {
    this.environment.timers.after(this.options.backoffMs, () => {
      if (!this.isClosed && this.following.has(replica.key)) this.tell(replica.key)
    })
  }

  /** What no broker answers: a defect, told once and not with every new try. */
  private noteFault(thrown: unknown): void {
    const text = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown)
    if (text === this.lastFault) return
    this.lastFault = text
    const { followerId, leaderId } = this.options
    this.environment.log.write(
      'error',
      `broker-${followerId}`,
      `cannot fetch from broker ${leaderId}: ${text}`,
    )
  }

  private note(text: string): void {
    this.environment.log.write('info', `broker-${this.options.followerId}`, text)
  }
}

function positionOf({ replica, leaderEpoch }: Following): FollowerPosition {
  const { topicId, partition, log } = replica
  return {
    topicId,
    partition,
    leaderEpoch,
    fetchOffset: log.logEndOffset,
    lastFetchedEpoch: replica.lastEpoch,
  }
}

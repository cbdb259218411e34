/**
 * One member of the metadata quorum, after Raft (Ongaro, §3 and §9.6) with KRaft's words: no I/O, no clock.
 *
 * | role        | input                                   | next        | and                                           |
 * |-------------|-----------------------------------------|-------------|-----------------------------------------------|
 * | follower    | election timeout, or its leader is lost | prospective | ask all for a pre-vote, epoch unchanged       |
 * | prospective | pre-votes of a majority                 | candidate   | epoch + 1, vote for itself, durable, ask all  |
 * | prospective | election timeout                        | prospective | ask again                                     |
 * | candidate   | votes of a majority                     | leader      | append the epoch's first, empty entry         |
 * | candidate   | election timeout                        | prospective | pre-votes first, again                        |
 * | leader      | no majority heard in election timeout   | follower    | without a leader                              |
 * | any         | a message of a higher epoch             | follower    | adopt the epoch, durable; pre-votes excepted  |
 * | any         | append or snapshot of its own epoch     | follower    | of the sender                                 |
 *
 * Invariant 4: one leader per epoch. A vote is durable before it is sent; an entry is durable before it is counted.
 */
import { assert, unreachable } from '../../../base/assert.ts'
import type { Random } from '../../../environment/index.ts'
import { RaftLog } from './log.ts'
import type { RaftEffects, RaftEntry, RaftInput, RaftMessage, RaftOptions, RaftSnapshot } from './messages.ts'

const entriesPerMessageMax = 500

interface Peer {
  nextIndex: number
  matchIndex: number
  heardMs: number
  sentMs: number
  sentCommitIndex: number
  isWaiting: boolean
}

export type RaftRole = 'follower' | 'prospective' | 'candidate' | 'leader'

type VoteRequest = Extract<RaftMessage, { kind: 'vote' }>
type VoteReply = Extract<RaftMessage, { kind: 'vote-reply' }>
type AppendRequest = Extract<RaftMessage, { kind: 'append' }>
type SnapshotRequest = Extract<RaftMessage, { kind: 'snapshot' }>
type AppendReply = Extract<RaftMessage, { kind: 'append-reply' }>

export interface RaftDurableState {
  readonly epoch: number
  readonly votedFor: number | undefined
  readonly snapshot: RaftSnapshot | undefined
  readonly entries: readonly RaftEntry[]
}

export class RaftNode {
  role: RaftRole = 'follower'
  leaderId: number | undefined
  epoch: number
  commitIndex: number
  readonly log: RaftLog
  private readonly options: RaftOptions
  private readonly random: Random
  private readonly others: readonly number[]
  private votedFor: number | undefined
  private votes = new Set<number>()
  private readonly peers = new Map<number, Peer>()
  private electionDeadlineMs: number
  private leaderHeardMs = Number.NEGATIVE_INFINITY
  private durableIndex: number
  private effects = noEffects()

  /** The first election of a cluster does not wait for the timeout: nobody can be leading. */
  constructor(options: RaftOptions, durable: RaftDurableState, random: Random, nowMs: number) {
    this.options = options
    this.random = random
    this.others = options.voters.filter((voter) => voter !== options.id)
    this.epoch = durable.epoch
    this.votedFor = durable.votedFor
    this.log = new RaftLog(durable.snapshot, durable.entries)
    this.durableIndex = this.log.lastIndex
    this.commitIndex = this.log.snapshot.index
    this.electionDeadlineMs = nowMs + this.others.length * random.int(10)
  }

  step(input: RaftInput, nowMs: number): RaftEffects {
    this.effects = noEffects()
    switch (input.kind) {
      case 'tick':
        break
      case 'message':
        if (this.others.includes(input.from)) this.receive(input.from, input.message, nowMs)
        break
      case 'propose':
        assert(this.role === 'leader', 'only the leader proposes')
        this.store({ epoch: this.epoch, payload: input.payload })
        break
      case 'persisted':
        // What was truncated and written anew meanwhile is not what became durable.
        if (this.log.epochAt(input.index) === input.epoch) {
          this.durableIndex = Math.max(this.durableIndex, input.index)
        }
        break
      case 'peer-lost':
        this.loseLeader(input.peer, nowMs)
        break
      case 'compacted':
        this.log.compact(input.snapshot)
        break
      default:
        unreachable(input)
    }
    if (this.role === 'leader') this.lead(nowMs)
    else if (nowMs >= this.electionDeadlineMs) this.becomeProspective(nowMs)
    return this.effects
  }

  /** How far the others' logs are known to reach, as log ends; only while leading. */
  progress(): { readonly id: number; readonly logEndOffset: number }[] {
    return [...this.peers].map(([id, { matchIndex }]) => ({ id, logEndOffset: matchIndex + 1 }))
  }

  /** When the next tick has something to do. */
  get deadlineMs(): number {
    if (this.role !== 'leader') return this.electionDeadlineMs
    let nextMs = Number.POSITIVE_INFINITY
    for (const peer of this.peers.values()) nextMs = Math.min(nextMs, peer.sentMs + this.options.heartbeatMs)
    return nextMs
  }

  private receive(from: number, message: RaftMessage, nowMs: number): void {
    const isPre = (message.kind === 'vote' || message.kind === 'vote-reply') && message.pre
    const isGrantedPre = message.kind === 'vote-reply' && message.pre && message.granted
    if (message.epoch > this.epoch && !(isPre && message.kind === 'vote') && !isGrantedPre) {
      this.adopt(message.epoch, nowMs)
    }
    switch (message.kind) {
      case 'vote':
        this.answerVote(from, message, nowMs)
        return
      case 'vote-reply':
        this.countVote(from, message, nowMs)
        return
      case 'append':
        this.answerAppend(from, message, nowMs)
        return
      case 'snapshot':
        this.answerSnapshot(from, message, nowMs)
        return
      case 'append-reply':
        this.countAppend(from, message, nowMs)
        return
      default:
        unreachable(message)
    }
  }

  private adopt(epoch: number, nowMs: number): void {
    this.epoch = epoch
    this.votedFor = undefined
    this.effects.vote = { epoch, votedFor: -1 }
    this.becomeFollower(undefined, nowMs)
  }

  private becomeFollower(leaderId: number | undefined, nowMs: number): void {
    this.role = 'follower'
    this.leaderId = leaderId
    this.votes.clear()
    this.peers.clear()
    this.resetElection(nowMs)
  }

  private resetElection(nowMs: number): void {
    const { electionTimeoutMs } = this.options
    this.electionDeadlineMs = nowMs + electionTimeoutMs + this.random.int(electionTimeoutMs)
  }

  private loseLeader(peer: number, nowMs: number): void {
    if (this.role === 'leader' || this.leaderId !== peer) return
    this.leaderId = undefined
    this.leaderHeardMs = Number.NEGATIVE_INFINITY
    const soonMs = nowMs + this.random.int(Math.ceil(this.options.electionTimeoutMs / 8))
    this.electionDeadlineMs = Math.min(this.electionDeadlineMs, soonMs)
  }

  private becomeProspective(nowMs: number): void {
    this.role = 'prospective'
    this.leaderId = undefined
    this.resetElection(nowMs)
    this.votes = new Set([this.options.id])
    this.askForVotes(true)
    if (this.hasMajority(this.votes.size)) this.becomeCandidate(nowMs)
  }

  private becomeCandidate(nowMs: number): void {
    this.role = 'candidate'
    this.epoch++
    this.votedFor = this.options.id
    this.effects.vote = { epoch: this.epoch, votedFor: this.options.id }
    this.resetElection(nowMs)
    this.votes = new Set([this.options.id])
    this.effects.send = []
    this.askForVotes(false)
    if (this.hasMajority(this.votes.size)) this.becomeLeader(nowMs)
  }

  private askForVotes(pre: boolean): void {
    const { lastIndex, lastEpoch } = this.log
    const epoch = pre ? this.epoch + 1 : this.epoch
    for (const to of this.others) this.send(to, { kind: 'vote', epoch, pre, lastIndex, lastEpoch })
  }

  private answerVote(from: number, request: VoteRequest, nowMs: number): void {
    const isCurrent =
      request.lastEpoch > this.log.lastEpoch ||
      (request.lastEpoch === this.log.lastEpoch && request.lastIndex >= this.log.lastIndex)
    if (request.pre) {
      const hasLeader = this.role === 'leader' || nowMs - this.leaderHeardMs < this.options.electionTimeoutMs
      const granted = isCurrent && request.epoch > this.epoch && !hasLeader
      const epoch = granted ? request.epoch : this.epoch
      this.send(from, { kind: 'vote-reply', epoch, pre: true, granted })
      return
    }
    const isFree = this.votedFor === undefined || this.votedFor === from
    const granted = request.epoch === this.epoch && isCurrent && isFree && this.role !== 'leader'
    if (granted && this.votedFor !== from) {
      this.votedFor = from
      this.effects.vote = { epoch: this.epoch, votedFor: from }
      this.resetElection(nowMs)
    }
    this.send(from, { kind: 'vote-reply', epoch: this.epoch, pre: false, granted })
  }

  private countVote(from: number, reply: VoteReply, nowMs: number): void {
    const role = reply.pre ? 'prospective' : 'candidate'
    const epoch = reply.pre ? this.epoch + 1 : this.epoch
    if (this.role !== role || !reply.granted || reply.epoch !== epoch) return
    this.votes.add(from)
    if (!this.hasMajority(this.votes.size)) return
    if (reply.pre) this.becomeCandidate(nowMs)
    else this.becomeLeader(nowMs)
  }

  private becomeLeader(nowMs: number): void {
    this.role = 'leader'
    this.leaderId = this.options.id
    const nextIndex = this.log.lastIndex + 1
    for (const id of this.others) {
      const sentMs = Number.NEGATIVE_INFINITY
      this.peers.set(id, {
        nextIndex,
        matchIndex: 0,
        heardMs: nowMs,
        sentMs,
        sentCommitIndex: -1,
        isWaiting: false,
      })
    }
    // Entries of earlier epochs are committed only through one of this epoch (Raft §5.4.2).
    this.store({ epoch: this.epoch, payload: '' })
  }

  private store(entry: RaftEntry): void {
    const index = this.log.append(entry)
    if (this.effects.store) this.effects.store.entries.push(entry)
    else this.effects.store = { fromIndex: index, entries: [entry] }
  }

  private lead(nowMs: number): void {
    this.advanceCommit()
    const heard = [...this.peers.values()].filter(
      (peer) => nowMs - peer.heardMs < this.options.electionTimeoutMs,
    )
    if (!this.hasMajority(heard.length + 1)) {
      this.becomeFollower(undefined, nowMs)
      return
    }
    for (const [id, peer] of this.peers) this.replicate(id, peer, nowMs)
  }

  private advanceCommit(): void {
    const matches = [this.durableIndex, ...[...this.peers.values()].map((peer) => peer.matchIndex)]
    matches.sort((a, b) => b - a)
    const index = matches[Math.floor(this.options.voters.length / 2)]!
    if (index > this.commitIndex && this.log.epochAt(index) === this.epoch) this.commitIndex = index
  }

  private replicate(id: number, peer: Peer, nowMs: number): void {
    const isDue = nowMs - peer.sentMs >= this.options.heartbeatMs
    const hasNews = peer.nextIndex <= this.log.lastIndex || peer.sentCommitIndex < this.commitIndex
    if (!isDue && (peer.isWaiting || !hasNews)) return
    peer.isWaiting = true
    peer.sentMs = nowMs
    const prevIndex = peer.nextIndex - 1
    const prevEpoch = this.log.epochAt(prevIndex)
    if (prevEpoch === undefined) {
      this.send(id, { kind: 'snapshot', epoch: this.epoch, snapshot: this.log.snapshot })
      return
    }
    const entries = this.log.from(peer.nextIndex, entriesPerMessageMax)
    const { epoch, commitIndex } = this
    peer.sentCommitIndex = commitIndex
    this.send(id, { kind: 'append', epoch, prevIndex, prevEpoch, entries, commitIndex })
  }

  private answerAppend(from: number, request: AppendRequest, nowMs: number): void {
    if (request.epoch < this.epoch) {
      this.replyAppend(from, false, this.log.lastIndex)
      return
    }
    this.follow(from, nowMs)
    // What lies below the snapshot is committed, hence equal.
    const skipped = Math.max(0, this.log.snapshot.index - request.prevIndex)
    const prevIndex = request.prevIndex + skipped
    const prevEpoch = skipped > 0 ? this.log.snapshot.epoch : request.prevEpoch
    if (this.log.epochAt(prevIndex) !== prevEpoch) {
      this.replyAppend(from, false, this.log.lastIndexOfEpoch(prevEpoch, prevIndex - 1))
      return
    }
    const entries = request.entries.slice(skipped)
    entries.forEach((entry, i) => {
      this.accept(prevIndex + 1 + i, entry)
    })
    const index = prevIndex + entries.length
    this.commitIndex = Math.max(this.commitIndex, Math.min(request.commitIndex, index))
    this.replyAppend(from, true, index)
  }

  private accept(index: number, entry: RaftEntry): void {
    const known = this.log.epochAt(index)
    if (known === entry.epoch) return
    if (known !== undefined) {
      assert(index > this.commitIndex, `entry ${index} is committed and would be overwritten`)
      this.log.truncateFrom(index)
      this.durableIndex = Math.min(this.durableIndex, index - 1)
    }
    this.store(entry)
  }

  private answerSnapshot(from: number, request: SnapshotRequest, nowMs: number): void {
    if (request.epoch < this.epoch) {
      this.replyAppend(from, false, this.log.lastIndex)
      return
    }
    this.follow(from, nowMs)
    const { snapshot } = request
    if (snapshot.index > this.commitIndex) {
      this.log.reset(snapshot)
      this.commitIndex = snapshot.index
      this.durableIndex = snapshot.index
      this.effects.install = snapshot
    }
    this.replyAppend(from, true, snapshot.index)
  }

  private follow(leaderId: number, nowMs: number): void {
    if (this.role !== 'follower' || this.leaderId !== leaderId) this.becomeFollower(leaderId, nowMs)
    this.leaderHeardMs = nowMs
    this.resetElection(nowMs)
  }

  private replyAppend(to: number, success: boolean, index: number): void {
    this.send(to, { kind: 'append-reply', epoch: this.epoch, success, index })
  }

  private countAppend(from: number, reply: AppendReply, nowMs: number): void {
    const peer = this.peers.get(from)
    if (this.role !== 'leader' || reply.epoch !== this.epoch || !peer) return
    peer.heardMs = nowMs
    peer.isWaiting = false
    if (reply.success) {
      peer.matchIndex = Math.max(peer.matchIndex, reply.index)
      peer.nextIndex = Math.max(peer.nextIndex, peer.matchIndex + 1)
    } else {
      // A member whose disk was replaced has less than it once had.
      peer.matchIndex = Math.min(peer.matchIndex, reply.index)
      peer.nextIndex = Math.max(1, Math.min(peer.nextIndex - 1, reply.index + 1))
    }
  }

  private hasMajority(count: number): boolean {
    return count > this.options.voters.length / 2
  }

  private send(to: number, message: RaftMessage): void {
    this.effects.send.push({ to, message })
  }
}

function noEffects(): RaftEffects {
  return { vote: undefined, store: undefined, install: undefined, send: [] }
}

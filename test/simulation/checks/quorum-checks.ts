import type { ClusterImage } from '../../../engine/broker/controller/image.ts'
import type { RaftMessage } from '../../../engine/broker/controller/raft/messages.ts'
import type { Findings } from './findings.ts'

/**
 * What members of the metadata quorum say to each other, over all their lives. Invariants 4 (one vote per member and epoch, one
 * leader per epoch) and 10 (the metadata up to an entry are the same for all, however they came by them).
 */
export class QuorumChecks {
  private readonly findings: Findings
  private readonly votes = new Map<string, number>()
  private readonly leaders = new Map<number, number>()
  private readonly epochs = new Map<number, number>()
  private readonly images = new Map<number, string>()
  private readonly seen = new WeakMap<ClusterImage, number>()

  constructor(findings: Findings) {
    this.findings = findings
  }

  sent(from: number, to: number, message: RaftMessage): void {
    const { epoch } = message
    this.checkEpoch(from, message)
    if (message.kind === 'vote-reply' && message.granted && !message.pre) {
      const key = `${from} in ${epoch}`
      const before = this.votes.get(key) ?? to
      this.votes.set(key, before)
      this.findings.check(4, before === to, () => {
        return `broker ${from} votes for ${before} and for ${to} in epoch ${epoch} of the quorum`
      })
    }
    if (message.kind !== 'append') return
    const leader = this.leaders.get(epoch) ?? from
    this.leaders.set(epoch, leader)
    this.findings.check(4, leader === from, () => {
      return `epoch ${epoch} of the quorum has two leaders: ${leader} and ${from}`
    })
  }

  /** What a member has said is on its disk: in no later life does it know of an earlier epoch only. */
  private checkEpoch(from: number, message: RaftMessage): void {
    const isPre = (message.kind === 'vote' || message.kind === 'vote-reply') && message.pre
    // An answer to a pre-vote may name the epoch that is asked for; the request names the one after its own.
    if (isPre && message.kind === 'vote-reply') return
    const own = isPre ? message.epoch - 1 : message.epoch
    const before = this.epochs.get(from) ?? own
    this.findings.check(10, own >= before, () => {
      return `broker ${from} was in epoch ${before} of the quorum, and is in epoch ${own}`
    })
    this.epochs.set(from, Math.max(own, before))
  }

  applied(id: number, image: ClusterImage): void {
    if (this.seen.get(image) === image.index) return
    this.seen.set(image, image.index)
    const text = canonical(image.toJson())
    const known = this.images.get(image.index) ?? text
    this.images.set(image.index, known)
    this.findings.check(10, known === text, () => {
      return `broker ${id} has other metadata at entry ${image.index} than another, or than before`
    })
  }
}

/** The order in which things came to be known is no part of them. */
function canonical(json: string): string {
  const sorted = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map((each) => JSON.stringify(sorted(each))).sort()
    if (value === null || typeof value !== 'object') return value
    const entries = Object.entries(value).map(([name, each]) => [name, sorted(each)] as const)
    return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)))
  }
  return JSON.stringify(sorted(JSON.parse(json)))
}

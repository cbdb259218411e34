import type { PeerLinks } from '../../engine/broker/peers/links.ts'
import type { FollowerPosition, ReplicaFetchRequest } from '../../engine/broker/peers/replica-fetch.ts'
import type { World } from '../../engine/sim/index.ts'
import { nodeOf } from './sim-cluster.ts'

interface LastFetch {
  readonly leader: number
  readonly request: ReplicaFetchRequest
  readonly positions: Map<string, FollowerPosition>
}

/**
 * Messages that arrive long after they were sent, as if they had lain in some buffer: the request of a sender that has asked again
 * meanwhile (a marker, KIP-890), or has begun a new life (a fetch, KIP-903).
 */
export class LateMessages {
  /** By kind. */
  readonly counts: Record<string, number> = {}
  private readonly world: World
  private readonly random
  /** By follower and leader. */
  private readonly fetches = new Map<string, LastFetch>()
  private isStopped = false

  constructor(world: World) {
    this.world = world
    this.random = world.random.fork('late messages')
  }

  stop(): void {
    this.isStopped = true
  }

  wrap(id: number, links: PeerLinks): PeerLinks {
    this.deliverEarlierFetches(id, links)
    return {
      raft: (to, message) => links.raft(to, message),
      controller: (to, request) => links.controller(to, request),
      broker: async (to, request) => {
        const answer = await links.broker(to, request)
        // Before version 2 of transactions nothing tells a late marker from the one of the transaction that is open by then.
        const isToldApart = request.kind === 'write-markers' && request.request.isBumped
        if (isToldApart && this.random.int(4) === 0) {
          this.later(id, 'late marker', () => links.broker(to, request))
        }
        return answer
      },
      fetch: (to, request) => {
        this.note(id, to, request)
        return links.fetch(to, request)
      },
      close: () => links.close(),
    }
  }

  private note(id: number, leader: number, request: ReplicaFetchRequest): void {
    if (request.isWake) return
    const key = `${id} ${leader}`
    const known = request.sessionId === 0 ? undefined : this.fetches.get(key)
    const positions = known?.positions ?? new Map<string, FollowerPosition>()
    for (const position of request.partitions) {
      positions.set(`${position.topicId}:${position.partition}`, position)
    }
    this.fetches.set(key, { leader, request, positions })
  }

  /** What this broker's last life said to each leader in the end. */
  private deliverEarlierFetches(id: number, links: PeerLinks): void {
    for (const [key, { leader, request, positions }] of this.fetches) {
      if (!key.startsWith(`${id} `)) continue
      this.fetches.delete(key)
      const partitions = [...positions.values()]
      const late = { ...request, sessionId: 0, sequence: 0, partitions, forgotten: [], maxWaitMs: 0 }
      this.later(id, 'late fetch', () => links.fetch(leader, late))
    }
  }

  private later(id: number, kind: string, deliver: () => Promise<unknown>): void {
    const { timers } = this.world.node(nodeOf(id))
    timers.after(20 + this.random.int(1500), () => {
      if (this.isStopped) return
      this.counts[kind] = (this.counts[kind] ?? 0) + 1
      // Nobody waits for the answer any more.
      deliver().catch(() => undefined)
    })
  }
}

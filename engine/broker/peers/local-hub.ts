import { MillraceError } from '../../base/errors.ts'
import type { RaftMessage } from '../controller/raft/messages.ts'
import type { PeerLinks, PeerServer } from './links.ts'

interface Member {
  readonly server: PeerServer
  isIsolated: boolean
  /** Calls to and from it that are under way: they fail when it goes. */
  readonly calls: Set<(error: MillraceError) => void>
}

/**
 * Brokers of one process speak with each other directly: messages are handed over as they are, records without
 * copying. A broker that is gone or cut off answers nothing, and its calls under way fail.
 */
export class LocalHub {
  private readonly members = new Map<number, Member>()
  private isQuiet = false

  /** All are about to go: nobody needs to react to it. */
  quiet(): void {
    this.isQuiet = true
  }

  attach(id: number, server: PeerServer): PeerLinks {
    const member: Member = { server, isIsolated: false, calls: new Set() }
    this.members.set(id, member)
    return {
      raft: (to, message) => this.post(id, to, message),
      controller: (to, request) => this.call(member, to, (peer) => peer.controller(request)),
      broker: (to, request) => this.call(member, to, (peer) => peer.broker(request)),
      fetch: (to, request) => this.call(member, to, (peer) => peer.fetch(request)),
      close: () => this.detach(id, member),
    }
  }

  isolate(id: number): void {
    const member = this.members.get(id)
    if (!member || member.isIsolated) return
    member.isIsolated = true
    this.breakCalls(id, member)
    for (const [other, { server }] of this.members) {
      if (other === id) continue
      server.peerLost(id, false)
      member.server.peerLost(other, false)
    }
  }

  heal(id: number): void {
    const member = this.members.get(id)
    if (member) member.isIsolated = false
  }

  private detach(id: number, member: Member): void {
    if (this.members.get(id) !== member) return
    this.members.delete(id)
    this.breakCalls(id, member)
    // Whoever is cut off does not see that it is gone.
    if (member.isIsolated || this.isQuiet) return
    for (const other of this.members.values()) if (!other.isIsolated) other.server.peerLost(id, true)
  }

  private breakCalls(id: number, member: Member): void {
    for (const fail of [...member.calls]) fail(lost(id))
  }

  private reach(from: Member, to: number): Member | undefined {
    const peer = this.members.get(to)
    return from.isIsolated || peer?.isIsolated ? undefined : peer
  }

  private post(from: number, to: number, message: RaftMessage): void {
    // As over a network: never within the sender's own step.
    void Promise.resolve().then(() => {
      const sender = this.members.get(from)
      const peer = sender && this.reach(sender, to)
      peer?.server.raft(from, message)
    })
  }

  private call<Answer>(
    from: Member,
    to: number,
    ask: (server: PeerServer) => Promise<Answer>,
  ): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const peer = this.reach(from, to)
      if (!peer) return reject(lost(to))
      const end = () => {
        from.calls.delete(fail)
        peer.calls.delete(fail)
      }
      const fail = (error: MillraceError) => {
        end()
        reject(error)
      }
      from.calls.add(fail)
      peer.calls.add(fail)
      ask(peer.server).then(
        (answer) => {
          end()
          resolve(answer)
        },
        (thrown: unknown) => {
          end()
          reject(thrown)
        },
      )
    })
  }
}

function lost(id: number): MillraceError {
  return new MillraceError({ code: 'PEER_LOST', what: `broker ${id} does not answer`, where: `broker ${id}` })
}

import type { Asker } from '../purgatory/purgatory.ts'
import type { ClientQuotas } from './quotas/client-quotas.ts'
import type { SaslSession } from './sasl/sasl-session.ts'

const anonymous = 'ANONYMOUS'

export interface SessionParts {
  readonly sasl?: SaslSession | undefined
  /** The subject of the certificate that the client has shown. */
  readonly certified?: string | undefined
  readonly quotas?: ClientQuotas | undefined
}

/** What the requests of one connection share. */
export class ClientSession implements Asker {
  readonly host: string
  /** Where the port asks its clients to sign in. */
  readonly sasl: SaslSession | undefined
  readonly quotas: ClientQuotas | undefined
  isGone = false
  /** Until then no further request is begun, once what is under way is answered (KIP-219). */
  mutedUntilMs = Number.NEGATIVE_INFINITY
  private readonly listeners = new Set<() => void>()
  private readonly certified: string | undefined
  private turn: Promise<void> | undefined

  constructor(host: string, known: SessionParts = {}) {
    this.host = host
    this.sasl = known.sasl
    this.certified = known.certified
    this.quotas = known.quotas
  }

  /** Who it is, as Kafka's principals of type User are named. */
  get user(): string {
    return this.sasl ? (this.sasl.user ?? anonymous) : (this.certified ?? anonymous)
  }

  onGone(listener: () => void): () => void {
    if (this.isGone) listener()
    else this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  mute(durationMs: number, nowMs: number): void {
    this.mutedUntilMs = Math.max(this.mutedUntilMs, nowMs + durationMs)
  }

  /** The connection has ended: nobody waits for an answer any more. */
  end(): void {
    if (this.isGone) return
    this.isGone = true
    for (const listener of this.listeners) listener()
    this.listeners.clear()
  }

  /**
   * For requests that take effect in the order in which they came, and sometimes have to wait before they do: resolves when
   * `ready` has, and all that took a turn before have had it. Undefined: at once.
   */
  takeTurn(ready: readonly Promise<unknown>[]): Promise<void> | undefined {
    if (ready.length === 0 && this.turn === undefined) return undefined
    const turn = Promise.all([this.turn, ...ready]).then(() => {
      if (this.turn === turn) this.turn = undefined
    })
    this.turn = turn
    return turn
  }
}

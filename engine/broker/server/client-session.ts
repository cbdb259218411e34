import type { Asker } from '../purgatory/purgatory.ts'
import type { SaslSession } from './sasl/sasl-session.ts'

const anonymous = 'ANONYMOUS'

/** What the requests of one connection share. */
export class ClientSession implements Asker {
  readonly host: string
  /** Where the port asks its clients to sign in. */
  readonly sasl: SaslSession | undefined
  isGone = false
  private readonly listeners = new Set<() => void>()
  private readonly certified: string | undefined
  private turn: Promise<void> | undefined

  /** @param certified the subject of the certificate that the client has shown */
  constructor(host: string, sasl?: SaslSession, certified?: string) {
    this.host = host
    this.sasl = sasl
    this.certified = certified
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

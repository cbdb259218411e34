import type { Address, Connection } from '../environment/index.ts'
import type { Actor } from './actor.ts'
import { connectionReset, type NetworkWorld } from './network-world.ts'

type Parcel = { readonly kind: 'data'; readonly bytes: Buffer } | { readonly kind: 'end' | 'reset' }

/** One end of a connection. What is written travels to the other end in order, each parcel with a delay of its own. */
export class SimConnection implements Connection {
  readonly actor: Actor
  readonly local: Address
  readonly remote: Address
  peer: SimConnection | undefined
  readonly #network: NetworkWorld
  readonly #forget: () => void
  /** On the way to the peer, or held up by a cut or a pause there. */
  #outgoing: Parcel[] = []
  #isTravelling = false
  #bufferedBytes = 0
  #isPaused = false
  #isEnding = false
  #isClosed = false
  /** What came before anybody listened. */
  #early: Buffer[] = []
  #onData: ((chunk: Buffer) => void) | undefined
  /** That it closed before anybody listened. */
  #earlyClose: { readonly error: Error | undefined } | undefined
  #onClose: ((error?: Error) => void) | undefined
  #onDrain: (() => void) | undefined

  constructor(network: NetworkWorld, actor: Actor, local: Address, remote: Address) {
    this.#network = network
    this.actor = actor
    this.local = local
    this.remote = remote
    network.add(this)
    this.#forget = actor.onEnd(() => this.#died())
  }

  get bufferedBytes(): number {
    return this.#isClosed ? 0 : this.#bufferedBytes
  }

  onData(handler: (chunk: Buffer) => void): void {
    this.#onData = handler
    for (const chunk of this.#early.splice(0)) handler(chunk)
  }

  onClose(handler: (error?: Error) => void): void {
    this.#onClose = handler
    if (this.#earlyClose) this.#tell('closed', () => handler(this.#earlyClose?.error))
  }

  onDrain(handler: () => void): void {
    this.#onDrain = handler
  }

  write(pieces: readonly Uint8Array[]): void {
    if (this.#isClosed || this.#isEnding || !this.actor.isAlive) return
    // A copy: the other end may change what it receives.
    let bytes = Buffer.concat(pieces)
    this.#bufferedBytes += bytes.length
    while (bytes.length > 0) {
      const length = this.#network.splitPosition(bytes.length)
      this.#outgoing.push({ kind: 'data', bytes: bytes.subarray(0, length) })
      bytes = bytes.subarray(length)
    }
    this.flow()
  }

  pause(): void {
    this.#isPaused = true
  }

  resume(): void {
    this.#isPaused = false
    this.peer?.flow()
  }

  end(): void {
    if (this.#isClosed || this.#isEnding || !this.actor.isAlive) return
    this.#isEnding = true
    this.#outgoing.push({ kind: 'end' })
    this.flow()
  }

  destroy(error?: Error): void {
    if (this.#isClosed || !this.actor.isAlive) return
    this.#outgoing = [{ kind: 'end' }]
    this.#close(error)
    this.flow()
  }

  /** The connection breaks, for both ends. */
  lose(): void {
    const { peer } = this
    this.#close(connectionReset(placeOf(this.remote)))
    if (peer) peer.#close(connectionReset(placeOf(peer.remote)))
  }

  /** Sends the next parcel on its way, if nothing holds it up. */
  flow(): void {
    const { peer } = this
    const next = this.#outgoing[0]
    if (!next || !peer || this.#isTravelling || this.#network.isCut(this.actor, peer.actor)) return
    if (peer.#isPaused && next.kind === 'data') return
    this.#isTravelling = true
    const label = `network ${placeOf(this.local)} > ${placeOf(this.remote)} ${next.kind}`
    // Belongs to the receiver: what is on its way arrives although the sender has died.
    this.#network.scheduler.schedule(peer.actor, this.#network.latencyMs(), label, () => {
      this.#isTravelling = false
      // The way may have been cut, or the receiver paused, while it travelled.
      if (this.#network.isCut(this.actor, peer.actor) || (peer.#isPaused && next.kind === 'data')) return
      if (this.#outgoing[0] === next) {
        this.#outgoing.shift()
        this.#arrive(peer, next)
      }
      this.flow()
    })
  }

  #arrive(peer: SimConnection, parcel: Parcel): void {
    if (parcel.kind !== 'data') {
      peer.#close(parcel.kind === 'reset' ? connectionReset(placeOf(peer.remote)) : undefined)
    } else if (this.#network.isResetNow()) {
      this.lose()
    } else {
      this.#bufferedBytes -= parcel.bytes.length
      if (this.#bufferedBytes === 0) this.#tell('drained', () => this.#onDrain?.())
      peer.#receive(parcel.bytes)
    }
  }

  #receive(bytes: Buffer): void {
    if (this.#isClosed) return
    if (this.#onData) this.#onData(bytes)
    else this.#early.push(bytes)
  }

  #close(error: Error | undefined): void {
    if (this.#isClosed) return
    this.#forget()
    this.#tell('closed', () => {
      if (this.#onClose) this.#onClose(error)
      else this.#earlyClose = { error }
    })
    // The other end learns of it when what is on the way has arrived.
    if (this.#outgoing.every(({ kind }) => kind === 'data')) this.#outgoing.push({ kind: 'end' })
    this.#markClosed()
    this.flow()
  }

  /** The process is gone: its machine answers for it with a reset. */
  #died(): void {
    if (this.#isClosed) return
    this.#outgoing = [{ kind: 'reset' }]
    this.#markClosed()
    this.flow()
  }

  /** Known to the network until the other end has learnt of it, which a cut may delay. */
  #markClosed(): void {
    this.#isClosed = true
    const { peer } = this
    if (!peer) return
    if (!peer.#isClosed) return
    this.#network.delete(this)
    this.#network.delete(peer)
  }

  #tell(what: string, handler: () => void): void {
    this.#network.scheduler.schedule(this.actor, 0, `network ${placeOf(this.local)} ${what}`, handler)
  }
}

export function placeOf(address: Address): string {
  return `${address.host}:${address.port}`
}

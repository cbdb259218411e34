/**
 * What the contract travels over: whole messages, in order, in both directions. A MessagePort in the desktop window, a
 * WebSocket in the browser, a pair in memory in tests. Handlers are set once, in the tick in which the channel is given out.
 */
export interface Channel {
  /** Ignored once closed. */
  send(bytes: Uint8Array): void
  onMessage(handler: (bytes: Uint8Array) => void): void
  /** Once, whichever side closed. */
  onClose(handler: () => void): void
  close(): void
}

/** Two ends of one channel in memory; what is sent arrives in a later microtask, as a copy. */
export function memoryPair(): readonly [Channel, Channel] {
  const left = new MemoryEnd()
  const right = new MemoryEnd()
  left.peer = right
  right.peer = left
  return [left, right]
}

class MemoryEnd implements Channel {
  peer: MemoryEnd | undefined
  #open = true
  #waiting: Uint8Array[] = []
  #deliver: ((bytes: Uint8Array) => void) | undefined
  #closed: () => void = () => undefined

  send(bytes: Uint8Array): void {
    const peer = this.peer
    if (!this.#open || !peer) return
    const copy = bytes.slice()
    Promise.resolve().then(() => peer.#receive(copy))
  }

  onMessage(handler: (bytes: Uint8Array) => void): void {
    this.#deliver = handler
    const kept = this.#waiting
    this.#waiting = []
    for (const bytes of kept) handler(bytes)
  }

  onClose(handler: () => void): void {
    this.#closed = handler
  }

  close(): void {
    const peer = this.peer
    this.#end()
    if (peer) Promise.resolve().then(() => peer.#end())
  }

  #receive(bytes: Uint8Array): void {
    if (!this.#open) return
    if (this.#deliver) this.#deliver(bytes)
    else this.#waiting.push(bytes)
  }

  #end(): void {
    if (!this.#open) return
    this.#open = false
    this.#closed()
  }
}

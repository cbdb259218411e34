/**
 * The window's half of the RPC. Knows nothing of what carries it: a transport connects a `Channel`, and again when that is
 * lost. Calls that are out when it is lost fail with HOST_LOST, since nobody can tell whether they were carried out.
 */
import { MillraceError } from '../base/errors.ts'
import type { Channel } from './channel.ts'
import {
  type EventName,
  type EventOf,
  events,
  type HostClient,
  type Input,
  type MethodName,
  methods,
  type Output,
} from './contract.ts'
import { decodeMessage, encodeMessage, explainSchema, type Message } from './wire.ts'

export { type Channel, memoryPair } from './channel.ts'
export { type PortLike, portChannel } from './port-channel.ts'
export { openSocketChannel, type SocketLike, windowProtocol } from './socket-channel.ts'

export interface HostTransport {
  /** A new channel. Rejects when there is nobody at the other end. */
  connect(): Promise<Channel>
  sleep(delayMs: number): Promise<void>
}

export interface ClosableHostClient extends HostClient {
  close(): void
}

/** Between two attempts to connect: the first, and what doubling ends at. */
const retryMsMin = 150
const retryMsMax = 3000

/** Connects at once and in the background; calls made before the first connection wait for it. */
export function createHostClient(transport: HostTransport): ClosableHostClient {
  return new RpcClient(transport)
}

interface PendingCall {
  readonly method: MethodName
  readonly resolve: (output: unknown) => void
  readonly reject: (error: MillraceError) => void
}

type ConnectionState = HostClient['connection']

class RpcClient implements ClosableHostClient {
  connection: ConnectionState = 'lost'
  readonly #transport: HostTransport
  readonly #pending = new Map<number, PendingCall>()
  /** Calls made before the first connection. */
  #early: Message[] = []
  #channel: Channel | undefined
  #nextId = 1
  #everConnected = false
  #closed = false
  readonly #connectionHandlers = new Set<(state: ConnectionState) => void>()
  readonly #eventHandlers = new Map<string, Set<(payload: unknown) => void>>()

  constructor(transport: HostTransport) {
    this.#transport = transport
    void this.#keepConnected()
  }

  call<M extends MethodName>(method: M, input: Input<M>): Promise<Output<M>> {
    if (this.#closed || (this.#everConnected && !this.#channel)) return Promise.reject(hostLost(method))
    const id = this.#nextId++
    const message: Message = ['call', id, method, input]
    const answer = new Promise<unknown>((resolve, reject) => {
      this.#pending.set(id, { method, resolve, reject })
    })
    if (this.#channel) this.#channel.send(encodeMessage(message))
    else this.#early.push(message)
    return answer.then((output) => checkedOutput(method, output))
  }

  on<E extends EventName>(event: E, handler: (payload: EventOf<E>) => void): () => void {
    const checked = (payload: unknown) => {
      const result = events[event].safeParse(payload)
      // An event of another version of the host: what it tells can be asked for.
      if (result.success) handler(result.data as EventOf<E>)
    }
    const handlers = this.#eventHandlers.get(event) ?? new Set()
    this.#eventHandlers.set(event, handlers.add(checked))
    return () => void handlers.delete(checked)
  }

  onConnection(handler: (state: ConnectionState) => void): () => void {
    this.#connectionHandlers.add(handler)
    return () => void this.#connectionHandlers.delete(handler)
  }

  close(): void {
    this.#closed = true
    this.#channel?.close()
    this.#failPending()
  }

  async #keepConnected(): Promise<void> {
    let delayMs = retryMsMin
    while (!this.#closed) {
      try {
        const lost = this.#adopt(await this.#transport.connect())
        delayMs = retryMsMin
        await lost
      } catch {
        // Nobody there yet: the state says so, and it is tried again.
      }
      if (this.#closed) return
      await this.#transport.sleep(delayMs)
      delayMs = Math.min(retryMsMax, delayMs * 2)
    }
  }

  /** Resolves when the channel is lost. */
  #adopt(channel: Channel): Promise<void> {
    channel.onMessage((bytes) => this.#receive(channel, bytes))
    const lost = new Promise<void>((resolve) => {
      channel.onClose(() => {
        if (this.#channel === channel) this.#channel = undefined
        this.#failPending()
        this.#tell('lost')
        resolve()
      })
    })
    if (this.#closed) {
      channel.close()
      return lost
    }
    this.#channel = channel
    this.#everConnected = true
    for (const message of this.#early) channel.send(encodeMessage(message))
    this.#early = []
    this.#tell('connected')
    return lost
  }

  #receive(channel: Channel, bytes: Uint8Array): void {
    let message: Message
    try {
      message = decodeMessage(bytes)
    } catch {
      // The two sides do not understand each other any more; a new connection starts afresh.
      channel.close()
      return
    }
    if (message[0] === 'event') {
      for (const handler of this.#eventHandlers.get(message[1]) ?? []) handler(message[2])
      return
    }
    if (message[0] === 'call') return
    const call = this.#pending.get(message[1])
    if (!call) return
    this.#pending.delete(message[1])
    if (message[0] === 'done') call.resolve(message[2])
    else call.reject(new MillraceError(message[2]))
  }

  #failPending(): void {
    const calls = [...this.#pending.values()]
    this.#pending.clear()
    this.#early = []
    for (const call of calls) call.reject(hostLost(call.method))
  }

  #tell(state: ConnectionState): void {
    if (this.connection === state) return
    this.connection = state
    for (const handler of [...this.#connectionHandlers]) handler(state)
  }
}

function checkedOutput<M extends MethodName>(method: M, output: unknown): Output<M> {
  const result = methods[method].output.safeParse(output)
  if (result.success) return result.data as Output<M>
  throw new MillraceError({
    code: 'BAD_ANSWER',
    what: `the engine's answer to ${method} is not what the window expects (${explainSchema(result.error)})`,
    remedy: 'reload the window',
  })
}

function hostLost(method: string): MillraceError {
  return new MillraceError({
    code: 'HOST_LOST',
    what: 'the connection to the engine was lost',
    where: method,
    remedy: 'wait until the window is connected again, then repeat it',
  })
}

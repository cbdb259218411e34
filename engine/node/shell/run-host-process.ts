import { MillraceError } from '../../base/errors.ts'
import type { Environment, LogSink } from '../../environment/index.ts'
import type { Channel } from '../../host/channel.ts'
import { createHost, type Host } from '../../host/host.ts'
import { createLogRing, type LogRing } from '../../host/log-ring.ts'
import type { HostOptions } from '../../host/options.ts'
import { serveChannel } from '../../host/rpc-server.ts'
import { errorOnWire } from '../../host/wire.ts'
import { typescriptLibraryFolder, workerEntryPoints } from '../entry/locate.ts'
import { createLineLog, createNodeEnvironment } from '../environment/index.ts'
import type { FromHost, ToHost } from './messages.ts'
import { createShellProcesses } from './shell-processes.ts'
import { utilityParent } from './utility-parent.ts'

export interface HostParent {
  send(message: FromHost): void
  /** `port` comes with messages of kind `port`. */
  onMessage(handler: (message: ToHost, port?: Channel) => void): void
  onGone(handler: () => void): void
}

/** Waits for `start`, makes the host, and serves its contract over every channel that the shell opens. */
export function runHostProcess(): void {
  const desktop = utilityParent()
  const parent = desktop ?? childParent()
  const processes = desktop && createShellProcesses((message) => desktop.send(message))
  const log = createLogRing(() => Date.now())
  const environment = createNodeEnvironment({
    log: both(log),
    entryPoints: workerEntryPoints(),
    ...(processes ? { startProcess: processes.start } : {}),
  })
  const hosting = new Hosting(parent, environment, log)
  process.on('uncaughtException', (error) => {
    environment.log.write('error', 'host', `the engine failed: ${error.stack ?? error.message}`)
    process.exit(1)
  })
  parent.onGone(() => void hosting.stop())
  parent.onMessage((message, port) => {
    if (!processes?.receive(message)) hosting.receive(message, port)
  })
  parent.send({ kind: 'loaded' })
}

/** Everything into the ring that the studio shows; warnings and errors to standard error too. */
function both(ring: LogRing): LogSink {
  const lines = createLineLog('warn', (line) => void process.stderr.write(`${line}\n`))
  return {
    write(level, source, text, facts) {
      ring.sink.write(level, source, text, facts)
      lines.write(level, source, text, facts)
    },
  }
}

class Hosting {
  readonly #parent: HostParent
  readonly #environment: Environment
  readonly #log: LogRing
  readonly #channels = new Map<number, PipedChannel>()
  #host: Host | undefined
  #stopping = false

  constructor(parent: HostParent, environment: Environment, log: LogRing) {
    this.#parent = parent
    this.#environment = environment
    this.#log = log
  }

  receive(message: ToHost, port: Channel | undefined): void {
    switch (message.kind) {
      case 'start':
        void this.#start(message.options)
        return
      case 'channel-open': {
        const channel = new PipedChannel(message.channel, this.#parent)
        this.#channels.set(message.channel, channel)
        this.#serve(channel)
        return
      }
      case 'channel-bytes':
        this.#channels.get(message.channel)?.receive(message.bytes)
        return
      case 'channel-close':
        this.#channels.get(message.channel)?.end()
        this.#channels.delete(message.channel)
        return
      case 'port':
        if (port) this.#serve(port)
        return
      case 'open':
        this.#host?.requestOpen(message.path)
        return
      case 'stop':
        void this.stop()
    }
  }

  async stop(): Promise<void> {
    if (this.#stopping) return
    this.#stopping = true
    try {
      await this.#host?.stop()
    } catch (thrown) {
      this.#environment.log.write('error', 'host', `stopping failed: ${MillraceError.from(thrown).message}`)
    }
    process.exit(0)
  }

  async #start(options: HostOptions): Promise<void> {
    try {
      const host = await createHost(this.#environment, this.#log, {
        libraryFolder: typescriptLibraryFolder(),
        ...options,
      })
      if (this.#stopping) return
      this.#host = host
      void host.broken.then(() => process.exit(1))
      this.#parent.send({ kind: 'ready' })
    } catch (thrown) {
      this.#parent.send({ kind: 'refused', error: errorOnWire(thrown) })
      // Not at once: the message has to be out before the process is.
      setTimeout(() => process.exit(2), 50)
    }
  }

  #serve(channel: Channel): void {
    const host = this.#host
    if (!host) {
      channel.close()
      return
    }
    const served = serveChannel(channel, host.methods, (method, error) => {
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
      this.#environment.log.write('error', 'host', `${method} failed: ${text}`)
    })
    const stop = host.onEvent((event, payload) => served.emit(event, payload))
    void served.closed.then(stop)
  }
}

/** A channel whose bytes go through the shell. */
class PipedChannel implements Channel {
  readonly #id: number
  readonly #parent: HostParent
  #deliver: (bytes: Uint8Array) => void = () => undefined
  #closed: () => void = () => undefined

  constructor(id: number, parent: HostParent) {
    this.#id = id
    this.#parent = parent
  }

  send(bytes: Uint8Array): void {
    this.#parent.send({ kind: 'channel-bytes', channel: this.#id, bytes })
  }

  onMessage(handler: (bytes: Uint8Array) => void): void {
    this.#deliver = handler
  }

  onClose(handler: () => void): void {
    this.#closed = handler
  }

  close(): void {
    this.#parent.send({ kind: 'channel-close', channel: this.#id })
  }

  receive(bytes: Uint8Array): void {
    this.#deliver(bytes)
  }

  end(): void {
    this.#closed()
  }
}

function childParent(): HostParent {
  return {
    send(message) {
      if (process.connected) process.send?.(message)
    },
    onMessage: (handler) => void process.on('message', (message: ToHost) => handler(message)),
    onGone: (handler) => void process.on('disconnect', handler),
  }
}

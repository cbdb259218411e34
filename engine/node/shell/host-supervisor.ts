import { MillraceError } from '../../base/errors.ts'
import type { HostOptions } from '../../host/options.ts'
import type { FromHost, ToHost } from './messages.ts'

/** A host process, whichever shell started it. */
export interface HostProcess {
  send(message: ToHost): void
  onMessage(handler: (message: FromHost) => void): void
  onExit(handler: (exitCode: number | null) => void): void
  kill(): void
}

export interface HostEvents {
  /** It takes channels from now on. Again after every restart. */
  onReady(): void
  onMessage(message: FromHost): void
  /** Every channel to it is gone. */
  onDown(exitCode: number | null): void
}

const backOffMsMin = 200
const backOffMsMax = 5000
/** A host that was up for so long starts with the shortest back-off again. */
const provenMs = 10_000
const stopMsMax = 8000

/** Starts the host process, and again when it dies, until it is stopped. */
export class HostSupervisor {
  readonly #spawn: () => HostProcess
  readonly #options: HostOptions
  readonly #events: HostEvents
  #process: HostProcess | undefined
  #ready = false
  #stopping = false
  #backOffMs = backOffMsMin
  #restart: NodeJS.Timeout | undefined
  #exited: Promise<void> = Promise.resolve()
  #settleFirst: { resolve: () => void; reject: (error: Error) => void } | undefined

  constructor(spawn: () => HostProcess, options: HostOptions, events: HostEvents) {
    this.#spawn = spawn
    this.#options = options
    this.#events = events
  }

  get ready(): boolean {
    return this.#ready
  }

  /** @throws MillraceError when the first one can not start, for a reason that another attempt would not mend */
  start(): Promise<void> {
    const first = new Promise<void>((resolve, reject) => {
      this.#settleFirst = { resolve, reject }
    })
    this.#launch()
    return first
  }

  /** Dropped while there is no host. */
  send(message: ToHost): void {
    if (this.#ready) this.#process?.send(message)
  }

  /** The process as it is now, for what only one kind of shell can send. */
  current(): HostProcess | undefined {
    return this.#ready ? this.#process : undefined
  }

  async stop(): Promise<void> {
    this.#stopping = true
    clearTimeout(this.#restart)
    const running = this.#process
    if (!running) return
    running.send({ kind: 'stop' })
    const limit = setTimeout(() => running.kill(), stopMsMax)
    await this.#exited
    clearTimeout(limit)
  }

  #launch(): void {
    const startedMs = performance.now()
    const host = this.#spawn()
    this.#process = host
    this.#exited = new Promise((resolve) => {
      host.onExit((exitCode) => {
        resolve()
        this.#ended(exitCode, startedMs)
      })
    })
    host.onMessage((message) => this.#receive(host, message))
  }

  #receive(host: HostProcess, message: FromHost): void {
    switch (message.kind) {
      case 'loaded':
        host.send({ kind: 'start', options: this.#options })
        return
      case 'ready':
        this.#ready = true
        this.#events.onReady()
        this.#settleFirst?.resolve()
        this.#settleFirst = undefined
        return
      case 'refused':
        if (!this.#settleFirst) return
        this.#stopping = true
        this.#settleFirst.reject(new MillraceError(message.error))
        this.#settleFirst = undefined
        return
      default:
        this.#events.onMessage(message)
    }
  }

  #ended(exitCode: number | null, startedMs: number): void {
    this.#process = undefined
    this.#ready = false
    this.#events.onDown(exitCode)
    if (this.#stopping) {
      this.#settleFirst?.reject(new MillraceError({ code: 'HOST_STOPPED', what: 'the engine was stopped' }))
      return
    }
    if (performance.now() - startedMs > provenMs) this.#backOffMs = backOffMsMin
    this.#restart = setTimeout(() => this.#launch(), this.#backOffMs)
    this.#backOffMs = Math.min(backOffMsMax, this.#backOffMs * 2)
  }
}

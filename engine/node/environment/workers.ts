import { MillraceError } from '../../base/errors.ts'
import type {
  CodePlace,
  Worker,
  WorkerExit,
  WorkerLimits,
  WorkerName,
  Workers,
} from '../../environment/index.ts'
import type { Hosted, StartHosted } from './hosted-worker.ts'
import { createMailbox, type FromWorker } from './worker-messages.ts'
import { forkProcess } from './worker-process.ts'
import { startThread } from './worker-thread.ts'

export type EntryPoints = Readonly<Partial<Record<WorkerName, URL>>>

/** Long enough to pause a thread and read its stack; a worker that is stuck in native code never answers. */
const whereStuckTimeoutMs = 700
const residentCheckMs = 100

/** `startProcess`: where this process can not start one itself. */
export function createNodeWorkers(
  entryPoints: EntryPoints,
  startProcess: StartHosted = forkProcess,
): Workers {
  return {
    start(body, kind, data, limits = {}) {
      const entry = entryPoints[body]
      if (!entry) {
        const error = { code: 'UNKNOWN_WORKER', what: `no entry point is known for the worker "${body}"` }
        return Promise.reject(new MillraceError(error))
      }
      const worker = new NodeWorker(kind === 'thread' ? startThread : startProcess, entry, limits)
      return worker.begin(body, data)
    },
  }
}

class NodeWorker implements Worker {
  readonly exited: Promise<WorkerExit>
  readonly #hosted: Hosted
  readonly #limits: WorkerLimits
  readonly #mailbox = createMailbox()
  readonly #up: Promise<void>
  #tellUp: () => void = () => undefined
  #tellExited: (exit: WorkerExit) => void = () => undefined
  #exit: WorkerExit | undefined
  /** Why it is being ended from here; wins over what the exit itself looks like. */
  #cause: WorkerExit | undefined
  #stuckAt: CodePlace | undefined
  #lastSignMs = performance.now()
  /** As it told itself. */
  #toldBytes: number | undefined
  #timers: NodeJS.Timeout[] = []

  constructor(start: StartHosted, entry: URL, limits: WorkerLimits) {
    this.#limits = limits
    this.exited = new Promise((resolve) => {
      this.#tellExited = resolve
    })
    this.#up = new Promise((resolve) => {
      this.#tellUp = resolve
    })
    this.#hosted = start(entry, limits, {
      onMessage: (message) => this.#receive(message),
      onExit: (exit) => this.#ended(exit),
    })
  }

  /** @throws MillraceError WORKER_FAILED when it ends before it is up */
  async begin(body: WorkerName, data: unknown): Promise<Worker> {
    const early = await Promise.race([this.#up, this.exited])
    if (early) {
      throw new MillraceError({
        code: 'WORKER_FAILED',
        what: `the worker "${body}" ended while it started (${early.error?.message ?? early.reason})`,
        details: { ...early },
      })
    }
    const { heartbeatMs } = this.#limits
    this.#hosted.send({ kind: 'start', body, data, heartbeatMs, memoryEveryMs: this.#memoryEveryMs() })
    this.#watchHeartbeat()
    this.#watchMemory()
    return this
  }

  post(message: unknown, transfer?: readonly ArrayBuffer[]): void {
    if (!this.#exit) this.#hosted.send({ kind: 'message', value: message }, transfer)
  }

  onMessage(handler: (message: unknown) => void): void {
    this.#mailbox.onMessage(handler)
  }

  async terminate(): Promise<void> {
    await this.#end({ reason: 'terminated' })
  }

  async whereStuck(): Promise<CodePlace | undefined> {
    if (this.#stuckAt || this.#exit) return this.#stuckAt
    this.#stuckAt = await this.#hosted.whereStuck(AbortSignal.timeout(whereStuckTimeoutMs))
    return this.#stuckAt
  }

  #receive(message: FromWorker): void {
    this.#lastSignMs = performance.now()
    switch (message.kind) {
      case 'up':
        this.#tellUp()
        return
      case 'alive':
        return
      case 'memory':
        this.#toldBytes = message.residentBytes
        return
      case 'message':
        this.#mailbox.deliver(message.value)
        return
      case 'finished':
        this.#cause ??= { reason: 'finished', exitCode: 0 }
        return
      case 'failed':
        this.#cause ??= { reason: 'crashed', error: message.error }
        return
    }
  }

  async #end(cause: WorkerExit): Promise<void> {
    if (this.#exit) return
    this.#cause ??= cause
    await this.#hosted.kill()
    await this.exited
  }

  #ended(exit: WorkerExit): void {
    if (this.#exit) return
    for (const timer of this.#timers) clearInterval(timer)
    this.#exit = this.#cause ? { exitCode: exit.exitCode, ...this.#cause } : exit
    this.#tellExited(this.#exit)
  }

  #watchHeartbeat(): void {
    const heartbeatMs = this.#limits.heartbeatMs
    if (heartbeatMs === undefined) return
    const checkMs = Math.max(10, heartbeatMs / 4)
    let lastCheckMs = performance.now()
    this.#lastSignMs = lastCheckMs
    this.#every(checkMs, () => {
      const nowMs = performance.now()
      // This side was held up itself, so the signs of life may be waiting unread: judge from now on.
      if (nowMs - lastCheckMs > checkMs * 2) this.#lastSignMs = nowMs
      lastCheckMs = nowMs
      if (nowMs - this.#lastSignMs > heartbeatMs) void this.#endUnresponsive()
    })
  }

  async #endUnresponsive(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer)
    await this.whereStuck()
    await this.#end({ reason: 'unresponsive' })
  }

  /** Undefined where it can be read from outside, which is surer. */
  #memoryEveryMs(): number | undefined {
    const { residentBytes } = this.#hosted
    const isWatched = this.#limits.residentBytesMax !== undefined && residentBytes !== undefined
    return isWatched && residentBytes() === undefined ? residentCheckMs : undefined
  }

  #watchMemory(): void {
    const bytesMax = this.#limits.residentBytesMax
    if (bytesMax === undefined || !this.#hosted.residentBytes) return
    this.#every(residentCheckMs, () => {
      const bytes = this.#hosted.residentBytes?.() ?? this.#toldBytes
      if (bytes !== undefined && bytes > bytesMax) void this.#end({ reason: 'memory-exceeded' })
    })
  }

  #every(intervalMs: number, fn: () => void): void {
    const timer = setInterval(fn, intervalMs)
    timer.unref()
    this.#timers.push(timer)
  }
}

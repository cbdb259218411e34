import type { CodePlace, Environment, Worker, WorkerExit } from '../environment/index.ts'
import { createGuardMemory, type GuardReading, readGuard } from './guard.ts'
import type { FromThread, RunLimits, ThreadStart, ToThread } from './messages.ts'

export interface ThreadEvents {
  onMessage(thread: RunThread, message: FromThread): void
  /** Once, however it ended; `place` is where it stood when it did not answer or ran out of memory. */
  onExit(thread: RunThread, exit: WorkerExit, place: CodePlace | undefined): void
}

/** A thread of the run, and who is at work in it. */
export class RunThread {
  readonly role: ThreadStart['role']
  readonly #worker: Worker
  readonly #memory: SharedArrayBuffer
  readonly #nodes: readonly string[]
  #place: CodePlace | undefined
  #watchedCalls = -1

  private constructor(
    worker: Worker,
    role: ThreadStart['role'],
    memory: SharedArrayBuffer,
    nodes: readonly string[],
  ) {
    this.#worker = worker
    this.role = role
    this.#memory = memory
    this.#nodes = nodes
  }

  static async start(
    environment: Environment,
    start: Omit<ThreadStart, 'guard'>,
    nodes: readonly string[],
    limits: RunLimits,
    events: ThreadEvents,
  ): Promise<RunThread> {
    const memory = createGuardMemory()
    const data: ThreadStart = { ...start, guard: memory }
    const worker = await environment.workers.start('stream-thread', 'thread', data, {
      heapBytesMax: limits.heapBytesMax,
      heartbeatMs: limits.silentMsMax,
    })
    const thread = new RunThread(worker, start.role, memory, nodes)
    worker.onMessage((message) => events.onMessage(thread, message as FromThread))
    void worker.exited.then(async (exit) => {
      events.onExit(thread, exit, thread.#place ?? (await worker.whereStuck()))
    })
    return thread
  }

  get exited(): Promise<WorkerExit> {
    return this.#worker.exited
  }

  reading(): GuardReading {
    return readGuard(this.#memory, this.#nodes)
  }

  post(message: ToThread): void {
    this.#worker.post(message)
  }

  terminate(): Promise<void> {
    return this.#worker.terminate()
  }

  /**
   * True when one and the same call of the user's code was running at the last look and still is: what is eating memory, if
   * anything here is.
   */
  isInOneLongCall(): boolean {
    const { current, calls } = this.reading()
    const same = current !== undefined && calls === this.#watchedCalls
    this.#watchedCalls = calls
    return same
  }

  /** One call has been running while the memory grew towards its limits. */
  get isEatingMemory(): boolean {
    return this.#place !== undefined
  }

  get place(): CodePlace | undefined {
    return this.#place
  }

  /** Remembers where it stands now, in case that it will not be able to say it any more. */
  async notePlace(): Promise<void> {
    this.#place = (await this.#worker.whereStuck()) ?? this.#place
  }
}

import type { CodePlace, Environment, Worker, WorkerExit } from '../environment/index.ts'
import { createGuardMemory, type GuardReading, readGuard } from './guard.ts'
import type { FromThread, RunLimits, ThreadStart, ToThread } from './messages.ts'

/**
 * Without a sign of life for so long a thread is ended, whoever's code it is in. Long, because a busy machine silences
 * threads too; what the user's code does is watched more closely, see `Watch`.
 */
const silentMsMax = 10_000

export interface ThreadEvents {
  onMessage(thread: RunThread, message: FromThread): void
  /** Once, however it ended; `place` is where it stood when it did not answer or ran out of memory. */
  onExit(thread: RunThread, exit: WorkerExit, place: CodePlace | undefined): void
}

/** A thread of the run, and who is at work in it. */
export class RunThread {
  readonly #worker: Worker
  readonly #memory = createGuardMemory()
  #nodes: readonly string[] = []
  #place: CodePlace | undefined
  #seenCalls = -1
  #looksInOneCall = 0
  #isEatingMemory = false
  #noting: Promise<void> | undefined

  private constructor(worker: Worker) {
    this.#worker = worker
  }

  /** A thread that is up and waits for its work. */
  static async prepare(environment: Environment, limits: RunLimits): Promise<RunThread> {
    const worker = await environment.workers.start('stream-thread', 'thread', null, {
      heapBytesMax: limits.heapBytesMax,
      heartbeatMs: silentMsMax,
    })
    return new RunThread(worker)
  }

  /** @param nodes as `guardedNodes` gives them for the plan */
  begin(start: Omit<ThreadStart, 'guard'>, nodes: readonly string[], events: ThreadEvents): void {
    this.#nodes = nodes
    this.#worker.onMessage((message) => events.onMessage(this, message as FromThread))
    void this.#worker.exited.then(async (exit) => {
      await this.#noting
      events.onExit(this, exit, this.#place ?? (await this.#worker.whereStuck()))
    })
    this.post({ kind: 'start', start: { ...start, guard: this.#memory } })
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

  /** At how many looks on end one and the same call of the user's code was running; to be called at each look. */
  look(): number {
    const { current, calls } = this.reading()
    const isSame = current !== undefined && calls === this.#seenCalls
    this.#seenCalls = calls
    this.#looksInOneCall = isSame ? this.#looksInOneCall + 1 : 0
    return this.#looksInOneCall
  }

  /** One call has been running while the memory grew towards its limits. */
  get isEatingMemory(): boolean {
    return this.#isEatingMemory
  }

  get place(): CodePlace | undefined {
    return this.#place
  }

  /** Remembers where it stands now, in case that it will not be able to say it any more. */
  notePlace(isEatingMemory: boolean): Promise<void> {
    this.#isEatingMemory ||= isEatingMemory
    this.#noting ??= this.#note()
    return this.#noting
  }

  async #note(): Promise<void> {
    this.#place = (await this.#worker.whereStuck()) ?? this.#place
    this.#noting = undefined
  }
}

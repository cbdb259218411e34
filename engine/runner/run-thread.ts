import type { CodePlace, Environment, Worker, WorkerExit } from '../environment/index.ts'
import { createGuardMemory, type GuardReading, readGuard } from './guard.ts'
import type { FromThread, RunLimits, ThreadStart, ToThread } from './messages.ts'

/** Looks come ten a second. */
const stuckLooksMin = 4

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
  #watchedCalls = -1
  #looksInOneCall = 0

  private constructor(worker: Worker) {
    this.#worker = worker
  }

  /** A thread that is up and waits for its work. */
  static async prepare(environment: Environment, limits: RunLimits): Promise<RunThread> {
    const worker = await environment.workers.start('stream-thread', 'thread', null, {
      heapBytesMax: limits.heapBytesMax,
      heartbeatMs: limits.silentMsMax,
    })
    return new RunThread(worker)
  }

  /** @param nodes as `guardedNodes` gives them for the plan */
  begin(start: Omit<ThreadStart, 'guard'>, nodes: readonly string[], events: ThreadEvents): void {
    this.#nodes = nodes
    this.#worker.onMessage((message) => events.onMessage(this, message as FromThread))
    void this.#worker.exited.then(async (exit) => {
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

  /**
   * True when one and the same call of the user's code was running at the last look and still is: what is eating memory, if
   * anything here is.
   */
  isInOneLongCall(): boolean {
    const { current, calls } = this.reading()
    const same = current !== undefined && calls === this.#watchedCalls
    this.#watchedCalls = calls
    this.#looksInOneCall = same ? this.#looksInOneCall + 1 : 0
    return same
  }

  /**
   * Whether one call of the user's code has kept it from giving signs of life: at least at the last looks, the same one ran.
   * A machine that is busy elsewhere can silence a thread too.
   */
  get isStuckInOneCall(): boolean {
    return this.reading().current !== undefined && this.#looksInOneCall >= stuckLooksMin
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

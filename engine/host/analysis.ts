import type { Environment } from '../environment/index.ts'
import type { Analysis, Input } from './contract.ts'
import { missingFiles } from './files/missing-files.ts'
import { normalized } from './files/paths.ts'
import type { TypingCalls } from './typing-body.ts'
import { WorkerCalls } from './worker-calls.ts'

type Request = Input<'pipeline.analyze'>

/** The first takes the compiler most of a second: who opens a pipeline to run it does not wait for that. */
const firstDelayMs = 250

interface Waiting {
  readonly request: Request
  readonly settle: { resolve: (analysis: Analysis) => void; reject: (error: unknown) => void }[]
}

/**
 * Problems and types of a document that is being edited, from the typing thread. While one is at work, only the newest
 * of those that wait is kept; it answers for the older ones too.
 */
export class Analyzer {
  readonly #environment: Environment
  readonly #whenFree: () => Promise<void>
  #isFirst = true
  #worker: Promise<WorkerCalls<TypingCalls, never>> | undefined
  #busy = false
  #waiting: Waiting | undefined

  /** @param whenFree a run that starts goes before what is checked */
  constructor(environment: Environment, whenFree: () => Promise<void>) {
    this.#environment = environment
    this.#whenFree = whenFree
  }

  /** Loads the compiler ahead of the first question. */
  warm(): void {
    this.#calls().catch(() => undefined)
  }

  analyze(request: Request): Promise<Analysis> {
    return new Promise((resolve, reject) => {
      const settle = [...(this.#waiting?.settle ?? []), { resolve, reject }]
      this.#waiting = { request, settle }
      void this.#work()
    })
  }

  async #work(): Promise<void> {
    if (this.#busy) return
    this.#busy = true
    for (let next = this.#take(); next; next = this.#take()) {
      try {
        const calls = await this.#calls()
        if (this.#isFirst) await this.#environment.timers.sleep(firstDelayMs)
        this.#isFirst = false
        await this.#whenFree()
        const { path, document, files } = next.request
        const [analysis, missing] = await Promise.all([
          calls.call('analyze', { document, files }),
          missingFiles(this.#environment.disk, normalized(path), document),
        ])
        const problems = [...analysis.problems, ...missing]
        for (const { resolve } of next.settle) resolve({ ...analysis, problems })
      } catch (thrown) {
        for (const { reject } of next.settle) reject(thrown)
      }
    }
    this.#busy = false
  }

  #take(): Waiting | undefined {
    const next = this.#waiting
    this.#waiting = undefined
    return next
  }

  #calls(): Promise<WorkerCalls<TypingCalls, never>> {
    this.#worker ??= this.#start()
    return this.#worker
  }

  async #start(): Promise<WorkerCalls<TypingCalls, never>> {
    const worker = await this.#environment.workers.start('typing', 'thread', null)
    void worker.exited.then(() => {
      this.#worker = undefined
    })
    return new WorkerCalls<TypingCalls, never>(worker, 'type checker', () => undefined)
  }
}

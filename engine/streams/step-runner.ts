import { MillraceError } from '../base/errors.ts'
import type { ErrorDecision, ProcessingError, StreamRecord } from './api.ts'
import type { StepCounters, Stopwatch } from './counters.ts'
import type { Edge, SinkSpec, StepLogic, StepNode, StepSetup, TaskView } from './graph.ts'
import type { Punctuation, Punctuations } from './punctuations.ts'
import type { StateStore } from './stores/store.ts'

/** Ends the task: the handler said `fail`. */
export class StepFailure extends Error {
  override name = 'StepFailure'
  readonly where: ProcessingError

  constructor(where: ProcessingError) {
    super(where.error instanceof Error ? where.error.message : String(where.error), { cause: where.error })
    this.where = where
  }
}

/** What the steps of a task share. */
export interface TaskHooks extends TaskView {
  readonly stopwatch: Stopwatch
  readonly punctuations: Punctuations
  store(name: string): StateStore
  send(sink: SinkSpec, record: StreamRecord, step: StepNode): void
  /** Asks the handler; the place is that of the record in work. */
  decide(stage: ProcessingError['stage'], step: string, error: unknown): ErrorDecision
  failure(stage: ProcessingError['stage'], step: string, error: unknown): StepFailure
}

interface Target {
  readonly runner: StepRunner
  readonly input: number
}

/** One step in one task: hands records to the step's logic and what it forwards to the steps behind it, depth first. */
export class StepRunner implements StepSetup {
  readonly node: StepNode
  readonly counters: StepCounters
  readonly #hooks: TaskHooks
  /** By output. */
  #targets: readonly (readonly Target[])[] = []
  #logic!: StepLogic

  constructor(node: StepNode, counters: StepCounters, hooks: TaskHooks) {
    this.node = node
    this.counters = counters
    this.#hooks = hooks
  }

  get name(): string {
    return this.node.name
  }
  get task(): TaskView {
    return this.#hooks
  }
  get logic(): StepLogic {
    return this.#logic
  }

  connect(runnerOf: (edge: Edge) => StepRunner): void {
    const targets: Target[][] = [[]]
    for (const edge of this.node.children) {
      while (targets.length <= edge.output) targets.push([])
      targets[edge.output]!.push({ runner: runnerOf(edge), input: edge.input })
    }
    this.#targets = targets
  }

  start(): void {
    this.#logic = this.node.create(this)
  }

  receive(record: StreamRecord, input: number): void {
    this.counters.in++
    const { stopwatch } = this.#hooks
    if (stopwatch.sampling) stopwatch.time(this.counters, () => this.#run(record, input))
    else this.#run(record, input)
  }

  #run(record: StreamRecord, input: number): void {
    try {
      this.#logic.process(record, input)
    } catch (error) {
      this.caught(error)
    }
  }

  /** The innermost step that sees an error answers for it; outer ones let its verdict pass. */
  caught(error: unknown): void {
    if (error instanceof StepFailure) throw error
    this.counters.failed++
    const step = this.node.reportAs
    if (this.#hooks.decide('processing', step, error) === 'fail') {
      throw this.#hooks.failure('processing', step, error)
    }
  }

  forward(record: StreamRecord): void {
    this.forwardTo(0, record)
  }

  forwardTo(output: number, record: StreamRecord): void {
    this.counters.out++
    const targets = this.#targets[output]
    if (targets === undefined) return
    for (let i = 0; i < targets.length; i++) {
      const target = targets[i]!
      target.runner.receive(record, target.input)
    }
  }

  dropped(): void {
    this.counters.dropped++
  }

  store(name: string): StateStore {
    return this.#hooks.store(name)
  }

  send(sink: SinkSpec, record: StreamRecord): void {
    this.counters.out++
    if (record.timestampMs < 0) {
      throw new MillraceError({
        code: 'BAD_TIMESTAMP',
        what: `the timestamp ${record.timestampMs} is below 0`,
      })
    }
    this.#hooks.send(sink, record, this.node)
  }

  schedule(
    everyMs: number,
    clock: 'stream-time' | 'wall-clock',
    punctuate: (timestampMs: number) => void,
    startTimeMs: number | undefined,
  ): Punctuation {
    const guarded = (timestampMs: number) => {
      try {
        punctuate(timestampMs)
      } catch (error) {
        this.caught(error)
      }
    }
    return this.#hooks.punctuations.add(everyMs, clock, guarded, startTimeMs)
  }
}

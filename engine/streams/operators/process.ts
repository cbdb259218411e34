import { MillraceError } from '../../base/errors.ts'
import type { KeyValueStore, Processor, ProcessorContext, StreamRecord } from '../api.ts'
import type { StepLogic, StepSetup } from '../graph.ts'
import { makeRecord, noHeaders } from '../record.ts'
import type { RowStore } from '../stores/row-store.ts'
import { rowStore } from './table.ts'

/** A user's processor, one instance per task. `outputs` are the names of several; one alone has none. */
export function processStep(
  supplier: () => Processor,
  storeNames: ReadonlyMap<string, string>,
  outputs: readonly string[],
) {
  return (setup: StepSetup): StepLogic => {
    const processor = supplier()
    if (typeof processor?.process !== 'function') {
      throw new MillraceError({
        code: 'BAD_PROCESSOR',
        what: 'the supplier gives no object with a process function',
        where: setup.name,
        remedy:
          'give the result of processor((record, ctx) => …), or a function that makes {process(record, ctx) {…}}',
      })
    }
    const context = new StepContext(setup, storeNames, outputs)
    processor.init?.(context)
    return {
      process(record) {
        context.current = record
        processor.process(record, context)
      },
      close() {
        processor.close?.()
      },
    }
  }
}

class StepContext implements ProcessorContext {
  /** The record being processed; between records, in a punctuation, none. */
  current: StreamRecord | undefined
  readonly #setup: StepSetup
  readonly #outputs: readonly string[]
  readonly #stores = new Map<string, KeyValueStore<unknown, unknown>>()

  constructor(setup: StepSetup, storeNames: ReadonlyMap<string, string>, outputs: readonly string[]) {
    this.#setup = setup
    this.#outputs = outputs
    for (const [name, storeName] of storeNames) {
      this.#stores.set(name, new ContextStore(name, rowStore(setup.store(storeName)), this))
    }
  }

  forward(record: Parameters<ProcessorContext['forward']>[0], output?: string): void {
    const { current } = this
    const made = makeRecord(
      record.key === undefined ? (current?.key ?? null) : record.key,
      record.value ?? null,
      checkedTimestamp(record.timestampMs ?? current?.timestampMs ?? this.timestampMs),
      record.headers ?? current?.headers ?? noHeaders,
    )
    if (output !== undefined) this.#setup.forwardTo(this.#outputNamed(output), made)
    else if (this.#outputs.length === 0) this.#setup.forward(made)
    else for (let at = 0; at < this.#outputs.length; at++) this.#setup.forwardTo(at, made)
  }

  #outputNamed(name: string): number {
    const at = this.#outputs.indexOf(name)
    if (at >= 0) return at
    throw new MillraceError({
      code: 'UNKNOWN_OUTPUT',
      what: `there is no output "${name}"`,
      where: this.#setup.name,
      remedy: `declare it with the processor; it has ${this.#outputs.join(', ') || 'one without a name'}`,
    })
  }

  store<SK, SV>(name: string): KeyValueStore<SK, SV> {
    const store = this.#stores.get(name)
    if (store === undefined) {
      throw new MillraceError({
        code: 'UNKNOWN_STORE',
        what: `there is no store "${name}"`,
        where: this.#setup.name,
        remedy: `declare it with the processor; it has ${[...this.#stores.keys()].join(', ') || 'none'}`,
      })
    }
    return store as KeyValueStore<SK, SV>
  }

  schedule(
    everyMs: number,
    clock: 'stream-time' | 'wall-clock',
    punctuate: (timestampMs: number) => void,
    options?: { readonly startTimeMs?: number },
  ): { cancel(): void } {
    return this.#setup.schedule(
      everyMs,
      clock,
      (timestampMs) => {
        this.current = undefined
        this.#punctuatedMs = timestampMs
        punctuate(timestampMs)
      },
      options?.startTimeMs,
    )
  }

  #punctuatedMs = 0

  /** Of the record, or of the punctuation. */
  get timestampMs(): number {
    return this.current?.timestampMs ?? this.#punctuatedMs
  }
  get streamTimeMs(): number {
    return this.#setup.task.streamTimeMs
  }
  get wallClockMs(): number {
    return this.#setup.task.wallClockMs
  }
  get task(): string {
    return this.#setup.task.id
  }
  get partition(): number {
    return this.#setup.task.partition
  }
}

class ContextStore implements KeyValueStore<unknown, unknown> {
  readonly name: string
  readonly #rows: RowStore
  readonly #context: StepContext

  constructor(name: string, rows: RowStore, context: StepContext) {
    this.name = name
    this.#rows = rows
    this.#context = context
  }

  get(key: unknown): unknown {
    return this.#rows.get(key)?.value
  }
  put(key: unknown, value: unknown): void {
    this.#rows.put(key, value, this.#context.timestampMs)
  }
  delete(key: unknown): void {
    this.#rows.put(key, null, this.#context.timestampMs)
  }
  *entries(): Iterable<readonly [unknown, unknown]> {
    for (const row of this.#rows.sorted()) yield [row.key, row.value]
  }
}

function checkedTimestamp(timestampMs: number): number {
  if (Number.isSafeInteger(timestampMs) && timestampMs >= 0) return timestampMs
  throw new MillraceError({
    code: 'BAD_TIMESTAMP',
    what: `${timestampMs} is not a timestamp`,
    remedy: 'forward a whole number of milliseconds since 1970, not below 0',
  })
}

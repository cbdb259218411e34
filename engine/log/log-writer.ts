import { MillraceError } from '../base/errors.ts'
import type { Timers } from '../environment/index.ts'
import type { LogTail } from './log-tail.ts'

/** One gather write; more waits for the next one. */
const writeBytesMax = 8 * 1024 * 1024

interface Waiter {
  readonly offset: number
  readonly resolve: () => void
  readonly reject: (error: MillraceError) => void
}

/** Brings what was appended to the files behind the appends: all of a tick, then all that came meanwhile, in one write. */
export class LogWriter {
  /** Everything before it has been handed to the operating system. */
  writtenEndOffset: number
  failure: MillraceError | undefined
  onWritten: (() => void) | undefined
  onFailed: ((error: MillraceError) => void) | undefined
  readonly #timers: Timers
  readonly #tail: LogTail
  readonly #where: string
  #isScheduled = false
  #isStopped = false
  #waiters: Waiter[] = []

  constructor(timers: Timers, tail: LogTail, where: string, endOffset: number) {
    this.#timers = timers
    this.#tail = tail
    this.#where = where
    this.writtenEndOffset = endOffset
  }

  kick(): void {
    if (this.#isScheduled || this.#isStopped) return
    this.#isScheduled = true
    this.#timers.soon(() => void this.#run())
  }

  /** Resolves when everything before the offset has been written. @throws MillraceError KAFKA_STORAGE_ERROR */
  written(offset: number): Promise<void> {
    if (this.failure) return Promise.reject(this.failure)
    if (this.writtenEndOffset >= offset) return Promise.resolve()
    return new Promise((resolve, reject) => this.#waiters.push({ offset, resolve, reject }))
  }

  /** Nothing more is written; who waits is told so. */
  stop(): void {
    this.#isStopped = true
    const error = storageError('the log was closed', this.#where)
    for (const waiter of this.#waiters.splice(0)) waiter.reject(error)
  }

  /** After a truncation. Nothing may be waiting. */
  reset(endOffset: number): void {
    this.writtenEndOffset = endOffset
  }

  async #run(): Promise<void> {
    try {
      for (;;) {
        const run = this.#isStopped ? undefined : this.#tail.takeUnwritten(writeBytesMax)
        if (!run) break
        await run.segment.using((file) => file.write(run.position, run.pieces))
        if (this.#isStopped) break
        this.#tail.written(run)
        this.#advance(run.endOffset)
      }
    } catch (thrown) {
      this.fail(thrown)
    } finally {
      this.#isScheduled = false
    }
  }

  #advance(endOffset: number): void {
    this.writtenEndOffset = endOffset
    const ready = this.#waiters.filter((waiter) => waiter.offset <= endOffset)
    if (ready.length > 0) this.#waiters = this.#waiters.filter((waiter) => waiter.offset > endOffset)
    for (const waiter of ready) waiter.resolve()
    this.onWritten?.()
  }

  /** Nothing can be appended from now on. */
  fail(thrown: unknown): void {
    if (this.#isStopped) return
    const cause = MillraceError.from(thrown)
    this.failure = storageError(cause.what, cause.where ?? this.#where, cause)
    this.#isStopped = true
    for (const waiter of this.#waiters.splice(0)) waiter.reject(this.failure)
    this.onFailed?.(this.failure)
  }
}

export function storageError(what: string, where: string, cause?: MillraceError): MillraceError {
  const remedy = cause?.remedy ?? 'check the disk and start the broker again'
  return new MillraceError({ code: 'KAFKA_STORAGE_ERROR', what, where, remedy, cause })
}

import type { Consumer } from '../../client/api.ts'
import type { Clock } from '../../environment/index.ts'
import type { SourceLag } from '../api.ts'
import type { ActiveTask } from './active-task.ts'

const sampleMs = 100

/** Lag of every partition that a thread reads. */
export class LagMeter {
  readonly #clock: Clock
  readonly #clocks = new Map<string, LagClock>()
  #lastSampleMs = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Cheap to call often: it looks at intervals. */
  sample(tasks: Iterable<ActiveTask>, consumer: Consumer): void {
    const nowMs = this.#clock.monotonicMs()
    if (nowMs - this.#lastSampleMs < sampleMs) return
    this.#lastSampleMs = nowMs
    for (const { topic, partition, endOffset, committedOffset } of this.#ends(tasks, consumer)) {
      const id = `${topic} ${partition}`
      const clock = this.#clocks.get(id) ?? new LagClock()
      this.#clocks.set(id, clock)
      clock.sample(nowMs, endOffset, committedOffset)
    }
  }

  read(tasks: Iterable<ActiveTask>, consumer: Consumer): SourceLag[] {
    const nowMs = this.#clock.monotonicMs()
    return this.#ends(tasks, consumer).map((end) => ({
      ...end,
      lagMs: this.#clocks.get(`${end.topic} ${end.partition}`)?.lagMs(nowMs, end.committedOffset),
    }))
  }

  #ends(tasks: Iterable<ActiveTask>, consumer: Consumer) {
    const ends: Omit<SourceLag, 'lagMs'>[] = []
    for (const { queues } of tasks) {
      for (const { topic, partition, committedOffset } of queues) {
        const bounds = consumer.bounds({ topic, partition })
        if (bounds === undefined) continue
        const { logStartOffset, endOffset } = bounds
        ends.push({ topic, partition, endOffset, committedOffset: committedOffset ?? logStartOffset })
      }
    }
    return ends
  }
}

/** When the log end passed an offset, from samples: lag in seconds must not come from records' own, perhaps historic, timestamps. */
export class LagClock {
  #samples: { readonly timeMs: number; readonly endOffset: number }[] = []

  /** Time between samples: it doubles whenever they become too many. */
  #spacingMs = 0

  /** `nowMs` is monotonic. */
  sample(nowMs: number, endOffset: number, committedOffset: number): void {
    const last = this.#samples.at(-1)
    if (last === undefined || (endOffset > last.endOffset && nowMs - last.timeMs >= this.#spacingMs)) {
      this.#samples.push({ timeMs: nowMs, endOffset })
    }
    let passed = 0
    while (passed < this.#samples.length && this.#samples[passed]!.endOffset <= committedOffset) passed++
    // The last one stays: it tells whether the end has moved.
    this.#samples.splice(0, Math.min(passed, this.#samples.length - 1))
    if (this.#samples.length === 1) this.#spacingMs = 0
    if (this.#samples.length <= samplesMax) return
    this.#samples = this.#samples.filter((_, i) => i % 2 === 0)
    this.#spacingMs = (2 * (nowMs - this.#samples[0]!.timeMs)) / samplesMax
  }

  /** How long ago the log end passed the committed offset. */
  lagMs(nowMs: number, committedOffset: number): number | undefined {
    const passedIt = this.#samples.find(({ endOffset }) => endOffset > committedOffset)
    if (passedIt !== undefined) return nowMs - passedIt.timeMs
    return this.#samples.length === 0 ? undefined : 0
  }
}

const samplesMax = 512

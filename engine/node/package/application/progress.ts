import process from 'node:process'
import type { FeedTail } from '../../../nodes/feed-position.ts'
import type { Feed, KafkaStreams } from '../../../streams/index.ts'

type Metrics = ReturnType<KafkaStreams['metrics']>

/** What the feeds have sent, and lines about how far things are. */
export class Progress {
  readonly #sent = new Map<Feed, number>()
  readonly #open: Set<Feed>
  /** By topic and partition: behind the last record that is surely there, and the number of that record. */
  readonly #written = new Map<string, { readonly endOffset: number; readonly number: number }>()

  constructor(feeds: readonly Feed[]) {
    this.#open = new Set(feeds)
    for (const feed of feeds) this.#sent.set(feed, 0)
  }

  started({ topic }: Feed, tails: readonly FeedTail[]): void {
    for (const { partition, endOffset, number } of tails) {
      this.#written.set(`${topic} ${partition}`, { endOffset, number })
    }
  }

  acknowledged({ topic }: Feed, partition: number, number: number): void {
    const before = this.#written.get(`${topic} ${partition}`)
    if (!before || number <= before.number) return
    const endOffset = before.endOffset + number - before.number
    this.#written.set(`${topic} ${partition}`, { endOffset, number })
  }

  /** All input is read and processed. The ends that consumers know of may be those of a while ago. */
  isThrough(lag: Metrics['lag']): boolean {
    if (this.#open.size > 0 || lag.length === 0) return false
    const committed = new Map(
      lag.map(({ topic, partition, committedOffset }) => [`${topic} ${partition}`, committedOffset]),
    )
    return (
      lag.every(({ committedOffset, endOffset }) => committedOffset >= endOffset) &&
      [...this.#written].every(
        ([id, { endOffset }]) => endOffset === 0 || (committed.get(id) ?? 0) >= endOffset,
      )
    )
  }

  sent(feed: Feed): void {
    this.#sent.set(feed, (this.#sent.get(feed) ?? 0) + 1)
  }

  end(feed: Feed): void {
    this.#open.delete(feed)
  }

  print({ steps, lag }: Metrics): void {
    const fed = [...this.#sent].map(([feed, count]) => `${feed.node} ${count}`)
    const behind = lag.reduce(
      (sum, { endOffset, committedOffset }) => sum + Math.max(0, endOffset - committedOffset),
      0,
    )
    const out = Object.entries(steps).map(([name, { in: taken }]) => `${name} ${taken}`)
    process.stdout.write(
      `fed: ${fed.join(', ') || 'nothing'} · processed: ${out.join(', ')} · lag ${behind}\n`,
    )
  }

  printEnd({ steps }: Metrics): void {
    for (const [name, { in: taken, out, dropped, failed }] of Object.entries(steps)) {
      process.stdout.write(`${name}: ${taken} in, ${out} out, ${dropped} dropped, ${failed} failed\n`)
    }
  }
}

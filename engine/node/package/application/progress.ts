import process from 'node:process'
import type { Feed, KafkaStreams } from '../../../streams/index.ts'

type Metrics = ReturnType<KafkaStreams['metrics']>

/** What the feeds have sent, and lines about how far things are. */
export class Progress {
  readonly #sent = new Map<Feed, number>()
  readonly #open: Set<Feed>

  constructor(feeds: readonly Feed[]) {
    this.#open = new Set(feeds)
    for (const feed of feeds) this.#sent.set(feed, 0)
  }

  get ended(): boolean {
    return this.#open.size === 0
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

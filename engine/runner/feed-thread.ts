import type { MillraceError } from '../base/errors.ts'
import { createAdmin, createConsumer, createProducer } from '../client/index.ts'
import type { Environment, WorkerPort } from '../environment/index.ts'
import type { FeedTail } from '../nodes/feed-position.ts'
import { type FeedEvents, runFeeds as feed } from '../nodes/feeding.ts'
import { nodeKinds } from '../nodes/kinds.ts'
import type { Feed } from '../streams/plan.ts'
import { generalFailure } from './failures.ts'
import { createGuard } from './guard.ts'
import type { AcknowledgedTopic, FromThread, ThreadStart, ToThread } from './messages.ts'
import { guardedNodes } from './plan-nodes.ts'
import { ProblemTally } from './problem-tally.ts'
import { reportEvery } from './timers.ts'

/** Runs what fills the run's source topics, until all of it has ended or it is told to stop. */
export async function runFeeds(
  environment: Environment,
  start: ThreadStart,
  port: WorkerPort,
): Promise<void> {
  const post = (message: FromThread) => port.post(message)
  const connection = { bootstrap: start.bootstrap, clientId: `${start.applicationId}-feeds` }
  const producer = createProducer(environment, {
    ...connection,
    acks: 'all',
    lingerMs: 5,
    stopAtFailure: true,
  })
  const admin = createAdmin(environment, connection)
  const guarded = createGuard(start.guard, guardedNodes(start.plan))
  const tallies = new FeedTallies(start.plan.feeds)
  const skipped = new ProblemTally((problem) => post({ kind: 'problem', problem }))
  const stop = new AbortController()
  const stopped = new Promise<void>((resolve) => {
    port.onMessage((message) => {
      if ((message as ToThread).kind !== 'stop') return
      stop.abort()
      resolve()
    })
  })
  const report = () => {
    skipped.flush()
    post({ kind: 'feeds', feeds: tallies.metrics(), acknowledged: tallies.acknowledged() })
  }
  const stopReports = reportEvery(environment, start.sampleMs, () => tallies.hasBegun, report)
  try {
    await feed(environment, start.plan.feeds, {
      kinds: nodeKinds,
      folder: start.folder,
      producer,
      admin,
      newConsumer: () => createConsumer(environment, { ...connection, autoOffsetReset: 'earliest' }),
      signal: stop.signal,
      compileExpression: (node) => (text, names) => guarded(node, environment.code.expression(text, names)),
      events: tallies.events(post, skipped),
    })
    report()
    // What has ended keeps its figures, and its thread, until the run is over.
    await stopped
    await producer.flush()
  } catch (thrown) {
    if (!stop.signal.aborted) post({ kind: 'failed', failure: generalFailure(thrown) })
  } finally {
    stopReports()
    report()
    await Promise.allSettled([producer.close(), admin.close()])
  }
}

interface PartitionTally {
  readonly partition: number
  readonly startOffset: number
  readonly firstNumber: number
  lastNumber: number
  readonly unanswered: number[]
}

interface Tally {
  readonly feed: Feed
  partitions: Map<number, PartitionTally>
  read: number
  produced: number
  bad: number
  ended: boolean
}

/** Counts what the feeds do and what the brokers acknowledge of it. */
class FeedTallies {
  readonly #tallies: Map<Feed, Tally>

  constructor(feeds: readonly Feed[]) {
    this.#tallies = new Map(
      feeds.map((feed) => [
        feed,
        { feed, partitions: new Map(), read: 0, produced: 0, bad: 0, ended: false } satisfies Tally,
      ]),
    )
  }

  metrics() {
    return [...this.#tallies.values()].map(({ feed, read, produced, bad, ended }) => ({
      node: feed.node,
      read,
      produced,
      bad,
      ended,
    }))
  }

  get hasBegun(): boolean {
    return [...this.#tallies.values()].some(({ produced }) => produced > 0)
  }

  acknowledged(): AcknowledgedTopic[] {
    return [...this.#tallies.values()].map(({ feed, partitions }) => ({
      topic: feed.topic,
      partitions: [...partitions.values()],
    }))
  }

  events(post: (message: FromThread) => void, skipped: ProblemTally): FeedEvents {
    const of = (feed: Feed) => this.#tallies.get(feed)!
    return {
      started: (feed, tails) => {
        of(feed).partitions = new Map(tails.map((tail) => [tail.partition, untouched(tail)]))
      },
      sent: (feed) => {
        of(feed).read += 1
      },
      acknowledged: (feed, partition, number) => {
        const tally = of(feed)
        const place = tally.partitions.get(partition)!
        tally.produced += 1
        place.lastNumber = Math.max(place.lastNumber, number)
      },
      // Behind what is refused nothing is acknowledged: such numbers lie past `lastNumber`, and `failed` tells the reason.
      refused: () => undefined,
      badLine: (feed, line) => {
        const tally = of(feed)
        tally.read += 1
        tally.bad += 1
        skipped.add(badLineFailure(feed, line))
      },
      ended: (feed) => {
        of(feed).ended = true
      },
      failed: (feed, error: MillraceError) => {
        post({ kind: 'failed', failure: generalFailure(error, feed.node) })
      },
    }
  }
}

function untouched({ partition, endOffset, number }: FeedTail): PartitionTally {
  return { partition, startOffset: endOffset, firstNumber: number + 1, lastNumber: number, unanswered: [] }
}

function badLineFailure(feed: Feed, line: { line: number; what: string }) {
  const file = feed.config.file
  return {
    error: {
      code: 'BAD_LINE',
      what: line.what,
      where: `${typeof file === 'string' ? file : feed.node}:${line.line}`,
      remedy: 'correct that line; it was left out',
    },
    node: feed.node,
  }
}

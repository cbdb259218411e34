/** Runs a plan's feeds: goes on where the topic ends, keeps the pace, and holds back while the producer is full. */
import { MillraceError } from '../base/errors.ts'
import type { Admin, Consumer, Producer } from '../client/api.ts'
import { partitionOfKey } from '../client/producer/murmur2.ts'
import type { Environment } from '../environment/index.ts'
import type { NodeConfig } from '../pipeline/index.ts'
import type { Feed } from '../streams/plan.ts'
import { emptyTail, type FeedTail, feedHeaders, fingerprintOf, resumeFrom, tailOf } from './feed-position.ts'
import type { NodeKinds } from './kind.ts'
import type { FeedBadLine, FeedContext, FeedRecord, FeedRuntime, Pace } from './runtime.ts'

export interface FeedingOptions {
  readonly kinds: NodeKinds
  /** The pipeline's folder. */
  readonly folder: string
  /** With acks all, idempotence, and `stopAtFailure`: a partition's last record says that all before it are there. Shared by all feeds. */
  readonly producer: Producer
  readonly admin: Admin
  /** A consumer without a group, to read the ends of the source topics; closed here. */
  newConsumer(): Consumer
  readonly signal: AbortSignal
  /** Feeds go as fast as they can, whatever their pace. */
  readonly unpaced?: boolean
  /** For the feed of this node; default `environment.code.expression`. */
  compileExpression?(node: string): FeedContext['compileExpression']
  readonly events?: FeedEvents
}

export interface FeedEvents {
  /** Once for each feed, before its first record. */
  started?(feed: Feed, tails: readonly FeedTail[]): void
  /** A record goes to the producer; its number within the partition. */
  sent?(feed: Feed, partition: number, number: number): void
  acknowledged?(feed: Feed, partition: number, number: number): void
  /** The producer gave up on it; the first of these ends the feed, see `failed`. */
  refused?(feed: Feed, partition: number, number: number, error: MillraceError): void
  badLine?(feed: Feed, line: FeedBadLine): void
  /** All of it is in the topic. */
  ended?(feed: Feed): void
  /** The feed stops; the others go on. */
  failed?(feed: Feed, error: MillraceError): void
}

/** Settles when all feeds have ended or failed, or soon after `signal` is aborted. Feeds marked `first` end before the others begin. */
export async function runFeeds(
  environment: Environment,
  feeds: readonly Feed[],
  options: FeedingOptions,
): Promise<void> {
  const phases = [feeds.filter((feed) => feed.first), feeds.filter((feed) => !feed.first)]
  for (const phase of phases) {
    await Promise.all(phase.map((feed) => runFeed(environment, feed, options)))
    if (options.signal.aborted) return
  }
}

async function runFeed(environment: Environment, feed: Feed, options: FeedingOptions): Promise<void> {
  const { events, signal } = options
  try {
    const runtime = options.kinds.get(feed.kind)?.runtime?.feed
    if (!runtime)
      throw new MillraceError({
        code: 'NO_FEED',
        what: `the kind ${feed.kind} has no feed`,
        where: feed.node,
      })
    const tails = await readTails(feed.topic, options)
    if (signal.aborted) return
    const source = { environment, feed, runtime, folder: options.folder }
    const fingerprint = await fingerprintOf(source, tails)
    if (signal.aborted) return
    events?.started?.(feed, tails)
    const feeding = new Feeding(environment, feed, runtime, tails, fingerprint, options)
    await feeding.run()
    if (!signal.aborted) events?.ended?.(feed)
  } catch (thrown) {
    if (signal.aborted) return
    const error = MillraceError.from(thrown)
    const { code, what, where, remedy, details } = error
    events?.failed?.(
      feed,
      new MillraceError({
        code,
        what,
        where,
        remedy,
        details: { ...details, node: feed.node },
        cause: thrown,
      }),
    )
  }
}

/** The last record of each partition of the feed's topic. */
async function readTails(topic: string, options: FeedingOptions): Promise<FeedTail[]> {
  const [description] = await options.admin.describeTopics([topic])
  const partitions = (description?.partitions ?? []).map(({ partition }) => ({ topic, partition }))
  const ask = (spec: 'earliest' | 'latest') =>
    options.admin.listOffsets(partitions.map((partition) => ({ ...partition, spec })))
  const [starts, ends] = await Promise.all([ask('earliest'), ask('latest')])
  const tails = new Map(ends.map(({ partition, offset }) => [partition, emptyTail(partition, offset)]))
  const filled = ends.filter(
    ({ partition, offset }) => offset > (starts.find((start) => start.partition === partition)?.offset ?? 0),
  )
  if (filled.length > 0) await readLastRecords(filled, tails, options)
  return [...tails.values()].sort((a, b) => a.partition - b.partition)
}

const tailReadMsMax = 30_000
const pollMs = 500

async function readLastRecords(
  filled: readonly { readonly topic: string; readonly partition: number; readonly offset: number }[],
  tails: Map<number, FeedTail>,
  options: FeedingOptions,
): Promise<void> {
  const consumer = options.newConsumer()
  try {
    consumer.assign(filled.map(({ topic, partition }) => ({ topic, partition })))
    for (const { topic, partition, offset } of filled) consumer.seek({ topic, partition }, offset - 1)
    const waiting = new Set(filled.map(({ partition }) => partition))
    for (let waitedMs = 0; waiting.size > 0; waitedMs += pollMs) {
      if (waitedMs > tailReadMsMax) throw cannotReadEnd(filled[0]!.topic, [...waiting])
      for (const record of await consumer.poll(pollMs, options.signal)) {
        tails.set(record.partition, tailOf(record))
        waiting.delete(record.partition)
      }
      if (options.signal.aborted) return
    }
  } finally {
    await consumer.close()
  }
}

function cannotReadEnd(topic: string, partitions: readonly number[]): MillraceError {
  return new MillraceError({
    code: 'SOURCE_TOPIC_UNREADABLE',
    what: 'the end of the source topic cannot be read, so that the place to go on is not known',
    where: `${topic}, partitions ${partitions.join(', ')}`,
    remedy: 'check that the brokers run',
  })
}

/** Sleeping for less would only burn time: paced records go in small bursts. */
const sleepMsMin = 10

class Feeding {
  readonly #environment: Environment
  readonly #feed: Feed
  readonly #runtime: FeedRuntime
  readonly #options: FeedingOptions
  readonly #tails: readonly FeedTail[]
  readonly #fingerprint: string
  /** By partition: the number of the last record. */
  readonly #numbers: number[]
  readonly #pace: Pace
  /** Aborted with the run's signal, or at the first record that is refused. */
  readonly #stop = new AbortController()
  #refusal: MillraceError | undefined
  #paced = 0
  #startedMs = 0
  #firstTimestampMs = 0

  constructor(
    environment: Environment,
    feed: Feed,
    runtime: FeedRuntime,
    tails: readonly FeedTail[],
    fingerprint: string,
    options: FeedingOptions,
  ) {
    this.#environment = environment
    this.#feed = feed
    this.#runtime = runtime
    this.#options = options
    this.#tails = tails
    this.#fingerprint = fingerprint
    this.#numbers = tails.map((tail) => tail.number)
    this.#pace = options.unpaced ? { by: 'nothing' } : runtime.pace(feed.config as NodeConfig)
  }

  async run(): Promise<void> {
    const { folder, signal: outer, events, compileExpression, producer } = this.#options
    const { signal } = this.#stop
    const stop = () => this.#stop.abort()
    outer.addEventListener('abort', stop, { once: true })
    if (outer.aborted) stop()
    try {
      await this.#runtime.run({
        environment: this.#environment,
        config: this.#feed.config as NodeConfig,
        folder,
        signal,
        resume: resumeFrom(this.#tails),
        compileExpression:
          compileExpression?.(this.#feed.node) ??
          ((text, names) => this.#environment.code.expression(text, names)),
        produce: (record) => this.#produce(record),
        badLine: (line) => events?.badLine?.(this.#feed, line),
      })
      if (!signal.aborted) await producer.flush()
    } finally {
      outer.removeEventListener('abort', stop)
    }
    if (this.#refusal) throw this.#refusal
  }

  #refused(error: MillraceError): void {
    this.#refusal ??= error
    this.#stop.abort()
  }

  #produce(record: FeedRecord): Promise<void> | undefined {
    const key = record.key === null || record.key === undefined ? null : Buffer.from(jsonText(record.key))
    const partitions = this.#tails.length
    const partition = key === null ? record.ordinal % partitions : partitionOfKey(key, partitions)
    if (record.ordinal <= this.#tails[partition]!.ordinal) return undefined
    const waitMs = this.#waitMs(record.timestampMs)
    if (waitMs < sleepMsMin && !this.#options.producer.full) return this.#send(record, key, partition)
    return this.#sendLater(record, key, partition, waitMs)
  }

  async #sendLater(record: FeedRecord, key: Buffer | null, partition: number, waitMs: number): Promise<void> {
    const { producer } = this.#options
    const { signal } = this.#stop
    if (waitMs >= sleepMsMin) await this.#environment.timers.sleep(waitMs, signal)
    if (producer.full) await producer.ready()
    if (!signal.aborted) this.#send(record, key, partition)
  }

  #send(record: FeedRecord, key: Buffer | null, partition: number): undefined {
    if (this.#refusal) return undefined
    const { events, producer } = this.#options
    const feed = this.#feed
    const number = this.#numbers[partition]! + 1
    this.#numbers[partition] = number
    const value =
      record.value === null || record.value === undefined ? null : Buffer.from(jsonText(record.value))
    events?.sent?.(feed, partition, number)
    producer
      .send({
        topic: feed.topic,
        partition,
        key,
        value,
        timestampMs: record.timestampMs,
        headers: feedHeaders(number, record.ordinal, this.#fingerprint, record.resume),
      })
      .then(
        () => events?.acknowledged?.(feed, partition, number),
        (thrown: unknown) => {
          const error = MillraceError.from(thrown)
          events?.refused?.(feed, partition, number, error)
          this.#refused(error)
        },
      )
    return undefined
  }

  #waitMs(timestampMs: number): number {
    const pace = this.#pace
    if (pace.by === 'nothing') return 0
    const nowMs = this.#environment.clock.monotonicMs()
    if (this.#paced++ === 0) {
      this.#startedMs = nowMs
      this.#firstTimestampMs = timestampMs
      return 0
    }
    const dueMs =
      pace.by === 'rate'
        ? ((this.#paced - 1) * 1000) / pace.recordsPerSec
        : (timestampMs - this.#firstTimestampMs) / pace.speed
    return this.#startedMs + dueMs - nowMs
  }
}

/** @throws MillraceError NOT_JSON for what JSON has no word for */
function jsonText(value: unknown): string {
  const text = JSON.stringify(value)
  if (text !== undefined) return text
  throw new MillraceError({
    code: 'NOT_JSON',
    what: `a ${typeof value} cannot be written as JSON`,
    remedy: 'let the expression give a text, a number, true, false, null, a list or an object',
  })
}

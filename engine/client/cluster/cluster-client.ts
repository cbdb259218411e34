import { MillraceError } from '../../base/errors.ts'
import type { Address, Environment, TimerHandle } from '../../environment/index.ts'
import type { Api } from '../../protocol/api.ts'
import { metadata as metadataApi } from '../../protocol/apis/metadata.ts'
import type { Decoded, Field } from '../../protocol/schema.ts'
import { backoffMs } from '../backoff.ts'
import { clientClosed, isRetriable } from '../kafka-error.ts'
import { NetworkMetrics } from '../metrics/network-metrics.ts'
import type { ConnectionSettings } from '../settings.ts'
import type { Body, BrokerConnection, RequestOptions } from './connection.ts'
import { placeOf } from './connection.ts'
import { ConnectionPool, type Purpose } from './connection-pool.ts'
import { firstOf } from './first-of.ts'
import { type MetadataAnswer, MetadataCache } from './metadata-cache.ts'

/** A broker that is cut off answers nothing and refuses nothing: after so long the next one is asked as well. */
const nextCandidateMs = 1000

export interface ClusterClientOptions {
  /** Lets brokers make topics that are asked for and not there, where they are set to do so. */
  readonly autoCreateTopics: boolean
}

/** The connections to a cluster's brokers and what is known of it: what producer, consumer and admin share. */
export class ClusterClient {
  readonly environment: Environment
  readonly settings: ConnectionSettings
  readonly metadata = new MetadataCache()
  readonly network: NetworkMetrics
  readonly #pool: ConnectionPool
  readonly #options: ClusterClientOptions
  readonly #topics = new Set<string>()
  readonly #listeners = new Set<() => void>()
  #running: Promise<void> | undefined
  #next: Promise<void> | undefined
  #planned: { readonly atMs: number; readonly timer: TimerHandle } | undefined
  /** Answers in a row that failed or left something open. */
  #incomplete = 0
  #refreshedAtMs = Number.NEGATIVE_INFINITY
  #isClosed = false

  constructor(environment: Environment, settings: ConnectionSettings, options: ClusterClientOptions) {
    this.environment = environment
    this.settings = settings
    this.#options = options
    this.network = new NetworkMetrics(environment.clock)
    this.#pool = new ConnectionPool(environment, settings, this.network, () => this.refreshSoon())
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  /** Topics that every refresh asks for. */
  track(topic: string): void {
    if (this.#topics.has(topic)) return
    this.#topics.add(topic)
    this.refreshSoon()
  }

  untrack(topic: string): void {
    this.#topics.delete(topic)
    this.metadata.forget(topic)
  }

  /** Called after every change of the metadata; returns the way to stop. */
  onMetadata(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /**
   * Asks a broker anew, whichever answers. A question that is under way does not count, as it may have been answered
   * before what the caller knows happened.
   */
  refresh(): Promise<void> {
    if (this.#isClosed) return Promise.reject(clientClosed())
    if (this.#running === undefined) return this.#startRefresh()
    this.#next ??= this.#running.then(noop, noop).then(() => {
      this.#next = undefined
      return this.#startRefresh()
    })
    return this.#next
  }

  /** Sees to it that the metadata is asked for anew, without crowding the brokers. */
  refreshSoon(): void {
    this.#plan(this.#refreshedAtMs + backoffMs(this.#incomplete, this.settings, this.environment.random))
  }

  /**
   * For an answer that is expected within `expectedMs`: while it is overdue, asks others again and again whether
   * somebody else leads by now, as a broker that is cut off can't say so itself. Returns the way to stop.
   */
  refreshWhileOverdue(expectedMs: number): () => void {
    const { timers } = this.environment
    const check = () => {
      this.refreshSoon()
      timer = timers.after(nextCandidateMs, check)
    }
    let timer = timers.after(expectedMs, check)
    return () => timer.cancel()
  }

  async connection(nodeId: number, purpose: Purpose): Promise<BrokerConnection> {
    if (this.#isClosed) throw clientClosed()
    const broker = this.metadata.brokers.get(nodeId)
    if (broker === undefined) {
      this.refreshSoon()
      throw unknownBroker(nodeId)
    }
    const connection = await this.#pool.open(broker, purpose)
    if (this.#isClosed) throw clientClosed()
    return connection
  }

  /** The connection if it is open at this moment. */
  openConnection(nodeId: number, purpose: Purpose): BrokerConnection | undefined {
    const broker = this.metadata.brokers.get(nodeId)
    return broker === undefined ? undefined : this.#pool.current(broker, purpose)
  }

  async request<Request extends Field, Response extends Field>(
    nodeId: number,
    api: Api<Request, Response>,
    body: Body<Request>,
    options: RequestOptions & { readonly purpose?: Purpose } = {},
  ): Promise<Decoded<Response>> {
    const connection = await this.connection(nodeId, options.purpose ?? 'general')
    return connection.request(api, body, options)
  }

  /**
   * Of whichever broker answers first: open connections before others, the bootstrap addresses last. One that keeps
   * us waiting is not waited for alone, so this is for questions that may be put twice.
   */
  async requestAny<Request extends Field, Response extends Field>(
    api: Api<Request, Response>,
    body: Body<Request>,
    options: RequestOptions = {},
  ): Promise<Decoded<Response>> {
    const attempts = this.#candidates().map((address) => async () => {
      if (this.#isClosed) throw clientClosed()
      const connection = await this.#pool.open(address, 'general')
      return connection.request(api, body, options)
    })
    try {
      return await firstOf(attempts, nextCandidateMs, this.environment.timers)
    } catch (thrown) {
      if (this.#isClosed) throw clientClosed()
      throw isRetriable(thrown) ? noBroker(this.settings.bootstrap, thrown) : thrown
    }
  }

  close(): void {
    this.#isClosed = true
    this.#planned?.timer.cancel()
    this.#pool.closeAll()
    this.#listeners.clear()
  }

  #startRefresh(): Promise<void> {
    const run = this.#ask().finally(() => {
      if (this.#running === run) this.#running = undefined
    })
    this.#running = run
    return run
  }

  async #ask(): Promise<void> {
    const asked = [...this.#topics]
    const { clock } = this.environment
    try {
      const answer = await this.fetchMetadata(asked, this.#options.autoCreateTopics)
      this.metadata.apply(answer, asked)
    } catch (thrown) {
      this.#refreshedAtMs = clock.monotonicMs()
      this.#incomplete++
      this.refreshSoon()
      throw thrown
    }
    this.#refreshedAtMs = clock.monotonicMs()
    this.#incomplete = this.#isComplete() ? 0 : this.#incomplete + 1
    if (this.#incomplete > 0) this.refreshSoon()
    else this.#plan(this.#refreshedAtMs + this.settings.metadataMaxAgeMs)
    this.tellMetadata()
  }

  /** Metadata of the given topics, null for all, without taking it into the cache. */
  fetchMetadata(topics: readonly string[] | null, autoCreate: boolean): Promise<MetadataAnswer> {
    return this.requestAny(metadataApi, {
      topics: topics === null ? null : topics.map((name) => ({ name })),
      allowAutoTopicCreation: autoCreate,
    })
  }

  /** To be called by whoever changed the cache by a hint. */
  tellMetadata(): void {
    for (const listener of [...this.#listeners]) listener()
  }

  #isComplete(): boolean {
    for (const topic of this.#topics) {
      const info = this.metadata.topic(topic)
      if (info === undefined || this.metadata.topicError(topic) !== undefined) return false
      if (info.partitions.some((partition) => partition.leader < 0)) return false
    }
    return true
  }

  /** Keeps one timer, for the earliest time asked for. */
  #plan(atMs: number): void {
    if (this.#isClosed || (this.#planned !== undefined && this.#planned.atMs <= atMs)) return
    this.#planned?.timer.cancel()
    const delayMs = Math.max(0, atMs - this.environment.clock.monotonicMs())
    const timer = this.environment.timers.after(delayMs, () => {
      this.#planned = undefined
      // A failure plans the next try itself.
      this.refresh().catch(noop)
    })
    this.#planned = { atMs, timer }
  }

  #candidates(): Address[] {
    const known = [...this.metadata.brokers.values()]
    const { random } = this.environment
    const isOpen = (address: Address) => this.#pool.current(address, 'general') !== undefined
    const ranked = known.map((broker) => ({ broker, rank: random.float() + (isOpen(broker) ? 0 : 1) }))
    const brokers: Address[] = ranked.sort((a, b) => a.rank - b.rank).map(({ broker }) => broker)
    const places = new Set(brokers.map(placeOf))
    return [...brokers, ...this.settings.bootstrap.filter((address) => !places.has(placeOf(address)))]
  }
}

function noop(): void {}

function unknownBroker(nodeId: number): MillraceError {
  return new MillraceError({
    code: 'BROKER_NOT_AVAILABLE',
    what: `broker ${nodeId} is not in the cluster at the moment`,
    details: { retriable: true },
  })
}

function noBroker(bootstrap: readonly Address[], cause: unknown): MillraceError {
  const reason = cause instanceof MillraceError ? ` (${cause.what}, ${cause.where ?? ''})` : ''
  return new MillraceError({
    code: 'NO_BROKER_REACHABLE',
    what: `no broker answers${reason}`,
    where: bootstrap.map(placeOf).join(', '),
    remedy: 'check the addresses, and that the cluster runs',
    cause,
  })
}

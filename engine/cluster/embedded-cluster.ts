import { MillraceError } from '../base/errors.ts'
import type { NewTopic } from '../broker/controller/topics.ts'
import { LocalHub } from '../broker/peers/local-hub.ts'
import { BrokerSettings } from '../broker/settings/broker-settings.ts'
import type { Environment } from '../environment/index.ts'
import { ClusterBroker } from './cluster-broker.ts'
import { type DataFolder, openDataFolder } from './data-folder.ts'
import { embeddedDefaults } from './embedded-defaults.ts'
import { type BrokerMetricSet, clusterMetrics } from './metrics.ts'
import { type ClusterStatus, clusterStatus } from './status.ts'

export interface ClusterTopic {
  readonly name: string
  /** The cluster's default when absent. */
  readonly partitions?: number
  readonly replicationFactor?: number
  readonly configs?: Readonly<Record<string, string>>
}

export interface ClusterOptions {
  /** Default 3. */
  readonly brokers?: number
  /** One for each broker, or free ones (the default). */
  readonly ports?: readonly number[] | 'free'
  /** Default 127.0.0.1. */
  readonly host?: string
  /** Kept after the cluster stops; without it the data goes with the cluster. */
  readonly dataFolder?: string
  /** Kafka's broker settings by their dotted names, above the embedded defaults. */
  readonly settings?: Readonly<Record<string, string>>
  /** Created if they are not there. */
  readonly topics?: readonly ClusterTopic[]
}

const creationTimeoutMs = 10_000

/** Several brokers in one process, each with its own port and folder, as one cluster. */
export class EmbeddedCluster {
  private readonly environment: Environment
  private readonly hub: LocalHub
  private readonly folder: DataFolder
  private readonly brokers: ReadonlyMap<number, ClusterBroker>
  private readonly handlers = new Set<() => void>()
  private isTelling = false
  private stopping: Promise<void> | undefined

  private constructor(
    environmentFor: (brokerId: number) => Environment,
    settings: BrokerSettings,
    folder: DataFolder,
    options: ClusterOptions,
  ) {
    const ids = Array.from({ length: options.brokers ?? 3 }, (_, i) => i + 1)
    const ports = options.ports === 'free' ? undefined : options.ports
    this.environment = environmentFor(ids[0]!)
    this.hub = new LocalHub()
    this.folder = folder
    this.brokers = new Map(
      ids.map((id) => {
        const broker = new ClusterBroker(environmentFor(id), {
          id,
          voters: ids,
          folder: `${folder.path}/broker-${id}`,
          settings,
          host: options.host ?? '127.0.0.1',
          port: ports?.[id - 1] ?? 0,
          hub: this.hub,
          onChange: () => this.changed(),
        })
        return [id, broker]
      }),
    )
  }

  /**
   * Resolves when every broker serves clients and the topics are there.
   * @throws MillraceError UNKNOWN_SETTING, INVALID_CONFIG, PORT_IN_USE, DATA_IN_USE, NO_PERMISSION, WRONG_BROKER_COUNT,
   * or Kafka's own by name for a topic
   */
  static async start(
    environmentFor: (brokerId: number) => Environment,
    options: ClusterOptions = {},
  ): Promise<EmbeddedCluster> {
    const count = options.brokers ?? 3
    checkCounts(count, options)
    const settings = new BrokerSettings({ ...embeddedDefaults(count), ...options.settings })
    const folder = await openDataFolder(environmentFor(1), options.dataFolder, count)
    const cluster = new EmbeddedCluster(environmentFor, settings, folder, options)
    try {
      const brokers = [...cluster.brokers.values()]
      for (const broker of brokers) broker.beginStart()
      await Promise.all(brokers.map((broker) => broker.listen()))
      await Promise.all(brokers.map((broker) => broker.finishStart()))
      if (options.topics) await cluster.createTopics(options.topics)
      return cluster
    } catch (thrown) {
      await cluster.abandon()
      throw thrown
    }
  }

  /** `host:port` of every broker, also of those that are down. */
  get bootstrap(): string[] {
    return [...this.brokers.values()].map(({ host, port }) => `${host}:${port}`)
  }

  /** Where the data lies; a temporary folder if none was given. */
  get dataFolder(): string {
    return this.folder.path
  }

  status(): ClusterStatus {
    return clusterStatus([...this.brokers.values()])
  }

  /** Of every broker that is up, by Kafka's names, as of now. */
  metrics(): BrokerMetricSet[] {
    return clusterMetrics([...this.brokers.values()])
  }

  /** After changes of brokers, topics, leaders or in-sync sets, gathered; not for figures. Returns the way to stop. */
  onChange(handler: () => void): () => void {
    this.handlers.add(handler)
    return () => this.handlers.delete(handler)
  }

  /** A crash: sockets gone, memory forgotten, nothing flushed, no clean mark. */
  async kill(id: number): Promise<void> {
    await this.broker(id).kill()
  }

  /** Hands leadership over, makes all durable, then stops. */
  async stopBroker(id: number): Promise<void> {
    await this.broker(id).stop({ controlled: true })
  }

  /** Resolves when the broker serves clients again, which takes a majority of the brokers. */
  async startBroker(id: number): Promise<void> {
    const broker = this.broker(id)
    broker.beginStart()
    this.changed()
    await broker.listen()
    await broker.finishStart()
  }

  /** Cuts a broker off from the others and from clients. */
  isolate(id: number): void {
    this.broker(id).isolate()
  }

  /** Undoes `isolate` and `slowDisk`. */
  heal(id: number): void {
    this.broker(id).heal()
  }

  /** Holds up every write and sync of the broker; 0 ends it. */
  slowDisk(id: number, delayMs: number): void {
    this.broker(id).slowDisk(delayMs)
  }

  /** Creates those that are not there. @throws MillraceError Kafka's own by name */
  async createTopics(topics: readonly ClusterTopic[]): Promise<void> {
    const { broker } = [...this.brokers.values()].find(({ state }) => state === 'running') ?? {}
    if (!broker || topics.length === 0) return
    const request = { topics: topics.map(newTopic), validateOnly: false }
    const answers = await broker.askController('create-topics', request, creationTimeoutMs)
    answers.forEach(({ error, message }, i) => {
      if (error === 'NONE' || error === 'TOPIC_ALREADY_EXISTS') return
      throw new MillraceError({
        code: error,
        what: message?.replace(/\.$/, '') ?? 'it cannot be created',
        where: `topic ${topics[i]!.name}`,
        remedy: 'change its name, partitions, replicas or settings',
      })
    })
    await broker.untilImage(
      () => topics.every(({ name }) => broker.image.topics.has(name)),
      creationTimeoutMs,
    )
  }

  /** Stops all brokers at once, with all data durable. */
  stop(): Promise<void> {
    this.stopping ??= this.stopAll()
    return this.stopping
  }

  private async stopAll(): Promise<void> {
    // Together: nobody takes over from anybody, and all are in sync at the next start.
    this.hub.quiet()
    const live = [...this.brokers.values()].filter(({ isLive }) => isLive)
    // What is about to be removed needs no syncing.
    const end = (broker: ClusterBroker) =>
      this.folder.isTemporary ? broker.kill() : broker.stop({ controlled: false })
    await Promise.all(live.map(end))
    await this.folder.release()
  }

  private async abandon(): Promise<void> {
    this.hub.quiet()
    const live = [...this.brokers.values()].filter(({ isLive }) => isLive)
    await Promise.all(live.map((broker) => broker.kill()))
    await this.folder.release()
  }

  private broker(id: number): ClusterBroker {
    const found = this.brokers.get(id)
    if (found) return found
    throw new MillraceError({
      code: 'UNKNOWN_BROKER',
      what: `there is no broker ${id}`,
      remedy: `name one of ${[...this.brokers.keys()].join(', ')}`,
    })
  }

  private changed(): void {
    if (this.isTelling || this.handlers.size === 0) return
    this.isTelling = true
    this.environment.timers.soon(() => {
      this.isTelling = false
      for (const handler of [...this.handlers]) handler()
    })
  }
}

function newTopic(topic: ClusterTopic): NewTopic {
  return {
    name: topic.name,
    partitions: topic.partitions ?? -1,
    replicationFactor: topic.replicationFactor ?? -1,
    assignments: [],
    configs: Object.entries(topic.configs ?? {}).map(([name, value]) => ({ name, value })),
  }
}

function checkCounts(brokers: number, { ports }: ClusterOptions): void {
  if (!Number.isInteger(brokers) || brokers < 1) {
    throw new MillraceError({
      code: 'BAD_BROKER_COUNT',
      what: `a cluster cannot have ${brokers} brokers`,
      remedy: 'give a whole number from 1 on',
    })
  }
  if (ports === undefined || ports === 'free' || ports.length === brokers) return
  throw new MillraceError({
    code: 'BAD_BROKER_COUNT',
    what: `${ports.length} ports are given for ${brokers} brokers`,
    remedy: 'give one port for each broker',
  })
}

import { MillraceError } from '../../base/errors.ts'
import type { Environment, TimerHandle } from '../../environment/index.ts'
import { TailMemory } from '../../log/tail-memory.ts'
import type { LogReport } from '../controller/elections.ts'
import { type ImageChanges, noChanges, type TopicImage } from '../controller/image.ts'
import { ReplicationMetrics } from '../metrics/replication-metrics.ts'
import type { PeerLinks } from '../peers/links.ts'
import { Purgatory } from '../purgatory/purgatory.ts'
import type { BrokerSettings } from '../settings/broker-settings.ts'
import { type CleanMark, readHighWatermarks, writeHighWatermarks } from './checkpoints.ts'
import { FollowerFetcher } from './follower-fetcher.ts'
import { FollowerSessions } from './follower-sessions.ts'
import { IsrUpdates, type IsrUpdatesOptions } from './isr-updates.ts'
import { LogCleaning } from './log-cleaning.ts'
import { logConfigOf, minInSyncOf } from './log-config.ts'
import { Replica, type ReplicaEvents, replicaKey } from './replica.ts'

export interface ReplicasOptions extends IsrUpdatesOptions {
  readonly folder: string
  readonly settings: BrokerSettings
  readonly links: PeerLinks
  readonly tailBytesMax: number
  /** A replica became leader or stopped being it. */
  onRoleChanged(replica: Replica): void
  onFailed(error: MillraceError): void
}

/** The replicas on this broker, kept as the metadata says. */
export class Replicas {
  /** Requests that wait for replicas, by `Replica.key`. */
  readonly purgatory: Purgatory
  readonly sessions: FollowerSessions
  readonly metrics: ReplicationMetrics
  private readonly environment: Environment
  private readonly options: ReplicasOptions
  private readonly memory: TailMemory
  private readonly isrUpdates: IsrUpdates
  private readonly cleaning: LogCleaning
  private readonly byKey = new Map<string, Replica>()
  /** Logs that lay on the disk at the start, until the metadata says what they are for. */
  private readonly found = new Map<string, Replica>()
  /** Whose files are being removed. */
  private readonly leaving = new Map<string, Promise<void>>()
  private readonly fetchers = new Map<number, FollowerFetcher>()
  private readonly fetcherOf = new Map<string, FollowerFetcher>()
  private readonly wasLeader = new Set<string>()
  private savedHighWatermarks = new Map<string, number>()
  private readonly timers: (TimerHandle | undefined)[] = []
  private isClosed = false

  constructor(environment: Environment, options: ReplicasOptions) {
    this.environment = environment
    this.options = options
    this.purgatory = new Purgatory(environment.timers)
    this.memory = new TailMemory(options.tailBytesMax)
    this.metrics = new ReplicationMetrics(environment.clock)
    this.isrUpdates = new IsrUpdates(environment, options, this.metrics)
    this.cleaning = new LogCleaning(environment, options.brokerId)
    this.sessions = new FollowerSessions(environment, {
      partitionBytesMax: options.settings.number('replica.fetch.max.bytes'),
      replica: (key) => this.openByKey(key),
      onSent: (sizeBytes) => this.metrics.sent(sizeBytes),
      brokerEpochOf: (id) => options.image.brokers.get(id)?.brokerEpoch ?? -1,
    })
  }

  /** Opens the logs that are there, before the controller is told what they hold. */
  async load(): Promise<LogReport[]> {
    const { folder } = this.options
    this.savedHighWatermarks = await readHighWatermarks(this.environment, folder)
    for (const name of await this.environment.disk.list(folder)) {
      const parsed = parseFolderName(name)
      if (!parsed || this.isClosed) continue
      const replica = this.create(parsed)
      this.found.set(replica.key, replica)
    }
    const replicas = [...this.found.values()]
    await Promise.all(replicas.map((replica) => replica.opened))
    return replicas.flatMap((replica) => {
      if (!replica.isOpen) return []
      const { topicId, partition, lastEpoch, log } = replica
      return [{ topicId, partition, lastEpoch, endOffset: log.logEndOffset }]
    })
  }

  /** Whether the logs that were loaded are as the clean stop left them: none mended, none shorter, none missing. */
  areAsLeft(mark: CleanMark): boolean {
    const ends = new Map([...this.found.values()].map((replica) => [folderOf(replica), replica]))
    const isShort = [...mark.logEndOffsets].some(([name, endOffset]) => {
      const replica = ends.get(name)
      return !replica?.isOpen || replica.log.logEndOffset < endOffset
    })
    return !isShort && [...ends.values()].every(({ log }) => log.recovery.wasClean)
  }

  /** By the name of the replica's folder. */
  logEndOffsets(): Map<string, number> {
    const open = [...this.byKey.values()].filter(({ isOpen }) => isOpen)
    return new Map(open.map((replica) => [folderOf(replica), replica.log.logEndOffset]))
  }

  /** Takes up the roles that the metadata gives now; later ones come by `apply`. */
  start(): void {
    if (this.isClosed) return
    for (const topic of this.options.image.topics.values()) this.applyTopic(topic)
    // Of partitions that were deleted, or moved away, while this broker was down.
    for (const replica of this.found.values()) this.removeFiles(replica)
    this.found.clear()
    this.repeat(0, this.options.settings.number('replica.lag.time.max.ms') / 2, () => this.checkLag())
    this.repeat(1, this.options.settings.number('log.retention.check.interval.ms'), () =>
      this.applyRetention(),
    )
    this.repeat(3, this.options.settings.number('log.cleaner.backoff.ms'), () =>
      this.cleaning.run(this.byKey.values()),
    )
    this.repeat(2, this.options.settings.number('replica.high.watermark.checkpoint.interval.ms'), () =>
      this.saveHighWatermarks(),
    )
  }

  get folder(): string {
    return this.options.folder
  }

  /** All that are there, open or not. */
  all(): Iterable<Replica> {
    return this.byKey.values()
  }

  /** Only once its log is open. */
  find(topic: string, partition: number): Replica | undefined {
    const topicId = this.options.image.topics.get(topic)?.topicId
    return topicId === undefined ? undefined : this.openByKey(replicaKey(topicId, partition))
  }

  /** As `find`, but waits for a log that is just being opened. */
  async whenOpen(topic: string, partition: number): Promise<Replica | undefined> {
    const topicId = this.options.image.topics.get(topic)?.topicId
    if (topicId === undefined) return undefined
    const replica = this.byKey.get(replicaKey(topicId, partition))
    if (replica && !replica.isOpen) await replica.opened
    return this.openByKey(replicaKey(topicId, partition))
  }

  apply(changes: ImageChanges): void {
    if (this.isClosed) return
    for (const topicId of changes.removedTopics.keys()) this.removeTopic(topicId)
    for (const topicId of changes.topics) {
      const topic = this.options.image.topicById(topicId)
      if (topic) this.applyTopic(topic)
    }
    for (const name of changes.configs) this.configure(name)
    if (changes.brokers.size > 0) this.reconsiderIsrs()
  }

  async close(options: { clean: boolean }): Promise<void> {
    this.stop()
    const highWatermarks = this.highWatermarks()
    const replicas = [...this.byKey.values(), ...this.found.values()]
    await Promise.all(replicas.map((replica) => replica.close(options)))
    await writeHighWatermarks(this.environment, this.options.folder, highWatermarks)
  }

  /** As if the process had ended. */
  async abandon(): Promise<void> {
    this.stop()
    const replicas = [...this.byKey.values(), ...this.found.values()]
    await Promise.all(replicas.map((replica) => replica.abandon()))
  }

  private stop(): void {
    this.isClosed = true
    for (const timer of this.timers) timer?.cancel()
    for (const fetcher of this.fetchers.values()) fetcher.close()
    this.isrUpdates.close()
    this.purgatory.close()
  }

  private openByKey(key: string): Replica | undefined {
    const replica = this.byKey.get(key)
    return replica?.isOpen && replica.state ? replica : undefined
  }

  private applyTopic(topic: TopicImage): void {
    topic.partitions.forEach((state, partition) => {
      const key = replicaKey(topic.topicId, partition)
      const known = this.byKey.get(key)
      if (!state.replicas.includes(this.options.brokerId)) {
        if (known) this.drop(known)
        return
      }
      if (known?.isOpen) this.settle(known)
      if (known) return
      const leaving = this.leaving.get(key)
      if (leaving) {
        // It went a moment ago and comes back: its folder has to be gone first.
        void leaving.then(() => this.apply({ ...noChanges(), topics: new Set([topic.topicId]) }))
        return
      }
      const replica = this.found.get(key) ?? this.create({ ...topic, topic: topic.name, partition })
      this.found.delete(key)
      this.byKey.set(key, replica)
      this.configureReplica(replica)
      void replica.opened.then(() => this.settle(replica))
    })
  }

  private create({ topic, topicId, partition }: ReplicaName): Replica {
    const { brokerId, settings } = this.options
    const name = folderName(topic, partition, topicId)
    const options = {
      brokerId,
      topicId,
      topic,
      partition,
      folder: `${this.options.folder}/${name}`,
      config: logConfigOf(settings, new Map()),
      minInSync: minInSyncOf(settings, new Map()),
      memory: this.memory,
      highWatermark: this.savedHighWatermarks.get(name) ?? 0,
    }
    return new Replica(this.environment, options, this.events)
  }

  private readonly events: ReplicaEvents = {
    appended: (replica) => {
      this.sessions.touch(replica)
      this.purgatory.touch(replica.key)
    },
    progressed: (replica) => {
      this.sessions.touch(replica)
      this.purgatory.touch(replica.key)
    },
    isrWanted: (replica, isr) => this.isrUpdates.want(replica, isr),
    failed: (_replica, error) => {
      if (!this.isClosed) this.options.onFailed(error)
    },
  }

  /** Brings an open replica to what the metadata says by now. */
  private settle(replica: Replica): void {
    if (this.isClosed || !replica.isOpen) return
    if (replica.isChanging) {
      // A leader whose log is still being cut would give out offsets that are about to go.
      replica.onceUnchanging(() => this.settle(replica))
      return
    }
    const state = this.options.image.topicById(replica.topicId)?.partitions[replica.partition]
    if (!state || this.byKey.get(replica.key) !== replica) return
    const epochBefore = replica.leaderEpoch
    const hadState = replica.state !== undefined
    replica.become(state)
    if (hadState && replica.leaderEpoch === epochBefore) return
    this.follow(replica, state.leader)
    const isLeader = replica.leader !== undefined
    if (isLeader || this.wasLeader.has(replica.key)) this.options.onRoleChanged(replica)
    if (isLeader) this.wasLeader.add(replica.key)
    else this.wasLeader.delete(replica.key)
  }

  private follow(replica: Replica, leaderId: number): void {
    this.fetcherOf.get(replica.key)?.remove(replica)
    this.fetcherOf.delete(replica.key)
    if (leaderId === -1 || leaderId === this.options.brokerId) return
    const fetcher = this.fetchers.get(leaderId) ?? this.createFetcher(leaderId)
    this.fetcherOf.set(replica.key, fetcher)
    fetcher.add(replica)
  }

  private createFetcher(leaderId: number): FollowerFetcher {
    const { settings, links, brokerId } = this.options
    const fetcher = new FollowerFetcher(this.environment, {
      followerId: brokerId,
      leaderId,
      maxWaitMs: settings.number('replica.fetch.wait.max.ms'),
      maxBytes: settings.number('replica.fetch.response.max.bytes'),
      backoffMs: settings.number('replica.fetch.backoff.ms'),
      brokerEpoch: () => this.options.brokerEpoch(),
      fetch: (request) => links.fetch(leaderId, request),
      onReceived: (sizeBytes) => this.metrics.received(sizeBytes),
    })
    this.fetchers.set(leaderId, fetcher)
    return fetcher
  }

  private removeTopic(topicId: string): void {
    for (const replica of [...this.byKey.values()]) {
      if (replica.topicId === topicId) this.drop(replica)
    }
  }

  /** It has no place on this broker any more. */
  private drop(replica: Replica): void {
    this.fetcherOf.get(replica.key)?.remove(replica)
    this.fetcherOf.delete(replica.key)
    this.byKey.delete(replica.key)
    const hadRole = this.wasLeader.delete(replica.key)
    this.removeFiles(replica)
    this.purgatory.touch(replica.key)
    if (hadRole) this.options.onRoleChanged(replica)
  }

  /** Until it is done, nothing of the partition is made here anew. */
  private removeFiles(replica: Replica): void {
    const leaving = replica
      .remove()
      .catch((thrown: unknown) => this.note(thrown))
      .finally(() => this.leaving.delete(replica.key))
    this.leaving.set(replica.key, leaving)
  }

  private configure(changed: string): void {
    // What is set for a broker is the default of its topics.
    const { brokerId } = this.options
    const isOfBroker = changed === `broker:${brokerId}` || changed === 'broker:'
    for (const replica of this.byKey.values()) {
      if (isOfBroker || changed === `topic:${replica.topic}`) this.configureReplica(replica)
    }
  }

  private configureReplica(replica: Replica): void {
    const { settings, image } = this.options
    const own = image.configs('topic', replica.topic)
    replica.configure(logConfigOf(settings, own), minInSyncOf(settings, own))
  }

  private reconsiderIsrs(): void {
    for (const replica of this.byKey.values()) if (replica.isOpen) replica.reconsiderIsr()
  }

  private checkLag(): void {
    this.reconsiderIsrs()
    const lagMsMax = this.options.settings.number('replica.lag.time.max.ms')
    for (const replica of this.byKey.values()) if (replica.isOpen) replica.shrinkIfLagging(lagMsMax)
  }

  private async applyRetention(): Promise<void> {
    for (const replica of [...this.byKey.values()]) {
      // Followers let go what their leader has let go.
      if (this.isClosed) return
      if (!replica.isOpen || !replica.leader || replica.isChanging) continue
      await replica.change(async (log) => {
        await log.applyRetention(replica.highWatermark)
      })
    }
  }

  private async saveHighWatermarks(): Promise<void> {
    this.savedHighWatermarks = this.highWatermarks()
    await writeHighWatermarks(this.environment, this.options.folder, this.savedHighWatermarks)
  }

  private highWatermarks(): Map<string, number> {
    return new Map(
      [...this.byKey.values()].map((replica) => {
        return [folderOf(replica), replica.highWatermark]
      }),
    )
  }

  private repeat(slot: number, everyMs: number, action: () => void | Promise<void>): void {
    this.timers[slot] = this.environment.timers.after(everyMs, async () => {
      try {
        if (!this.isClosed) await action()
      } catch (thrown) {
        this.note(thrown)
      }
      if (!this.isClosed) this.repeat(slot, everyMs, action)
    })
  }

  private note(thrown: unknown): void {
    if (this.isClosed) return
    this.environment.log.write('error', `broker-${this.options.brokerId}`, MillraceError.from(thrown).message)
  }
}

/** The topic's id keeps a topic apart from an earlier one of the same name. */
function folderName(topic: string, partition: number, topicId: string): string {
  return `${topic}-${partition}.${topicId}`
}

function folderOf({ topic, partition, topicId }: ReplicaName): string {
  return folderName(topic, partition, topicId)
}

interface ReplicaName {
  readonly topic: string
  readonly topicId: string
  readonly partition: number
}

function parseFolderName(name: string): ReplicaName | undefined {
  const match = /^(.+)-(\d+)\.([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/.exec(name)
  return match ? { topic: match[1]!, partition: Number(match[2]), topicId: match[3]! } : undefined
}

import { MillraceError } from '../base/errors.ts'
import type { Address, Environment } from '../environment/index.ts'
import type { Metric } from '../metrics/index.ts'
import { Controller } from './controller/controller.ts'
import type { ClusterImage, ImageChanges } from './controller/image.ts'
import { Quorum } from './controller/quorum.ts'
import { GroupCoordinator } from './coordinator/group/coordinator.ts'
import { TransactionCoordinator } from './coordinator/transaction/coordinator.ts'
import { makeDurableFolder } from './durable-folder.ts'
import { BrokerMetrics } from './metrics/broker-metrics.ts'
import { brokerGauges } from './metrics/gauges.ts'
import type {
  BrokerAnswer,
  BrokerRequest,
  BrokerRequestKind,
  BrokerRequests,
} from './peers/broker-requests.ts'
import type {
  ControllerAnswer,
  ControllerRequestKind,
  ControllerRequests,
} from './peers/controller-requests.ts'
import type { PeerLinks, PeerServer } from './peers/links.ts'
import { takeCleanMark, writeCleanMark } from './replication/checkpoints.ts'
import { Replicas } from './replication/replicas.ts'
import { answerBroker } from './server/broker-requests.ts'
import { ClientListener } from './server/client-listener.ts'
import type { BrokerContext } from './server/context.ts'
import { listenerSecurity } from './server/listener-security.ts'
import { Membership } from './server/membership.ts'
import { ProducerIds } from './server/producer-ids.ts'
import type { BrokerSettings } from './settings/broker-settings.ts'

export interface BrokerOptions {
  readonly id: number
  /** All brokers, which together are the quorum. */
  readonly voters: readonly number[]
  readonly folder: string
  readonly settings: BrokerSettings
  readonly listen: Address
  readonly connectPeers: (server: PeerServer) => PeerLinks
  /** Memory for the ends of all logs, served without reading files. */
  readonly tailBytesMax: number
  readonly onChange: () => void
  /** The broker cannot go on, and has to be stopped as after a crash. */
  readonly onFailed: (error: MillraceError) => void
}

const leaveTimeoutMs = 5000

/** One broker: member of the quorum, perhaps the active controller, replicas, coordinator of groups, and its port. */
export class Broker implements BrokerContext {
  readonly id: number
  readonly environment: Environment
  readonly settings: BrokerSettings
  readonly producerIds = new ProducerIds()
  readonly metrics: BrokerMetrics
  private readonly options: BrokerOptions
  private readonly links: PeerLinks
  private parts: Parts | undefined
  private listener: ClientListener | undefined
  private imageWaiters: { condition: () => boolean; resolve: (isMet: boolean) => void }[] = []
  private early: (() => void)[] = []
  private isTakingPart = false
  private isClosed = false

  private constructor(environment: Environment, options: BrokerOptions) {
    this.environment = environment
    this.options = options
    this.id = options.id
    this.metrics = new BrokerMetrics(environment.clock)
    this.settings = options.settings.under((name) => this.dynamicSetting(name))
    this.links = options.connectPeers(this.server)
  }

  /** A broker that others can already speak to; `start` makes it take part. */
  static create(environment: Environment, options: BrokerOptions): Broker {
    return new Broker(environment, options)
  }

  /** Takes the port, and touches no data. @throws MillraceError PORT_IN_USE, NO_PERMISSION, INVALID_CONFIG, BAD_CERTIFICATE */
  async listen(): Promise<void> {
    const security = await listenerSecurity(this.settings, this.environment.disk)
    const listener = await ClientListener.open(this, this.options.listen, security)
    if (this.isClosed) return listener.close()
    this.listener = listener
  }

  /** After `listen`. Resolves when it is part of the cluster and serves clients. @throws MillraceError NO_PERMISSION, DATA_DAMAGED */
  async start(): Promise<void> {
    const { environment, options, listener } = this
    if (!listener) return
    await makeDurableFolder(environment.disk, options.folder)
    const quorum = await this.openQuorum()
    // Last of what may fail: a start that came to nothing leaves the mark.
    const mark = await takeCleanMark(environment, options.folder)
    const { membership, ...parts } = this.assemble(quorum)
    this.parts = { ...parts, quorum, membership, listener }
    if (this.isClosed) return this.abandonParts()
    quorum.start()
    for (const deliver of this.early.splice(0)) deliver()
    const logs = await parts.replicas.load()
    if (this.isClosed) return
    const cleanBrokerEpoch = mark && parts.replicas.areAsLeft(mark) ? mark.brokerEpoch : -1
    await membership.register(listener.address, { cleanBrokerEpoch, logs })
    // Until here the metadata may still speak of an earlier life of this broker.
    await this.untilImage(() => this.image.index >= membership.brokerEpoch, Number.POSITIVE_INFINITY)
    if (this.isClosed) return
    this.isTakingPart = true
    parts.replicas.start()
    membership.startHeartbeats()
    await this.untilImage(() => this.image.isActive(this.id), Number.POSITIVE_INFINITY)
    if (this.isClosed) return
    listener.ready()
    this.options.onChange()
  }

  get image(): ClusterImage {
    return this.running.quorum.image
  }

  get replicas(): Replicas {
    return this.running.replicas
  }

  get groups(): GroupCoordinator {
    return this.running.groups
  }

  get transactions(): TransactionCoordinator {
    return this.running.transactions
  }

  get controllerId(): number | undefined {
    return this.parts?.quorum.leaderId
  }

  /** Committed metadata and the port; undefined until the broker has opened its files. */
  get view(): { image: ClusterImage; listener: ClientListener; replicas: Replicas } | undefined {
    const { parts } = this
    return parts && { image: parts.quorum.image, listener: parts.listener, replicas: parts.replicas }
  }

  /** By Kafka's names, as of now; none before the broker has opened its files. */
  readMetrics(): Metric[] {
    const { parts, metrics } = this
    if (!parts) return []
    const gauges = brokerGauges({
      image: parts.quorum.image,
      replicas: [...parts.replicas.all()],
      purgatory: parts.replicas.purgatory,
      isController: parts.controller.isActive,
      connections: parts.listener.connectionCount,
      groups: parts.groups.groupCount,
      committedOffsets: [...parts.groups.offsets.all()].length,
    })
    return [
      ...metrics.traffic.metrics(),
      ...metrics.requests.metrics(),
      ...parts.replicas.metrics.metrics(),
      ...gauges,
    ]
  }

  askController<K extends ControllerRequestKind>(
    kind: K,
    request: ControllerRequests[K]['request'],
    timeoutMs: number,
  ): Promise<ControllerAnswer<K>> {
    return this.running.membership.ask(kind, request, timeoutMs)
  }

  async askBroker<K extends BrokerRequestKind>(
    id: number,
    kind: K,
    request: BrokerRequests[K]['request'],
  ): Promise<BrokerAnswer<K>> {
    const asked = { kind, request } as BrokerRequest
    const answer = id === this.id ? answerBroker(this, asked) : this.links.broker(id, asked)
    return (await answer) as BrokerAnswer<K>
  }

  untilImage(condition: () => boolean, timeoutMs: number): Promise<boolean> {
    if (condition()) return Promise.resolve(true)
    return new Promise((resolve) => {
      const limit =
        timeoutMs === Number.POSITIVE_INFINITY
          ? undefined
          : this.environment.timers.after(timeoutMs, () => {
              this.imageWaiters = this.imageWaiters.filter((each) => each !== waiter)
              resolve(false)
            })
      const waiter = {
        condition,
        resolve: (isMet: boolean) => {
          limit?.cancel()
          resolve(isMet)
        },
      }
      this.imageWaiters.push(waiter)
    })
  }

  /** Hands its leaderships over if `controlled`, makes everything durable, and marks the stop as clean. */
  async stop(options: { controlled: boolean }): Promise<void> {
    const { parts } = this
    if (!parts || this.isClosed) return this.crash()
    if (options.controlled) await parts.membership.leave(leaveTimeoutMs)
    if (this.isClosed) return
    this.isClosed = true
    parts.membership.close()
    parts.groups.close()
    parts.transactions.close()
    parts.controller.close()
    this.links.close()
    await parts.listener.close()
    const logEndOffsets = parts.replicas.logEndOffsets()
    await parts.replicas.close({ clean: true })
    await parts.quorum.close()
    const { brokerEpoch } = parts.membership
    await writeCleanMark(this.environment, this.options.folder, { brokerEpoch, logEndOffsets })
    this.endWaits()
  }

  /** As if the process had ended: connections break, nothing more is written. */
  async crash(): Promise<void> {
    this.isClosed = true
    this.links.close()
    await this.abandonParts()
    this.endWaits()
  }

  /** Cuts the clients off, or lets them back. */
  cutOffClients(isCutOff: boolean): void {
    this.parts?.listener.cutOff(isCutOff)
  }

  private get running(): Parts {
    if (this.parts) return this.parts
    throw new MillraceError({ code: 'BROKER_STARTING', what: `broker ${this.id} is still starting` })
  }

  private async abandonParts(): Promise<void> {
    const { parts } = this
    if (!parts) return this.listener?.close()
    parts.membership.close()
    parts.groups.close()
    parts.transactions.close()
    parts.controller.close()
    await Promise.all([parts.listener.close(), parts.replicas.abandon(), parts.quorum.close()])
  }

  /** What is set for this broker, else for all (KIP-226). */
  private dynamicSetting(name: string): string | undefined {
    const image = this.parts?.quorum.image
    return image?.configs('broker', String(this.id)).get(name) ?? image?.configs('broker', '').get(name)
  }

  private endWaits(): void {
    for (const { resolve } of this.imageWaiters.splice(0)) resolve(false)
  }

  private openQuorum(): Promise<Quorum> {
    const { id, voters, folder, settings } = this.options
    return Quorum.open(this.environment, {
      id,
      voters,
      folder: `${folder}/metadata`,
      electionTimeoutMs: settings.number('controller.quorum.election.timeout.ms'),
      send: (to, message) => this.links.raft(to, message),
      onCommitted: (changes) => this.committed(changes),
      onRoleChanged: () => this.roleChanged(),
      onFailed: (error) => this.fail(error),
    })
  }

  private assemble(quorum: Quorum) {
    const { environment, options, settings } = this
    const { id } = options
    const controller = new Controller(environment, settings, quorum)
    const membership = new Membership(environment, {
      id,
      incarnation: environment.random.uuid(),
      quorum,
      controller,
      links: this.links,
      heartbeatMs: settings.number('broker.heartbeat.interval.ms'),
      onFailed: (error) => this.fail(error),
    })
    const replicas: Replicas = new Replicas(environment, {
      brokerId: id,
      image: quorum.image,
      folder: options.folder,
      settings,
      links: this.links,
      tailBytesMax: options.tailBytesMax,
      brokerEpoch: () => membership.brokerEpoch,
      ask: (request) => membership.ask('alter-partitions', request, 1000),
      onRoleChanged: (replica) => {
        groups.roleChanged(replica)
        transactions.roleChanged(replica)
      },
      onFailed: (error) => this.fail(error),
    })
    const { purgatory } = replicas
    const groups = new GroupCoordinator(environment, {
      brokerId: id,
      image: quorum.image,
      settings,
      purgatory,
    })
    const transactions = new TransactionCoordinator(environment, {
      brokerId: id,
      image: quorum.image,
      settings,
      purgatory,
      takeProducerId: () => this.producerIds.take(this),
      sendMarkers: (to, request) => this.askBroker(to, 'write-markers', request),
    })
    return { controller, membership, replicas, groups, transactions }
  }

  private committed(changes: ImageChanges): void {
    const { parts } = this
    if (!parts || this.isClosed) return
    if (this.isTakingPart) parts.replicas.apply(changes)
    for (const { name } of changes.removedTopics.values()) this.metrics.traffic.forget(name)
    if (changes.removedTopics.size > 0) {
      parts.groups.offsets.topicsRemoved(new Set([...changes.removedTopics.values()].map(({ name }) => name)))
    }
    parts.controller.follow()
    const met = this.imageWaiters.filter(({ condition }) => condition())
    if (met.length > 0) this.imageWaiters = this.imageWaiters.filter((each) => !met.includes(each))
    for (const { resolve } of met) resolve(true)
    this.options.onChange()
  }

  private roleChanged(): void {
    if (this.isClosed) return
    this.parts?.controller.follow()
    this.options.onChange()
  }

  private fail(error: MillraceError): void {
    if (this.isClosed) return
    this.environment.log.write('error', `broker-${this.id}`, error.message)
    this.options.onFailed(error)
  }

  /** For the other brokers. What comes before the files are open waits for them. */
  private readonly server: PeerServer = {
    raft: (from, message) => {
      if (this.parts) this.parts.quorum.receive(from, message)
      else this.early.push(() => this.parts?.quorum.receive(from, message))
    },
    controller: async (request) => this.running.controller.handle(request),
    broker: (request) => answerBroker(this, request),
    fetch: async (request) => {
      if (!this.isTakingPart) return { error: 'FETCH_SESSION_ID_NOT_FOUND', sessionId: 0, partitions: [] }
      return this.running.replicas.sessions.fetch(request)
    },
    peerLost: (peer, gone) => {
      if (this.isClosed) return
      this.parts?.quorum.peerLost(peer)
      if (gone) this.parts?.controller.brokerGone(peer)
    },
  }
}

interface Parts {
  readonly quorum: Quorum
  readonly controller: Controller
  readonly membership: Membership
  readonly replicas: Replicas
  readonly groups: GroupCoordinator
  readonly transactions: TransactionCoordinator
  readonly listener: ClientListener
}

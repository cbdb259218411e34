import { MillraceError } from '../../engine/base/errors.ts'
import { Broker } from '../../engine/broker/broker.ts'
import type { ClusterImage } from '../../engine/broker/controller/image.ts'
import { partitionOfGroup } from '../../engine/broker/coordinator/group/partition-of-group.ts'
import type { PeerLinks } from '../../engine/broker/peers/links.ts'
import { connectOverNetwork } from '../../engine/broker/peers/network-links.ts'
import type { Replica } from '../../engine/broker/replication/replica.ts'
import { BrokerSettings } from '../../engine/broker/settings/broker-settings.ts'
import { embeddedDefaults } from '../../engine/cluster/index.ts'
import type { World } from '../../engine/sim/index.ts'

export const brokerIds = [1, 2, 3] as const
const host = '127.0.0.1'
const offsetsTopic = '__consumer_offsets'

export function nodeOf(id: number): string {
  return `broker-${id}`
}

/** Three brokers, each on a simulated machine of its own, speaking over the simulated network. */
export interface SimClusterOptions {
  readonly settings?: Readonly<Record<string, string>>
  /** For the ends of all logs of a broker. */
  readonly tailBytesMax?: number
  /** Around what a broker tells the others. */
  readonly wrapLinks?: (id: number, links: PeerLinks) => PeerLinks
  /** Metadata were applied. */
  readonly onChange?: (id: number, image: ClusterImage) => void
  /** A broker cannot go on. True: that was to be expected. */
  readonly onFailed?: (id: number, error: MillraceError) => boolean
}

export class SimCluster {
  readonly live = new Map<number, Broker>()
  readonly bootstrap = brokerIds.map((id) => `${host}:${9090 + id}`)
  readonly failures: string[] = []
  private readonly world: World
  private readonly settings: BrokerSettings

  private readonly options: SimClusterOptions

  constructor(world: World, options: SimClusterOptions = {}) {
    this.world = world
    this.options = options
    this.settings = new BrokerSettings({ ...embeddedDefaults(brokerIds.length), ...options.settings })
  }

  /** On what the machine's disk holds. */
  start(id: number): void {
    const environment = this.world.node(nodeOf(id))
    const addresses = new Map(brokerIds.map((peer) => [peer, { host, port: 19_090 + peer }]))
    const { wrapLinks, tailBytesMax = 1024 * 1024 } = this.options
    const broker: Broker = Broker.create(environment, {
      id,
      voters: brokerIds,
      folder: '/data',
      settings: this.settings,
      listen: { host, port: 9090 + id },
      connectPeers: (server) => {
        const links = connectOverNetwork(environment, { id, addresses }, server)
        return wrapLinks ? wrapLinks(id, links) : links
      },
      tailBytesMax,
      onChange: () => {
        const { view } = broker
        if (view) this.options.onChange?.(id, view.image)
      },
      onFailed: (error) => this.failed(id, error),
    })
    this.live.set(id, broker)
    const started = broker.listen().then(() => broker.start())
    started.catch((thrown: unknown) => {
      if (this.live.get(id) === broker) this.failed(id, MillraceError.from(thrown))
    })
  }

  private failed(id: number, error: MillraceError): void {
    if (!this.options.onFailed?.(id, error)) this.failures.push(`broker ${id}: ${error.message}`)
  }

  /** Whether the broker, in its present life, is in the in-sync set of the replica's partition, as far as anybody alive knows. */
  isInSyncNow(id: number, { topicId, partition }: Replica, image = this.latestImage): boolean {
    const state = image?.topicById(topicId)?.partitions[partition]
    return state?.isr.includes(id) === true && image?.isActive(id) === true
  }

  /** Its machine went down: nothing of it runs any more. */
  forget(id: number): void {
    this.live.delete(id)
  }

  /** Open replicas on all live brokers. */
  replicas(): { id: number; broker: Broker; replica: Replica }[] {
    return [...this.live].flatMap(([id, broker]) => {
      const all = broker.view ? [...broker.view.replicas.all()] : []
      return all.flatMap((replica) => (replica.isOpen && replica.state ? [{ id, broker, replica }] : []))
    })
  }

  /** As the group's coordinator has it; −1: none, undefined: there is no coordinator at the moment. */
  committedOffset(groupId: string, topic: string, partition: number): number | undefined {
    const all = this.replicas().filter(({ replica }) => replica.topic === offsetsTopic)
    const count = this.latestImage?.topics.get(offsetsTopic)?.partitions.length ?? 1
    const replicas = all.filter(({ replica }) => replica.partition === partitionOfGroup(groupId, count))
    // By the highest epoch that anybody alive knows: one that was deposed may not have heard of it.
    const leaderEpoch = Math.max(...replicas.map(({ replica }) => replica.leaderEpoch))
    const coordinator = replicas.find(({ replica }) => replica.leader?.leaderEpoch === leaderEpoch)?.broker
    const offsets = coordinator?.groups.offsets.of(groupId)
    if (offsets === undefined || typeof offsets === 'string') return undefined
    return offsets.get(topic)?.get(partition)?.offset ?? -1
  }

  /** In sync, and at the same end. */
  get isWhole(): boolean {
    return this.isInSync && this.areAllEqual
  }

  /** Every broker is active, and every partition has a leader and all its replicas in sync. */
  get isInSync(): boolean {
    const image = this.latestImage
    if (!this.isActive || !image || image.topics.size === 0) return false
    for (const topic of image.topics.values()) {
      for (const state of topic.partitions) {
        if (state.leader === -1 || state.isr.length < state.replicas.length) return false
      }
    }
    return true
  }

  /** Every broker is up and active. */
  get isActive(): boolean {
    const image = this.latestImage
    return this.live.size === brokerIds.length && brokerIds.every((id) => image?.isActive(id))
  }

  /** −1 for one that is not registered. */
  brokerEpochOf(id: number): number {
    return this.latestImage?.brokers.get(id)?.brokerEpoch ?? -1
  }

  /** The furthest that anybody alive has applied. */
  get latestImage() {
    const images = [...this.live.values()].flatMap(({ view }) => (view ? [view.image] : []))
    return images.sort((a, b) => b.index - a.index)[0]
  }

  private get areAllEqual(): boolean {
    const ends = new Map<string, number>()
    for (const { replica } of this.replicas()) {
      const end = ends.get(replica.key) ?? replica.log.logEndOffset
      ends.set(replica.key, end)
      if (replica.log.logEndOffset !== end || replica.highWatermark !== end) return false
    }
    return true
  }
}

import type { ClusterStatus } from '../../cluster/index.ts'
import type { ClusterState } from '../contract.ts'

/** Rates over less than this jump with every batch. */
const rateMsMin = 900

interface Moment {
  readonly monotonicMs: number
  /** By broker. */
  readonly bytes: ReadonlyMap<number, { readonly in: number; readonly out: number }>
}

/** A cluster's status as the window shows it, with rates over about a second. */
export class ClusterView {
  #moments: Moment[] = []

  state(status: ClusterStatus, bootstrap: readonly string[], monotonicMs: number): ClusterState {
    const before = this.#since(status, monotonicMs)
    const seconds = before ? (monotonicMs - before.monotonicMs) / 1000 : 0
    const rate = (now: number, then: number | undefined) =>
      then === undefined || seconds <= 0 ? 0 : Math.max(0, (now - then) / seconds)
    return {
      bootstrap: [...bootstrap],
      clusterId: status.clusterId,
      brokers: status.brokers.map((broker) => ({
        id: broker.id,
        address: `${broker.host}:${broker.port}`,
        state: broker.state,
        controller: broker.isController,
        leaders: broker.leaders,
        replicas: broker.replicas,
        bytesInPerSec: rate(broker.bytesIn, before?.bytes.get(broker.id)?.in),
        bytesOutPerSec: rate(broker.bytesOut, before?.bytes.get(broker.id)?.out),
      })),
      topics: status.topics.map((topic) => ({
        name: topic.name,
        internal: topic.internal,
        sizeBytes: topic.sizeBytes,
        partitions: topic.partitions.map((partition) => ({
          partition: partition.partition,
          leader: partition.leader,
          leaderEpoch: partition.leaderEpoch,
          replicas: [...partition.replicas],
          inSyncReplicas: [...partition.inSyncReplicas],
          logStartOffset: partition.logStartOffset,
          highWatermark: partition.highWatermark,
        })),
      })),
      underReplicatedPartitions: status.underReplicatedPartitions,
      offlinePartitions: status.offlinePartitions,
    }
  }

  /** The moment to compare with; this one is kept for later ones. */
  #since(status: ClusterStatus, monotonicMs: number): Moment | undefined {
    const bytes = new Map(
      status.brokers.map((broker) => [broker.id, { in: broker.bytesIn, out: broker.bytesOut }]),
    )
    const last = this.#moments.at(-1)
    if (!last || monotonicMs - last.monotonicMs >= rateMsMin / 2) this.#moments.push({ monotonicMs, bytes })
    while (this.#moments.length > 1 && monotonicMs - this.#moments[1]!.monotonicMs >= rateMsMin)
      this.#moments.shift()
    const first = this.#moments[0]!
    return first.monotonicMs < monotonicMs ? first : undefined
  }
}

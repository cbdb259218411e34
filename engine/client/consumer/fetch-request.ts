import type { RequestInput, ResponseOf } from '../../protocol/api.ts'
import { fetchApi } from '../../protocol/apis/fetch.ts'
import { zeroUuid } from '../../protocol/reader.ts'
import type { ClusterClient } from '../cluster/cluster-client.ts'
import type { Purpose } from '../cluster/connection-pool.ts'
import { hasTopicId } from '../cluster/metadata-cache.ts'
import { groupByTopic } from '../offsets/by-topic.ts'
import type { PartitionState } from './partition-state.ts'
import type { ConsumerSettings } from './settings.ts'

export type FetchAnswer = ResponseOf<typeof fetchApi>
export type PartitionAnswer = FetchAnswer['responses'][number]['partitions'][number]

/** From v13 topics go by their id. */
const lastVersionByName = 12
/** Every fetch says all that it wants (KIP-227 leaves that open). */
const noSession = { sessionId: 0, sessionEpoch: -1 }

interface Asked {
  readonly state: PartitionState
  readonly jumps: number
  readonly fetchOffset: number
}

/** One Fetch request to one leader, which remembers where its partitions stood when it was made. */
export class FetchRequest {
  readonly #body: RequestInput<typeof fetchApi>
  readonly #versionMax: number | undefined
  readonly #asked = new Map<string, Asked>()

  constructor(cluster: ClusterClient, settings: ConsumerSettings, states: readonly PartitionState[]) {
    let hasAllIds = true
    const topics = groupByTopic(states).map(([topic, group]) => {
      const info = cluster.metadata.topic(topic)
      if (!hasTopicId(info)) hasAllIds = false
      const topicId = info?.topicId ?? zeroUuid
      for (const state of group) {
        const asked = { state, jumps: state.jumps, fetchOffset: state.fetchOffset }
        this.#asked.set(`${topic} ${state.partition}`, asked)
        this.#asked.set(`${topicId} ${state.partition}`, asked)
      }
      const partitions = group.map((state) => ({
        partition: state.partition,
        currentLeaderEpoch: state.leaderEpoch,
        fetchOffset: state.fetchOffset,
        partitionMaxBytes: settings.partitionFetchBytesMax,
      }))
      return { topic, topicId, partitions }
    })
    this.#versionMax = hasAllIds ? undefined : lastVersionByName
    this.#body = {
      maxWaitMs: settings.fetchWaitMsMax,
      minBytes: settings.fetchBytesMin,
      maxBytes: settings.fetchBytesMax,
      isolationLevel: settings.isolationLevel,
      ...noSession,
      topics,
      forgottenTopicsData: [],
    }
  }

  async send(
    cluster: ClusterClient,
    nodeId: number,
    purpose: Purpose,
    settings: ConsumerSettings,
  ): Promise<FetchAnswer> {
    return cluster.request(nodeId, fetchApi, this.#body, {
      purpose,
      versionMax: this.#versionMax,
      timeoutMs: settings.requestTimeoutMs + settings.fetchWaitMsMax,
    })
  }

  /** The partition that an answer is about, unless it has jumped elsewhere since. */
  askedFor(topic: string, topicId: string, partition: number): PartitionState | undefined {
    const asked = this.#asked.get(`${topic === '' ? topicId : topic} ${partition}`)
    if (asked === undefined || asked.state.jumps !== asked.jumps) return undefined
    return asked.state.fetchOffset === asked.fetchOffset ? asked.state : undefined
  }
}

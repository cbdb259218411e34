import type { Timers } from '../../../environment/index.ts'
import type { ErrorName } from '../../../protocol/error-codes.ts'
import type { ClusterImage } from '../../controller/image.ts'
import type { MarkerPartition, MarkersAnswer, MarkersRequest } from '../../peers/broker-requests.ts'
import type { TransactionFacts } from './transaction.ts'

export interface MarkerSenderOptions {
  readonly image: ClusterImage
  readonly timers: Timers
  /** @throws MillraceError PEER_LOST, PEER_TIMED_OUT */
  send(brokerId: number, request: MarkersRequest): Promise<MarkersAnswer>
}

const retryMs = 100

/** Ends transactions in their partitions, whoever leads those by now. */
export class MarkerSender {
  private readonly options: MarkerSenderOptions

  constructor(options: MarkerSenderOptions) {
    this.options = options
  }

  /** True when each partition has its marker or is gone; false when `isServing` has become false before. */
  async end(facts: TransactionFacts, coordinatorEpoch: number, isServing: () => boolean): Promise<boolean> {
    const marker = {
      producerId: facts.producerId,
      producerEpoch: facts.producerEpoch,
      coordinatorEpoch,
      isCommit: facts.state === 'PrepareCommit',
      isBumped: facts.clientVersion >= 2,
    }
    let left = [...facts.partitions].flatMap(([topic, partitions]) => {
      return [...partitions].map((partition): MarkerPartition => ({ topic, partition }))
    })
    while (isServing()) {
      // A topic that was deleted has nobody who could wait for the marker.
      left = left.filter(({ topic, partition }) => this.options.image.partition(topic, partition))
      const requests = [...this.byLeader(left)]
      const done = await Promise.all(
        requests.map(([brokerId, partitions]) => this.send(brokerId, { ...marker, partitions })),
      )
      const ended = new Set(done.flat())
      left = left.filter((partition) => !ended.has(partition))
      if (left.length === 0) return isServing()
      await this.options.timers.sleep(retryMs)
    }
    return false
  }

  private byLeader(partitions: readonly MarkerPartition[]): Map<number, MarkerPartition[]> {
    const byLeader = new Map<number, MarkerPartition[]>()
    for (const each of partitions) {
      const leader = this.options.image.partition(each.topic, each.partition)?.leader ?? -1
      if (leader === -1) continue
      const those = byLeader.get(leader)
      if (those) those.push(each)
      else byLeader.set(leader, [each])
    }
    return byLeader
  }

  /** Those that have their marker. */
  private async send(brokerId: number, request: MarkersRequest): Promise<MarkerPartition[]> {
    let errors: readonly ErrorName[]
    try {
      errors = (await this.options.send(brokerId, request)).errors
    } catch {
      return [] // the leader can't be reached: the metadata will name another, or it comes back
    }
    return request.partitions.filter((_, i) => errors[i] === 'NONE')
  }
}

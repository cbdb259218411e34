import { isMillraceError } from '../../base/errors.ts'
import type { Environment } from '../../environment/index.ts'
import type { ErrorName } from '../../protocol/error-codes.ts'
import type { IsrChange } from '../controller/alter-partition.ts'
import type { ClusterImage } from '../controller/image.ts'
import type { ReplicationMetrics } from '../metrics/replication-metrics.ts'
import type { ControllerAnswer, ControllerRequests } from '../peers/controller-requests.ts'
import type { LeaderState } from './leader-state.ts'
import type { Replica } from './replica.ts'

export interface IsrUpdatesOptions {
  readonly brokerId: number
  readonly image: ClusterImage
  brokerEpoch(): number
  ask(
    request: ControllerRequests['alter-partitions']['request'],
  ): Promise<ControllerAnswer<'alter-partitions'>>
}

interface Wanted {
  readonly replica: Replica
  readonly leader: LeaderState
  readonly isr: readonly number[]
  readonly isExpansion: boolean
  /** It was asked for before, and the answer got lost. */
  readonly isUncertain: boolean
}

const retryMs = 50

/**
 * Carries wanted in-sync sets to the controller, gathered, one request at a time. A set stays pending, and so counts for
 * the high watermark, until the metadata says what became of it: an answer that got lost may have been a yes.
 */
export class IsrUpdates {
  private readonly environment: Environment
  private readonly options: IsrUpdatesOptions
  private readonly metrics: ReplicationMetrics
  private wanted: Wanted[] = []
  private isRunning = false
  private isClosed = false

  constructor(environment: Environment, options: IsrUpdatesOptions, metrics: ReplicationMetrics) {
    this.environment = environment
    this.options = options
    this.metrics = metrics
  }

  want(replica: Replica, isr: readonly number[]): void {
    const { leader } = replica
    if (!leader || leader.pendingIsr || !this.areEligible(leader, isr)) return
    leader.pendingIsr = isr
    this.wanted.push({
      replica,
      leader,
      isr,
      isExpansion: isr.length > leader.isr.length,
      isUncertain: false,
    })
    if (this.isRunning) return
    this.isRunning = true
    this.environment.timers.soon(() => void this.run())
  }

  close(): void {
    this.isClosed = true
  }

  /** No use in asking for a follower that the controller will not take yet. */
  private areEligible(leader: LeaderState, isr: readonly number[]): boolean {
    return isr.every((id) => {
      if (id === this.options.brokerId || leader.isr.includes(id)) return true
      const broker = this.options.image.brokers.get(id)
      const isActive = broker !== undefined && !broker.fenced && !broker.shuttingDown
      return isActive && broker.brokerEpoch === leader.progressOf(id)?.brokerEpoch
    })
  }

  private async run(): Promise<void> {
    while (!this.isClosed && this.wanted.length > 0) {
      const batch = this.wanted.filter((each) => this.isOpen(each))
      this.wanted = []
      const again = batch.length > 0 ? await this.send(batch) : []
      if (again.length === 0) continue
      this.wanted.unshift(...again)
      await this.environment.timers.sleep(retryMs)
    }
    this.isRunning = false
  }

  private isOpen({ replica, leader, isr }: Wanted): boolean {
    return replica.leader === leader && leader.pendingIsr === isr
  }

  /** Gives back what has to be asked again. */
  private async send(batch: readonly Wanted[]): Promise<Wanted[]> {
    const { brokerId } = this.options
    try {
      const changes = batch.map((each) => this.change(each))
      const answer = await this.options.ask({ brokerId, brokerEpoch: this.options.brokerEpoch(), changes })
      if (answer.error !== 'NONE') return [...batch]
      batch.forEach(({ isExpansion }, i) => {
        if (answer.partitions[i]!.error === 'NONE') this.metrics.isrChanged(isExpansion)
      })
      return batch.filter((each, i) => this.isOpen(each) && !this.settle(each, answer.partitions[i]!.error))
    } catch (thrown) {
      if (!isMillraceError(thrown)) throw thrown
      // Nobody knows whether it was done.
      return batch.map((each) => ({ ...each, isUncertain: true }))
    }
  }

  /** True when there is nothing more to ask: the metadata tells what holds, or it was surely refused. */
  private settle({ replica, leader, isUncertain }: Wanted, error: ErrorName): boolean {
    if (error === 'NOT_CONTROLLER') return false
    if (error !== 'INELIGIBLE_REPLICA') return true
    // A deposed controller can refuse what its successor has granted before.
    if (isUncertain) return false
    leader.pendingIsr = undefined
    replica.advanceHighWatermark()
    return true
  }

  private change({ replica, leader, isr }: Wanted): IsrChange {
    const { topicId, partition } = replica
    const { leaderEpoch, partitionEpoch } = leader
    const members = isr.map((id) => ({ brokerId: id, brokerEpoch: this.epochOf(leader, id) }))
    return { topicId, partition, leaderEpoch, partitionEpoch, isr: members }
  }

  private epochOf(leader: LeaderState, id: number): number {
    if (id === this.options.brokerId) return this.options.brokerEpoch()
    if (!leader.isr.includes(id)) return leader.progressOf(id)?.brokerEpoch ?? -1
    return this.options.image.brokers.get(id)?.brokerEpoch ?? -1
  }
}

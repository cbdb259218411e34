import { isMillraceError } from '../../base/errors.ts'
import type { Environment } from '../../environment/index.ts'
import type { IsrChange } from '../controller/alter-partition.ts'
import type { ClusterImage } from '../controller/image.ts'
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
}

const retryMs = 50

/**
 * Carries wanted in-sync sets to the controller, gathered, one request at a time. A set stays pending, and so counts for
 * the high watermark, until the metadata says what became of it: an answer that got lost may have been a yes.
 */
export class IsrUpdates {
  private readonly environment: Environment
  private readonly options: IsrUpdatesOptions
  private wanted: Wanted[] = []
  private isRunning = false
  private isClosed = false

  constructor(environment: Environment, options: IsrUpdatesOptions) {
    this.environment = environment
    this.options = options
  }

  want(replica: Replica, isr: readonly number[]): void {
    const { leader } = replica
    if (!leader || leader.pendingIsr || !this.areEligible(leader, isr)) return
    leader.pendingIsr = isr
    this.wanted.push({ replica, leader, isr })
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
      const batch = this.wanted.filter(
        (each) => each.replica.leader === each.leader && each.leader.pendingIsr,
      )
      this.wanted = []
      if (batch.length > 0 && !(await this.send(batch))) {
        this.wanted.unshift(...batch)
        await this.environment.timers.sleep(retryMs)
      }
    }
    this.isRunning = false
  }

  /** False when nobody knows whether it was done. */
  private async send(batch: readonly Wanted[]): Promise<boolean> {
    const { brokerId } = this.options
    try {
      const changes = batch.map((each) => this.change(each))
      const answer = await this.options.ask({ brokerId, brokerEpoch: this.options.brokerEpoch(), changes })
      if (answer.error !== 'NONE') return false
      answer.partitions.forEach(({ error }, i) => {
        this.settle(batch[i]!, error)
      })
      return true
    } catch (thrown) {
      if (isMillraceError(thrown)) return false
      throw thrown
    }
  }

  private settle({ replica, leader, isr }: Wanted, error: string): void {
    // Only this refusal is certain to be about this very change; after all others the metadata will tell.
    if (error !== 'INELIGIBLE_REPLICA' || leader.pendingIsr !== isr) return
    leader.pendingIsr = undefined
    replica.advanceHighWatermark()
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

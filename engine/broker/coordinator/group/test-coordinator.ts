import type { Environment } from '../../../environment/index.ts'
import { defaultLogConfig } from '../../../log/log-config.ts'
import { TailMemory } from '../../../log/tail-memory.ts'
import { ClusterImage } from '../../controller/image.ts'
import { offsetsTopic } from '../../controller/topic-names.ts'
import { Purgatory } from '../../purgatory/purgatory.ts'
import { Replica } from '../../replication/replica.ts'
import { BrokerSettings } from '../../settings/broker-settings.ts'
import type { MemberHeartbeat } from '../consumer-group/machine.ts'
import { noPartitions } from '../consumer-group/partitions.ts'
import { GroupCoordinator } from './coordinator.ts'
import type { JoinRequest } from './group.ts'

const ignored = () => undefined
export const nobody = { memberId: '', instanceId: null, generation: -1 }
export const idOfT = '00000000-0000-0000-0000-00000000000a'

/** A coordinator of one partition of `__consumer_offsets`, on a log of its own; of topic `t` with four partitions too. */
export class TestCoordinator {
  readonly image = new ClusterImage()
  readonly replica: Replica
  coordinator!: GroupCoordinator
  private readonly folder: string
  private readonly environment: Environment
  private readonly purgatory: Purgatory
  private readonly settings: Readonly<Record<string, string>>
  private partitionEpoch = 0
  private leaderEpoch = 0

  static async start(
    environment: Environment,
    settings: Readonly<Record<string, string>> = {},
  ): Promise<TestCoordinator> {
    const folder = await environment.disk.temporaryFolder('millrace-coordinator-')
    const made = new TestCoordinator(environment, folder, settings)
    await made.replica.opened
    await made.serve()
    return made
  }

  private constructor(environment: Environment, folder: string, settings: Readonly<Record<string, string>>) {
    this.environment = environment
    this.purgatory = new Purgatory(environment.timers)
    this.folder = folder
    this.settings = { 'group.min.session.timeout.ms': '100', 'offsets.commit.timeout.ms': '150', ...settings }
    const place = { topicId: 'an-id', topic: offsetsTopic, partition: 0 }
    const memory = new TailMemory(1024 * 1024)
    const options = { brokerId: 1, ...place, folder, config: defaultLogConfig, minInSync: 1, memory }
    const touch = ({ key }: Replica) => this.purgatory.touch(key)
    const events = { appended: touch, progressed: touch, isrWanted: ignored, failed: ignored }
    this.replica = new Replica(environment, { ...options, highWatermark: 0 }, events)
    const state = { replicas: [1], isr: [1], leader: 1, leaderEpoch: 1, partitionEpoch: 1 }
    this.image.apply({ type: 'topic', name: offsetsTopic, topicId: 'an-id' })
    this.image.apply({ type: 'partition', topicId: 'an-id', partition: 0, state })
    this.image.apply({ type: 'topic', name: 't', topicId: idOfT })
    for (let partition = 0; partition < 4; partition++) {
      this.image.apply({ type: 'partition', topicId: idOfT, partition, state })
    }
  }

  /** As a broker does that has just become the coordinator: all that it knows it has from the log. */
  async serve(): Promise<void> {
    this.coordinator?.close()
    this.leaderEpoch++
    this.lead([1])
    this.coordinator = new GroupCoordinator(this.environment, {
      brokerId: 1,
      image: this.image,
      settings: new BrokerSettings(this.settings),
      purgatory: this.purgatory,
    })
    this.coordinator.roleChanged(this.replica)
    while (typeof this.coordinator.offsets.of('g') === 'string') await this.environment.timers.sleep(2)
  }

  /** What is appended from now on is acknowledged to nobody: a follower that is in sync does not fetch. */
  holdBack(): void {
    this.lead([1, 2])
  }

  letGo(): void {
    this.lead([1])
  }

  sleep(ms: number): Promise<void> {
    return this.environment.timers.sleep(ms)
  }

  async end(): Promise<void> {
    this.coordinator.close()
    await this.replica.close({ clean: true })
    await this.environment.disk.remove(this.folder)
  }

  commit(offset: number, topic = 't') {
    const offsets = [{ topic, partition: 0, offset, leaderEpoch: 0, metadata: '' }]
    return this.coordinator.offsets.commit('g', nobody, offsets)
  }

  committed(topic = 't'): number | undefined {
    const offsets = this.coordinator.offsets.of('g')
    return typeof offsets === 'string' ? undefined : offsets.get(topic)?.get(0)?.offset
  }

  join(memberId: string, more: Partial<JoinRequest> = {}) {
    return this.coordinator.join('g', {
      memberId: '',
      instanceId: null,
      clientId: 'c',
      clientHost: '/127.0.0.1',
      sessionTimeoutMs: 60_000,
      rebalanceTimeoutMs: 60_000,
      protocolType: 'consumer',
      protocols: [{ name: 'range', metadata: Buffer.alloc(0) }],
      needsKnownMemberId: false,
      canSkipAssignment: true,
      newMemberId: memberId,
      ...more,
    })
  }

  leave(memberId: string) {
    return this.coordinator.leave('g', [{ memberId, instanceId: null }])
  }

  /** Of the new protocol; with epoch 0 it joins. */
  beat(memberId: string, memberEpoch: number, more: Partial<MemberHeartbeat> = {}) {
    const isFirst = memberEpoch === 0
    return this.coordinator.consumerGroups.heartbeat('g', {
      memberId,
      memberEpoch,
      instanceId: null,
      rackId: null,
      rebalanceTimeoutMs: isFirst ? 60_000 : -1,
      subscribedTopics: isFirst ? ['t'] : null,
      subscribedRegex: null,
      assignor: null,
      owned: isFirst ? noPartitions : null,
      clientId: 'c',
      clientHost: '/127.0.0.1',
      ...more,
    })
  }

  /** Name and what a list of groups says that it is. */
  names(): readonly string[] {
    const groups = this.coordinator.list()
    if (typeof groups === 'string') return [groups]
    return groups.map((group) => `${group.groupId} ${'metadataHash' in group ? 'consumer' : 'classic'}`)
  }

  private lead(isr: readonly number[]): void {
    const { leaderEpoch } = this
    this.partitionEpoch++
    const state = { replicas: [1, 2], isr, leader: 1, leaderEpoch, partitionEpoch: this.partitionEpoch }
    this.replica.become(state)
  }
}

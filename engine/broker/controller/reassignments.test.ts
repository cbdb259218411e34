import { expect, test } from 'vitest'
import { createSeededRandom } from '../../sim/seeded-random.ts'
import { BrokerSettings } from '../settings/broker-settings.ts'
import type { ControllerState } from './decision.ts'
import { ClusterImage } from './image.ts'
import { reassign } from './reassignments.ts'

const here = { topic: 't', partition: 0 }

/** Five brokers, and a partition on the first three, led by 1. */
class Partition {
  private readonly image = new ClusterImage()

  constructor() {
    for (const id of [1, 2, 3, 4, 5]) {
      const host = { incarnation: `${id}`, host: 'h', port: id }
      this.image.apply({ type: 'register-broker', id, brokerEpoch: id, ...host })
      this.image.apply({ type: 'unfence-broker', id, brokerEpoch: id })
    }
    this.image.apply({ type: 'topic', name: 't', topicId: 'id' })
    const state = { replicas: [1, 2, 3], isr: [1, 2, 3], leader: 1, leaderEpoch: 1, partitionEpoch: 1 }
    this.image.apply({ type: 'partition', topicId: 'id', partition: 0, state })
  }

  move(replicas: readonly number[] | null, allowsOtherFactor = true) {
    const state: ControllerState = {
      image: this.image,
      settings: new BrokerSettings({}),
      random: createSeededRandom(1),
      contactMs: new Map(),
      heard: new Set([1, 2, 3, 4, 5]),
      nextIndex: 10,
    }
    const { records, response } = reassign(state, { ...here, replicas }, allowsOtherFactor)
    for (const record of records) this.image.apply(record)
    return response.error
  }

  inSync(isr: readonly number[], leader?: number): void {
    this.image.apply({ type: 'partition-change', topicId: 'id', partition: 0, isr, leader })
  }

  get now() {
    const { replicas, isr, leader, adding, removing } = this.image.topics.get('t')!.partitions[0]!
    return { replicas, isr, leader, adding: adding ?? [], removing: removing ?? [] }
  }
}

const atRest = { adding: [], removing: [] }

test('another target while replicas move starts from what was there before, and so does its cancellation', () => {
  const partition = new Partition()
  partition.move([4])
  expect(partition.now).toMatchObject({ replicas: [4, 1, 2, 3], adding: [4], removing: [1, 2, 3] })
  partition.move([5])
  expect(partition.now).toMatchObject({ replicas: [5, 1, 2, 3], adding: [5], removing: [1, 2, 3] })
  partition.move(null)
  expect(partition.now).toEqual({ replicas: [1, 2, 3], isr: [1, 2, 3], leader: 1, ...atRest })
})

test('the number of replicas that must be kept is that from before the first target', () => {
  const partition = new Partition()
  expect(partition.move([1, 2, 4], false)).toBe('NONE')
  expect(partition.move([1, 2, 5], false)).toBe('NONE')
  expect(partition.move([1, 2, 3, 5], false)).toBe('INVALID_REPLICATION_FACTOR')
  expect(partition.now).toMatchObject({ replicas: [1, 2, 5, 3], adding: [5], removing: [3] })
})

test('one that came for an earlier target and leads gives its place to one that stays', () => {
  const partition = new Partition()
  partition.move([4, 5])
  partition.inSync([1, 2, 4], 4)
  partition.move([5])
  expect(partition.now).toMatchObject({ replicas: [5, 1, 2, 3], isr: [1, 2], leader: 1, adding: [5] })
})

test('one that came for an earlier target stays while it alone has all records', () => {
  const partition = new Partition()
  partition.move([4, 5])
  partition.inSync([4], 4)
  partition.move([5])
  expect(partition.now).toMatchObject({ replicas: [5, 4, 1, 2, 3], isr: [4], leader: 4, adding: [5] })
  partition.inSync([4, 5])
  expect(partition.now).toMatchObject({ isr: [4, 5] })
})

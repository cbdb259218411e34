import { describe, expect, test } from 'vitest'
import { createSeededRandom } from '../../sim/seeded-random.ts'
import { BrokerSettings } from '../settings/broker-settings.ts'
import { alterPartitions } from './alter-partition.ts'
import { fenceSilentBrokers, heartbeat, registerBroker } from './brokers.ts'
import type { ControllerState, Decision } from './decision.ts'
import { ClusterImage } from './image.ts'
import { placeReplicas } from './placement.ts'
import { createPartitions, createTopic, deleteTopic } from './topics.ts'

/** A controller whose decisions are applied at once. */
class Decider {
  image = new ClusterImage()
  readonly contactMs = new Map<number, number>()
  readonly heard = new Set<number>()
  private readonly random = createSeededRandom(1)
  private lives = 0

  decide<Response>(decision: (state: ControllerState) => Decision<Response>): Response {
    const { image, contactMs, heard, random } = this
    const nextIndex = image.index + 1
    const settings = new BrokerSettings({ 'default.replication.factor': '3' })
    const { records, response } = decision({ image, settings, random, contactMs, heard, nextIndex })
    for (const record of records) image.apply(record)
    if (records.length > 0) image.index = nextIndex
    return response
  }

  /** Registers under a new incarnation. */
  register(id: number, logs: { lastEpoch: number; endOffset: number }[] = [], cleanBrokerEpoch = -1): number {
    const { topicId } = this
    const registration = {
      id,
      incarnation: `life ${this.lives++}`,
      host: 'h',
      port: id,
      cleanBrokerEpoch,
      logs: logs.map((log, partition) => ({ topicId, partition, ...log })),
    }
    return this.decide((state) => registerBroker(state, registration, 0)).brokerEpoch
  }

  beat(id: number, wantsShutdown = false) {
    const { brokerEpoch } = this.image.brokers.get(id)!
    const beat = { id, brokerEpoch, appliedIndex: this.image.index, wantsShutdown }
    return this.decide((state) => heartbeat(state, beat, 0))
  }

  start(id: number): void {
    this.register(id)
    this.beat(id)
  }

  /** As if they had gone silent, one after the other. */
  fence(...ids: number[]): void {
    for (const id of ids) {
      for (const other of this.image.brokers.keys()) this.contactMs.set(other, other === id ? 0 : 100_000)
      this.decide((state) => fenceSilentBrokers(state, 100_000))
    }
  }

  createTopic(name = 't', partitions = 1) {
    const topic = { name, partitions, replicationFactor: -1, assignments: [], configs: [] }
    return this.decide((state) => createTopic(state, topic, false))
  }

  get topicId(): string {
    return this.image.topics.get('t')?.topicId ?? ''
  }

  get partition() {
    return this.image.partition('t', 0)!
  }
}

function threeBrokers(): Decider {
  const decider = new Decider()
  for (const id of [1, 2, 3]) decider.start(id)
  decider.createTopic()
  return decider
}

describe('a broker that goes silent', () => {
  test('is fenced, leaves the in-sync sets, and another one leads in a new epoch', () => {
    const decider = threeBrokers()
    const { leader, leaderEpoch } = decider.partition
    decider.fence(leader)
    expect(decider.image.isActive(leader)).toBe(false)
    expect(decider.partition.isr).not.toContain(leader)
    expect(decider.partition.isr).toContain(decider.partition.leader)
    expect(decider.partition.leaderEpoch).toBe(leaderEpoch + 1)
  })

  test('stays in the in-sync set as the last one, without leading, and leads when it is back', () => {
    const decider = threeBrokers()
    const [a, b, last] = decider.partition.replicas as [number, number, number]
    decider.fence(a, b, last)
    expect(decider.partition).toMatchObject({ isr: [last], leader: -1 })
    decider.beat(a)
    expect(decider.partition.leader).toBe(-1)
    decider.beat(last)
    expect(decider.partition.leader).toBe(last)
  })
})

describe('a broker that comes back', () => {
  test('from an unclean stop has lost its place in the in-sync sets', () => {
    const decider = threeBrokers()
    decider.register(3)
    expect(decider.partition.isr).toEqual(expect.arrayContaining([1, 2]))
    expect(decider.partition.isr).not.toContain(3)
  })

  test('from a clean stop under its last registration has kept it', () => {
    const decider = threeBrokers()
    const { brokerEpoch } = decider.image.brokers.get(3)!
    decider.register(3, [], brokerEpoch)
    expect(decider.partition.isr).toContain(3)
    expect(decider.partition.leader).not.toBe(3)
    // The mark of an earlier stop says nothing about this one.
    decider.register(3, [], brokerEpoch)
    expect(decider.partition.isr).not.toContain(3)
  })

  test('with all others, uncleanly, leads if its log is the longest of the latest epoch', () => {
    for (const best of [1, 2, 3]) {
      for (const order of [
        [1, 2, 3],
        [3, 1, 2],
        [2, 3, 1],
      ]) {
        const decider = threeBrokers()
        decider.image.apply({
          type: 'partition-change',
          topicId: decider.topicId,
          partition: 0,
          isr: [1, 2, 3],
        })
        for (const { id, brokerEpoch } of [...decider.image.brokers.values()]) {
          decider.image.apply({ type: 'fence-broker', id, brokerEpoch })
        }
        for (const id of order) {
          const log = id === best ? { lastEpoch: 1, endOffset: 5 } : { lastEpoch: 0, endOffset: 10 }
          decider.register(id, [log])
          decider.beat(id)
          if (id !== order[2]) expect(decider.partition.leader).toBe(-1)
        }
        expect(decider.partition).toMatchObject({ leader: best, isr: [best] })
        expect(decider.partition.suspects).toBeUndefined()
      }
    }
  })

  test('with all others, uncleanly and so soon that none was missed, leads if its log is the longest', () => {
    for (const best of [1, 2, 3]) {
      for (const order of [
        [1, 2, 3],
        [3, 1, 2],
        [2, 3, 1],
      ]) {
        const decider = threeBrokers()
        const isr = [1, 2, 3]
        decider.image.apply({ type: 'partition-change', topicId: decider.topicId, partition: 0, isr })
        // Another controller, for whom the image still calls all of them active.
        decider.heard.clear()
        for (const id of order) {
          decider.register(id, [{ lastEpoch: 0, endOffset: id === best ? 10 : 5 }])
          decider.beat(id)
        }
        expect(decider.partition).toMatchObject({ leader: best, isr: [best] })
      }
    }
  })

  test('uncleanly waits for the word of one that was there all the time, which then leads', () => {
    const decider = threeBrokers()
    const [a, b] = decider.partition.replicas as [number, number, number]
    decider.image.apply({ type: 'partition-change', topicId: decider.topicId, partition: 0, isr: [a, b] })
    decider.heard.clear()
    decider.register(a, [{ lastEpoch: 9, endOffset: 999 }])
    decider.beat(a)
    expect(decider.partition.leader).toBe(-1)
    decider.beat(b)
    expect(decider.partition).toMatchObject({ leader: b, isr: [b] })
  })

  test('uncleanly does not lead before one that had not stopped', () => {
    const decider = threeBrokers()
    const [, b, c] = decider.partition.replicas as [number, number, number]
    for (const { id, brokerEpoch } of [...decider.image.brokers.values()]) {
      decider.image.apply({ type: 'fence-broker', id, brokerEpoch })
    }
    decider.image.apply({ type: 'partition-change', topicId: decider.topicId, partition: 0, isr: [b, c] })
    decider.register(b, [{ lastEpoch: 9, endOffset: 999 }])
    decider.beat(b)
    expect(decider.partition.leader).toBe(-1)
    decider.beat(c)
    expect(decider.partition).toMatchObject({ leader: c, isr: [c] })
  })
})

describe('a heartbeat', () => {
  test('under another broker epoch is refused', () => {
    const decider = threeBrokers()
    const beat = { id: 1, brokerEpoch: 999, appliedIndex: 999, wantsShutdown: false }
    expect(decider.decide((state) => heartbeat(state, beat, 0)).error).toBe('STALE_BROKER_EPOCH')
  })

  test('that wants to shut down moves leadership, and then may', () => {
    const decider = threeBrokers()
    const { leader } = decider.partition
    expect(decider.beat(leader, true).mayShutDown).toBe(false)
    expect(decider.partition.leader).not.toBe(leader)
    expect(decider.beat(leader, true).mayShutDown).toBe(true)
  })
})

describe('a change of the in-sync set', () => {
  const alter = (decider: Decider, overrides: object, ids: readonly number[] = [1, 2, 3]) => {
    const { leader, leaderEpoch, partitionEpoch } = decider.partition
    const epochOf = (id: number) => decider.image.brokers.get(id)!.brokerEpoch
    const isr = ids.map((brokerId) => ({ brokerId, brokerEpoch: epochOf(brokerId) }))
    const change = { topicId: decider.topicId, partition: 0, leaderEpoch, partitionEpoch, isr, ...overrides }
    const request = { brokerId: leader, brokerEpoch: epochOf(leader), changes: [change] }
    return decider.decide((state) => alterPartitions(state, request)).partitions[0]!.error
  }

  test('is taken under the present epochs', () => {
    const decider = threeBrokers()
    const { leader } = decider.partition
    expect(alter(decider, {}, [leader])).toBe('NONE')
    expect(decider.partition.isr).toEqual([leader])
  })

  test('under a stale leader or partition epoch is refused', () => {
    const decider = threeBrokers()
    decider.fence(decider.partition.leader)
    const { leaderEpoch, partitionEpoch } = decider.partition
    expect(alter(decider, { leaderEpoch: leaderEpoch - 1 })).toBe('FENCED_LEADER_EPOCH')
    expect(alter(decider, { partitionEpoch: partitionEpoch - 1 })).toBe('INVALID_UPDATE_VERSION')
    expect(alter(decider, { partitionEpoch: partitionEpoch + 1 })).toBe('NOT_CONTROLLER')
  })

  test('that lets in a fenced broker, or one of an earlier registration, is refused', () => {
    const decider = threeBrokers()
    const follower = decider.partition.replicas.find((id) => id !== decider.partition.leader)!
    const old = decider.image.brokers.get(follower)!.brokerEpoch
    decider.register(follower)
    expect(alter(decider, {})).toBe('INELIGIBLE_REPLICA')
    decider.beat(follower)
    const others = [1, 2, 3].filter((id) => id !== follower)
    const isr = [
      ...others.map((brokerId) => ({
        brokerId,
        brokerEpoch: decider.image.brokers.get(brokerId)!.brokerEpoch,
      })),
      { brokerId: follower, brokerEpoch: old },
    ]
    expect(alter(decider, { isr })).toBe('INELIGIBLE_REPLICA')
    expect(alter(decider, {})).toBe('NONE')
  })
})

describe('topics', () => {
  test('are created with replicas spread over the brokers', () => {
    const decider = threeBrokers()
    decider.createTopic('many', 6)
    const leaders = decider.image.topics.get('many')!.partitions.map(({ leader }) => leader)
    expect([1, 2, 3].map((id) => leaders.filter((leader) => leader === id).length)).toEqual([2, 2, 2])
  })

  test('are refused with Kafka’s errors', () => {
    const decider = threeBrokers()
    const create = (overrides: object) => {
      const topic = {
        name: 'n',
        partitions: 1,
        replicationFactor: 1,
        assignments: [],
        configs: [],
        ...overrides,
      }
      return decider.decide((state) => createTopic(state, topic, false)).error
    }
    expect(create({ name: 't' })).toBe('TOPIC_ALREADY_EXISTS')
    expect(create({ name: 'a b' })).toBe('INVALID_TOPIC_EXCEPTION')
    expect(create({ name: '..' })).toBe('INVALID_TOPIC_EXCEPTION')
    expect(create({ partitions: 0 })).toBe('INVALID_PARTITIONS')
    expect(create({ replicationFactor: 4 })).toBe('INVALID_REPLICATION_FACTOR')
    expect(create({ replicationFactor: 0 })).toBe('INVALID_REPLICATION_FACTOR')
    expect(create({ configs: [{ name: 'retention.ms', value: 'x' }] })).toBe('INVALID_CONFIG')
    expect(create({ configs: [{ name: 'no.such', value: '1' }] })).toBe('INVALID_CONFIG')
    expect(create({ partitions: -1, replicationFactor: -1, assignments: [[1, 1]] })).toBe(
      'INVALID_REPLICA_ASSIGNMENT',
    )
    expect(create({ partitions: -1, replicationFactor: -1, assignments: [[7]] })).toBe(
      'INVALID_REPLICA_ASSIGNMENT',
    )
    expect(create({ name: 'x.y' })).toBe('NONE')
    expect(create({ name: 'x_y' })).toBe('INVALID_TOPIC_EXCEPTION')
  })

  test('get more partitions, never fewer, and go', () => {
    const decider = threeBrokers()
    const grow = (count: number) => {
      const request = { name: 't', count, assignments: null }
      return decider.decide((state) => createPartitions(state, request, false)).error
    }
    expect(grow(1)).toBe('INVALID_PARTITIONS')
    expect(grow(3)).toBe('NONE')
    expect(grow(2)).toBe('INVALID_PARTITIONS')
    expect(decider.image.topics.get('t')!.partitions).toHaveLength(3)
    const { topicId } = decider
    decider.decide((state) => deleteTopic(state, topicId))
    expect(decider.image.topicById(topicId)).toBeUndefined()
  })
})

test('the image is the same after JSON', () => {
  const decider = threeBrokers()
  decider.fence(1)
  const text = decider.image.toJson()
  expect(ClusterImage.fromJson(text).toJson()).toBe(text)
  expect(JSON.parse(text).topics).toHaveLength(1)
})

test('replicas of a partition are on different brokers, and followers of one leader differ', () => {
  const placed = placeReplicas([1, 2, 3, 4], 12, 3, 2)
  for (const replicas of placed) expect(new Set(replicas).size).toBe(3)
  const ledByOne = placed.filter(([leader]) => leader === 1).map((replicas) => replicas.join())
  expect(new Set(ledByOne).size).toBe(3)
})

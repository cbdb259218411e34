import { describe, expect, test } from 'vitest'
import {
  cooperativeStickyAssignor,
  createStickyAssignor,
  type PartitionAssignor,
  rangeAssignor,
  roundRobinAssignor,
} from '../../engine/client/index.ts'
import { bytes, type ClientWorld, Member, runFor, runUntil, take } from './client-world.ts'

/** Consumer groups: on any cluster of three brokers. */
export function groupSuite(given: () => ClientWorld): void {
  describe('groups', () => {
    test.each<[string, () => PartitionAssignor, number[]]>([
      // Topic by topic, the first of two members gets one more.
      ['range', () => rangeAssignor, [2, 4]],
      ['roundrobin', () => roundRobinAssignor, [3, 3]],
      ['sticky', createStickyAssignor, [3, 3]],
      ['cooperative-sticky', () => cooperativeStickyAssignor, [3, 3]],
    ])('members come and go, every record is read, none by two at once (%s)', async (_, assignor, left) => {
      const world = given()
      const [one, two] = [await world.newTopic(3), await world.newTopic(3)]
      const producer = world.newProducer()
      let produced = 0
      const feed = setInterval(() => {
        const topic = produced % 2 === 0 ? one : two
        producer.post({ topic, partition: produced % 3, key: null, value: bytes(String(produced++)) })
      }, 5)
      const members = [0, 1, 2].map(() => new Member(world, `g-${one}`, assignor(), [one, two]))
      const [first, second, third] = members as [Member, Member, Member]
      const shares = (...some: Member[]) => some.map((member) => member.owned.size).sort()
      const share = (some: Member[], sizes: number[]) =>
        runUntil(some, () => String(shares(...some)) === String(sizes), `shares of ${sizes}`)
      try {
        await share([first], [6])
        await runUntil([first], () => first.values.length > 20, 'the first one reads')
        await share(members, [2, 2, 2])
        expect(new Set(members.flatMap((member) => [...member.owned])).size).toBe(6)
        await second.close()
        await share([first, third], left)
      } finally {
        clearInterval(feed)
      }
      await producer.flush()
      const read = () => members.flatMap((member) => member.values)
      await runUntil([first, third], () => read().length >= produced, 'all is read')
      await runFor([first, third], 200)
      // Who gives up in order commits before: nothing is read twice.
      expect(read()).toHaveLength(produced)
      expect(new Set(read()).size).toBe(produced)
      expect(members.flatMap((member) => member.lost)).toEqual([])
    })

    test('manual commits survive the consumer, with their metadata', async () => {
      const world = given()
      const topic = await world.newTopic(1)
      await world.fill(topic, 1, 20)
      const place = { topic, partition: 0 }
      const first = world.newConsumer({ groupId: `g-${topic}`, recordsPerPollMax: 5 })
      first.subscribe([topic])
      expect(await take(first, 5)).toHaveLength(5)
      await first.commit()
      await first.commit([{ ...place, offset: 7, metadata: 'half way' }])
      expect(await first.committed([place])).toMatchObject([
        { ...place, committed: { offset: 7, metadata: 'half way' } },
      ])
      expect(first.groupMetadata()).toMatchObject({ groupId: `g-${topic}`, generation: 1 })
      await first.close()
      const second = world.newConsumer({ groupId: `g-${topic}` })
      second.subscribe([topic])
      expect((await take(second, 13))[0]!.offset).toBe(7)
    })

    test('a closed member leaves at once, and the group can be reset', async () => {
      const world = given()
      const topic = await world.newTopic(1)
      await world.fill(topic, 1, 10)
      const groupId = `g-${topic}`
      const consumer = world.newConsumer({ groupId, autoCommitIntervalMs: 100 })
      consumer.subscribe([topic])
      await take(consumer, 10)
      const refused = world.admin.resetGroupOffsets(groupId, [{ topic, partition: 0, offset: 3 }])
      await expect(refused).rejects.toMatchObject({ code: 'NON_EMPTY_GROUP' })
      await consumer.close()
      const [group] = await world.admin.describeGroups([groupId])
      expect(group).toMatchObject({ groupId, state: 'Empty', members: [] })
      expect(await world.admin.groupOffsets(groupId)).toMatchObject([{ topic, partition: 0, offset: 10 }])
      await world.admin.resetGroupOffsets(groupId, [{ topic, partition: 0, offset: 3 }])
      expect(await world.admin.groupOffsets(groupId)).toMatchObject([{ topic, partition: 0, offset: 3 }])
      expect((await world.admin.listGroups()).find((one) => one.groupId === groupId)).toMatchObject({
        state: 'Empty',
      })
    })

    test('a static member that comes back in time keeps its partitions without a rebalance', async () => {
      const world = given()
      const topic = await world.newTopic(2)
      const generations: number[] = []
      for (let round = 0; round < 2; round++) {
        const member = world.newConsumer({ groupId: `g-${topic}`, groupInstanceId: 'one' })
        member.subscribe([topic])
        while (member.assignment().length === 0) await member.poll(100)
        generations.push(member.groupMetadata().generation)
        await member.close()
      }
      expect(generations[1]).toBe(generations[0])
    })

    test('a listener that throws once keeps nothing from being read', async () => {
      const world = given()
      const topic = await world.newTopic(2)
      const failing = { assigned: true, revoked: true }
      const assigned: string[] = []
      const fail = (what: 'assigned' | 'revoked') => {
        if (!failing[what]) return
        failing[what] = false
        throw new Error(`not ${what} this time`)
      }
      const options = {
        groupId: `g-${topic}`,
        assignors: [cooperativeStickyAssignor],
        heartbeatIntervalMs: 100,
      }
      const first = world.newConsumer(options)
      first.subscribe([topic], {
        onAssigned: (added) => {
          fail('assigned')
          assigned.push(...added.map(({ partition }) => `${partition}`))
        },
        onRevoked: () => fail('revoked'),
      })
      const said: string[] = []
      const poll = () => first.poll(20).catch((thrown: Error) => void said.push(thrown.message))
      while (assigned.length < 2) await poll()
      const second = world.newConsumer(options)
      second.subscribe([topic])
      while (second.assignment().length === 0) await Promise.all([poll(), second.poll(20)])
      expect(first.assignment()).toHaveLength(1)
      expect(assigned.sort()).toEqual(['0', '1'])
      expect(said).toEqual(['not assigned this time', 'not revoked this time'])
    })

    test('a topic that is made after the subscription is read', async () => {
      const world = given()
      const known = await world.newTopic(1)
      const later = `${known}-later`
      const consumer = world.newConsumer({ groupId: `g-${known}`, metadataMaxAgeMs: 500 })
      consumer.subscribe([known, later])
      while (consumer.assignment().length === 0) await consumer.poll(100)
      await world.admin.createTopics([{ name: later, partitions: 2 }])
      await world.fill(later, 2, 10)
      expect((await take(consumer, 10)).every(({ topic }) => topic === later)).toBe(true)
      expect(consumer.assignment()).toHaveLength(3)
    })

    test('new partitions of a topic are read', async () => {
      const world = given()
      const topic = await world.newTopic(1)
      const consumer = world.newConsumer({
        groupId: `g-${topic}`,
        metadataMaxAgeMs: 300,
        // What was read before the rebalance is not read again after it.
        autoCommitIntervalMs: 100,
      })
      consumer.subscribe([topic])
      while (consumer.assignment().length === 0) await consumer.poll(100)
      await world.admin.createPartitions(topic, 3)
      await world.fill(topic, 3, 9)
      expect(await take(consumer, 9)).toHaveLength(9)
    })

    test('a member that does not poll in time is put out, and told so', async () => {
      const world = given()
      const topic = await world.newTopic(1)
      const stuck = new Member(world, `g-${topic}`, rangeAssignor, [topic], { rebalanceTimeoutMs: 1000 })
      await runUntil([stuck], () => stuck.owned.size === 1, 'the first member owns the partition')
      const other = new Member(world, `g-${topic}`, rangeAssignor, [topic])
      await runUntil([other], () => other.owned.size === 1, 'the second member owns the partition')
      await runUntil([stuck], () => stuck.lost.length > 0, 'the first one is told')
      expect(stuck.lost).toEqual([`${topic}-0`])
    })
  })
}

import { describe, expect, test } from 'vitest'
import { type ConsumerRecord, cooperativeStickyAssignor } from '../../engine/client/index.ts'
import { bytes, type ClientWorld, Member, partitionsUntil, runFor, runUntil, sleep } from './client-world.ts'

/** Brokers that die and come back. To be run last, as brokers need a moment to be whole again. */
export function failoverSuite(given: () => ClientWorld): void {
  describe('when brokers die', () => {
    test('killing leaders loses, doubles and reorders nothing', async () => {
      const world = given()
      const topic = await world.newTopic(3)
      const producer = world.newProducer({ lingerMs: 1, batchBytesMax: 2000 })
      const consumer = world.newConsumer()
      consumer.assign([0, 1, 2].map((partition) => ({ topic, partition })))
      const read: ConsumerRecord[] = []
      let isDone = false
      let sent = 0
      const reading = (async () => {
        while (!isDone || read.length < sent) read.push(...(await consumer.poll(200)))
      })()
      // Looked at below; if the test fails before, that is what is to be told.
      reading.catch(() => undefined)
      const errors: unknown[] = []
      const feed = setInterval(() => {
        for (let burst = 0; burst < 20; burst++) {
          const partition = sent % 3
          producer.post({ topic, partition, key: null, value: bytes(String(sent++)) }, (error) =>
            errors.push(error),
          )
        }
      }, 5)
      for (const id of [1, 2]) {
        await sleep(500)
        await world.cluster.kill(id)
        await partitionsUntil(world, topic, ({ leader }) => leader >= 0 && leader !== id)
        await sleep(500)
        await world.cluster.restart(id)
        await partitionsUntil(world, topic, ({ inSyncReplicas }) => inSyncReplicas.length === 3)
      }
      clearInterval(feed)
      await producer.flush()
      isDone = true
      await reading
      expect(errors).toEqual([])
      expect(read).toHaveLength(sent)
      for (const partition of [0, 1, 2]) {
        const values = read
          .filter((record) => record.partition === partition)
          .map(({ value }) => Number(value))
        expect(values).toEqual(Array.from({ length: values.length }, (_, index) => index * 3 + partition))
      }
    }, 300_000)

    test('a group goes on when its coordinator is killed', async () => {
      const world = given()
      const topic = await world.newTopic(3)
      const groupId = `g-${topic}`
      const members = [0, 1].map(() => new Member(world, groupId, cooperativeStickyAssignor, [topic]))
      const owned = () => members.flatMap((member) => [...member.owned])
      await runUntil(members, () => members.every(({ owned }) => owned.size > 0), 'both own something')
      const [group] = await world.admin.describeGroups([groupId])
      await world.cluster.kill(group!.coordinator)
      const producer = world.newProducer()
      for (let index = 0; index < 300; index++) {
        producer.post({ topic, partition: index % 3, key: null, value: bytes(String(index)) })
        if (index % 5 === 0) await runFor(members, 10)
      }
      const read = () => new Set(members.flatMap((member) => member.values))
      await runUntil(members, () => read().size === 300, 'all is read', 60_000)
      await producer.flush()
      // Until a commit has gone through under the new coordinator.
      let committed: number[] = []
      for (let tries = 0; tries < 100 && String(committed) !== '100,100,100'; tries++) {
        await runFor(members, 200)
        committed = (await world.admin.groupOffsets(groupId)).map(({ offset }) => offset)
      }
      expect(committed).toEqual([100, 100, 100])
      expect(new Set(owned()).size).toBe(3)
      expect(owned()).toHaveLength(3)
      await world.cluster.restart(group!.coordinator)
    }, 300_000)
  })
}

import { afterEach, expect, test } from 'vitest'
import { createAdmin, createConsumer } from '../../engine/client/index.ts'
import type { EmbeddedCluster } from '../../engine/cluster/index.ts'
import { ClusterWorld, environment } from './cluster-world.ts'

const world = new ClusterWorld()
afterEach(() => world.end())

const topics = [
  { name: 't', partitions: 1 },
  { name: 'u', partitions: 1 },
]

function adminOf({ bootstrap }: EmbeddedCluster) {
  return createAdmin(environment, { bootstrap })
}

/** A member that is in the group and has committed for both topics. */
async function memberOf(cluster: EmbeddedCluster, groupId: string) {
  const consumer = createConsumer(environment, {
    bootstrap: cluster.bootstrap,
    groupId,
    autoOffsetReset: 'earliest',
  })
  consumer.subscribe(['t'])
  while (consumer.assignment().length === 0) await consumer.poll(50)
  await consumer.commit([
    { topic: 't', partition: 0, offset: 3 },
    { topic: 'u', partition: 0, offset: 4 },
  ])
  return consumer
}

test('a group is deleted with its offsets once its members have left, for good', async () => {
  const dataFolder = await world.folder()
  const cluster = await world.start({ topics, dataFolder })
  const admin = adminOf(cluster)
  const consumer = await memberOf(cluster, 'g')
  await expect(admin.deleteGroups(['g'])).rejects.toMatchObject({ code: 'NON_EMPTY_GROUP' })
  await consumer.close()
  await admin.deleteGroups(['g'])
  expect(await admin.groupOffsets('g')).toEqual([])
  expect(await admin.listGroups()).toEqual([])
  await expect(admin.deleteGroups(['g'])).rejects.toMatchObject({ code: 'GROUP_ID_NOT_FOUND' })
  await cluster.stop()
  const again = adminOf(await world.start({ dataFolder }))
  expect(await again.listGroups()).toEqual([])
  expect(await again.groupOffsets('g')).toEqual([])
})

test('offsets are deleted of topics that no member reads', async () => {
  const cluster = await world.start({ topics })
  const admin = adminOf(cluster)
  const consumer = await memberOf(cluster, 'g')
  const deleted = admin.deleteGroupOffsets('g', [{ topic: 't', partition: 0 }])
  await expect(deleted).rejects.toMatchObject({ code: 'GROUP_SUBSCRIBED_TO_TOPIC' })
  await admin.deleteGroupOffsets('g', [{ topic: 'u', partition: 0 }])
  expect(await admin.groupOffsets('g')).toMatchObject([{ topic: 't', offset: 3 }])
  await consumer.close()
  const absent = admin.deleteGroupOffsets('absent', [{ topic: 'u', partition: 0 }])
  await expect(absent).rejects.toMatchObject({ code: 'GROUP_ID_NOT_FOUND' })
})

test('offsets that nobody uses go after their time, and the group with the last of them', async () => {
  // The shortest time is a minute: the clock of the brokers runs ahead instead.
  let aheadMs = 0
  const clock = {
    nowMs: () => environment.clock.nowMs() + aheadMs,
    monotonicMs: () => environment.clock.monotonicMs() + aheadMs,
  }
  const settings = { 'offsets.retention.minutes': '1', 'offsets.retention.check.interval.ms': '100' }
  const cluster = await world.start({ topics, settings, brokers: 1 }, { ...environment, clock })
  const admin = adminOf(cluster)
  const staying = await memberOf(cluster, 'staying')
  await (await memberOf(cluster, 'leaving')).close()
  const left = async () => (await admin.listGroups()).map(({ groupId }) => groupId)
  expect(await left()).toEqual(['leaving', 'staying'])
  aheadMs = 61_000
  await expect.poll(left, { timeout: 20_000 }).toEqual(['staying'])
  // Of the one that is still there: what it does not read.
  await expect
    .poll(async () => (await admin.groupOffsets('staying')).map(({ topic }) => topic), { timeout: 20_000 })
    .toEqual(['t'])
  await staying.close()
})

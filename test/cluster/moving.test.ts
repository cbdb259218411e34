import { afterEach, expect, test } from 'vitest'
import { createAdmin } from '../../engine/client/index.ts'
import type { EmbeddedCluster } from '../../engine/cluster/index.ts'
import { ClusterWorld, environment, isWhole, leaderOf, numbers, until } from './cluster-world.ts'

const world = new ClusterWorld()
afterEach(() => world.end())

function adminOf({ bootstrap }: EmbeddedCluster) {
  return createAdmin(environment, { bootstrap })
}

function replicasOf(cluster: EmbeddedCluster) {
  const { replicas, inSyncReplicas } = cluster.status().topics.find(({ name }) => name === 't')!
    .partitions[0]!
  return { replicas, inSync: [...inSyncReplicas].sort() }
}

const here = { topic: 't', partition: 0 }

test('replicas move to other brokers with all records, while more are written', async () => {
  const topics = [{ name: 't', partitions: 1, replicationFactor: 2 }]
  const cluster = await world.start({ brokers: 4, topics })
  const admin = adminOf(cluster)
  await world.write(cluster, 't', numbers(0, 500))
  const { replicas } = replicasOf(cluster)
  const target = [1, 2, 3, 4].filter((id) => !replicas.includes(id))
  const writing = world.write(cluster, 't', numbers(500, 1000))
  await admin.reassignPartitions([{ ...here, replicas: target }])
  await until(() => JSON.stringify(replicasOf(cluster).replicas) === JSON.stringify(target))
  await writing
  expect(await admin.listReassignments()).toEqual([])
  await until(() => isWhole(cluster))
  expect(replicasOf(cluster)).toEqual({ replicas: target, inSync: [...target].sort() })
  expect(await world.read(cluster, 't', 1000)).toEqual(numbers(0, 1000))
  // Those that were left have no files of it any more, and can have it back.
  for (const id of replicas) {
    await expect
      .poll(async () => (await admin.describeLogDirs(id)).map(({ topic }) => topic))
      .not.toContain('t')
  }
  await admin.reassignPartitions([{ ...here, replicas }])
  await until(
    () => isWhole(cluster) && JSON.stringify(replicasOf(cluster).replicas) === JSON.stringify(replicas),
  )
  await cluster.kill(target[0]!)
  expect(await world.read(cluster, 't', 1000)).toEqual(numbers(0, 1000))
})

test('a move to a broker that is away waits, is listed, and can be taken back', async () => {
  const topics = [{ name: 't', partitions: 1, replicationFactor: 2 }]
  const cluster = await world.start({ brokers: 4, topics })
  const admin = adminOf(cluster)
  await world.write(cluster, 't', numbers(0, 10))
  const { replicas } = replicasOf(cluster)
  const away = [1, 2, 3, 4].find((id) => !replicas.includes(id))!
  await cluster.kill(away)
  await admin.reassignPartitions([{ ...here, replicas: [away, replicas[0]!] }])
  expect(await admin.listReassignments()).toEqual([
    { ...here, replicas: [away, replicas[0], replicas[1]], adding: [away], removing: [replicas[1]] },
  ])
  await admin.reassignPartitions([{ ...here, replicas: null }])
  expect(await admin.listReassignments()).toEqual([])
  await until(() => replicasOf(cluster).replicas.length === 2)
  expect(replicasOf(cluster).replicas.toSorted()).toEqual([...replicas].sort())
  const again = admin.reassignPartitions([{ ...here, replicas: null }])
  await expect(again).rejects.toMatchObject({ code: 'NO_REASSIGNMENT_IN_PROGRESS' })
  const unknown = admin.reassignPartitions([{ ...here, replicas: [9] }])
  await expect(unknown).rejects.toMatchObject({ code: 'INVALID_REPLICA_ASSIGNMENT' })
})

test('leadership goes back to the preferred replica when it is asked for', async () => {
  const settings = { 'leader.imbalance.check.interval.seconds': '1', 'auto.leader.rebalance.enable': 'false' }
  const cluster = await world.start({ settings, topics: [{ name: 't', partitions: 1 }] })
  const admin = adminOf(cluster)
  const preferred = replicasOf(cluster).replicas[0]!
  const bounce = async () => {
    await cluster.stopBroker(preferred)
    await until(() => leaderOf(cluster, 't') !== preferred)
    await cluster.startBroker(preferred)
    await until(() => isWhole(cluster))
  }
  await bounce()
  expect(leaderOf(cluster, 't')).not.toBe(preferred)
  expect(await admin.electLeaders('preferred', [here])).toEqual([{ ...here, error: undefined }])
  expect(leaderOf(cluster, 't')).toBe(preferred)
  expect(await admin.electLeaders('preferred', [here])).toEqual([{ ...here, error: 'ELECTION_NOT_NEEDED' }])
  expect(await admin.electLeaders('preferred', null)).toEqual([])
  expect(await admin.electLeaders('unclean', [here])).toEqual([{ ...here, error: 'ELECTION_NOT_NEEDED' }])
})

test('leadership goes back by itself where that is wanted', async () => {
  const settings = { 'leader.imbalance.check.interval.seconds': '1' }
  const cluster = await world.start({ settings, topics: [{ name: 't', partitions: 1 }] })
  const preferred = replicasOf(cluster).replicas[0]!
  await cluster.stopBroker(preferred)
  await until(() => leaderOf(cluster, 't') !== preferred)
  await cluster.startBroker(preferred)
  await until(() => leaderOf(cluster, 't') === preferred)
})

test.each([false, true])(
  'a replica out of sync leads only where unclean election is allowed: %s',
  async (isAllowed) => {
    const configs = { 'unclean.leader.election.enable': String(isAllowed), 'min.insync.replicas': '1' }
    const topics = [{ name: 't', partitions: 1, replicationFactor: 2, configs }]
    // Two are away at a time, and the quorum of five goes on.
    const cluster = await world.start({ brokers: 5, topics })
    await world.write(cluster, 't', numbers(0, 10))
    const [first, second] = replicasOf(cluster).replicas as [number, number]
    await cluster.kill(second)
    await until(() => replicasOf(cluster).inSync.length === 1)
    await cluster.kill(first)
    await cluster.startBroker(second)
    if (isAllowed) await until(() => leaderOf(cluster, 't') === second)
    else {
      const isBack = () => cluster.status().brokers.find(({ id }) => id === second)?.state === 'running'
      await until(() => isBack() && leaderOf(cluster, 't') === -1)
      const asked = await adminOf(cluster).electLeaders('unclean', [here])
      expect(asked).toEqual([{ ...here, error: undefined }])
      await until(() => leaderOf(cluster, 't') === second)
    }
  },
)

test('records before an offset are deleted on every replica', async () => {
  const cluster = await world.start({ topics: [{ name: 't', partitions: 1 }] })
  const admin = adminOf(cluster)
  await world.write(cluster, 't', numbers(0, 100))
  expect(await admin.deleteRecords([{ ...here, offset: 40 }])).toEqual([{ ...here, lowWatermark: 40 }])
  expect(await world.read(cluster, 't', 60)).toEqual(expect.arrayContaining(numbers(60, 100)))
  const starts = () => admin.listOffsets([{ ...here, spec: 'earliest' }])
  expect((await starts())[0]!.offset).toBe(40)
  await cluster.kill(leaderOf(cluster, 't'))
  expect((await starts())[0]!.offset).toBe(40)
  const beyond = admin.deleteRecords([{ ...here, offset: 101 }])
  await expect(beyond).rejects.toMatchObject({ code: 'OFFSET_OUT_OF_RANGE' })
  await admin.deleteRecords([{ ...here, offset: -1 }])
  expect((await starts())[0]!.offset).toBe(100)
})

test('the quorum is described from any broker, and sizes on disk by each', async () => {
  const cluster = await world.start({ topics: [{ name: 't', partitions: 1 }] })
  const admin = adminOf(cluster)
  await world.write(cluster, 't', numbers(0, 100))
  const { leaderId, highWatermark, voters } = await admin.describeQuorum()
  expect([1, 2, 3]).toContain(leaderId)
  expect(voters.map(({ id }) => id).sort()).toEqual([1, 2, 3])
  expect(highWatermark).toBeGreaterThan(1)
  const sizes = await Promise.all([1, 2, 3].map((id) => admin.describeLogDirs(id)))
  const ofTopic = sizes.map((list) => list.find(({ topic }) => topic === 't'))
  for (const size of ofTopic) expect(size!.sizeBytes).toBeGreaterThan(600)
})

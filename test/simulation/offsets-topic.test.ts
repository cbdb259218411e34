/** The topic that groups keep their state in, from birth to what becomes of offsets whose topic is gone. */
import { expect, test } from 'vitest'
import { type Admin, createAdmin, createConsumer, createProducer } from '../../engine/client/index.ts'
import { createCodeLoader, nodeCodecs } from '../../engine/node/environment/index.ts'
import { World } from '../../engine/sim/index.ts'
import { brokerIds, nodeOf, SimCluster } from './sim-cluster.ts'

const drain = () => new Promise<void>((resolve) => setImmediate(resolve))

function createWorld(): { world: World; cluster: SimCluster } {
  const world = new World({ seed: 1, drain, codecs: nodeCodecs, code: createCodeLoader() })
  return { world, cluster: new SimCluster(world) }
}

/** Offsets of a simple consumer, which is in no group's generation. */
async function commit(world: World, cluster: SimCluster, groupId: string, topic: string, offset: number) {
  const consumer = createConsumer(world.node('client'), { bootstrap: cluster.bootstrap, groupId })
  consumer.assign([{ topic, partition: 0 }])
  await world.scheduler.settle(consumer.commit([{ topic, partition: 0, offset }]))
  await world.scheduler.settle(consumer.close())
}

async function createTopic({ scheduler }: World, admin: Admin, name: string): Promise<void> {
  await scheduler.settle(admin.createTopics([{ name, partitions: 1 }]))
}

test('a client that asks before all brokers are there waits for them: its groups lie on three', async () => {
  const { world, cluster } = createWorld()
  for (const id of brokerIds.slice(0, 2)) cluster.start(id)
  const consumer = createConsumer(world.node('client'), { bootstrap: cluster.bootstrap, groupId: 'g' })
  consumer.subscribe(['t'])
  const polling = consumer.poll(60_000)
  await world.scheduler.runFor(5000)
  cluster.start(3)
  const offsets = () => cluster.replicas().filter(({ replica }) => replica.topic === '__consumer_offsets')
  expect(await world.scheduler.runUntil(() => offsets().length > 0 && cluster.isInSync, 20_000)).toBe(true)
  for (const { replica } of offsets()) expect(replica.state!.replicas).toHaveLength(3)
  await world.scheduler.settle(polling, 120_000)
  await world.scheduler.settle(consumer.close())
})

test('a topic that is deleted takes its committed offsets with it, and its successor is read from the start', async () => {
  const { world, cluster } = createWorld()
  const { scheduler } = world
  for (const id of brokerIds) cluster.start(id)
  await scheduler.runUntil(() => cluster.isActive, 10_000)
  const admin = createAdmin(world.node('client'), { bootstrap: cluster.bootstrap })
  await createTopic(world, admin, 'kept')
  await createTopic(world, admin, 'gone')
  await commit(world, cluster, 'both', 'kept', 3)
  await commit(world, cluster, 'both', 'gone', 5000)
  await commit(world, cluster, 'one', 'gone', 5000)
  const groups = () => scheduler.settle(admin.listGroups())
  expect((await groups()).map(({ groupId }) => groupId).sort()).toEqual(['both', 'one'])
  await scheduler.settle(admin.deleteTopics(['gone']))
  await scheduler.runFor(1000)
  await createTopic(world, admin, 'gone')
  const committed = async () =>
    (await scheduler.settle(admin.groupOffsets('both'))).map(({ topic, offset }) => `${topic} ${offset}`)
  expect(await committed()).toEqual(['kept 3'])

  // Also for those that take the groups over, from what is stored.
  for (const id of brokerIds) {
    world.crash(nodeOf(id), { keepsDisk: true })
    cluster.forget(id)
  }
  for (const id of brokerIds) {
    world.restart(nodeOf(id))
    cluster.start(id)
  }
  await scheduler.runUntil(() => cluster.isInSync, 20_000)
  expect(await committed()).toEqual(['kept 3'])
  expect((await groups()).map(({ groupId }) => groupId)).toEqual(['both'])

  const producer = createProducer(world.node('client'), { bootstrap: cluster.bootstrap })
  await scheduler.settle(producer.send({ topic: 'gone', key: null, value: Buffer.from('first') }))
  const consumer = createConsumer(world.node('client'), {
    bootstrap: cluster.bootstrap,
    groupId: 'one',
    autoOffsetReset: 'earliest',
  })
  consumer.subscribe(['gone'])
  const read = async () => {
    for (;;) for (const { value } of await consumer.poll(100)) return String(value)
  }
  expect(await scheduler.settle(read())).toBe('first')
})

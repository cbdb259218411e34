import { afterEach, expect, test } from 'vitest'
import { createConsumer } from '../../engine/client/index.ts'
import { ClusterWorld, environment } from './cluster-world.ts'

const world = new ClusterWorld()
afterEach(() => world.end())

test('what groups have stored cannot be written by clients', async () => {
  const cluster = await world.start({ brokers: 1, topics: [{ name: 't', replicationFactor: 1 }] })
  await world.write(cluster, 't', ['a'])
  const options = { bootstrap: cluster.bootstrap, groupId: 'g', autoOffsetReset: 'earliest' as const }
  const consumer = createConsumer(environment, options)
  consumer.subscribe(['t'])
  await expect.poll(async () => (await consumer.poll(100)).length, { timeout: 15_000 }).toBe(1)
  await consumer.close()
  const written = world
    .producer(cluster)
    .send({ topic: '__consumer_offsets', partition: 0, key: Buffer.from('a'), value: Buffer.from('b') })
  await expect(written).rejects.toMatchObject({ code: 'INVALID_TOPIC_EXCEPTION' })
})

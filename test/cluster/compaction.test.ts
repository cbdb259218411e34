import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { createConsumer } from '../../engine/client/index.ts'
import type { EmbeddedCluster } from '../../engine/cluster/index.ts'
import { ClusterWorld, environment, isWhole, leaderOf, until } from './cluster-world.ts'

const world = new ClusterWorld()
afterEach(() => world.end())

const keys = 20
const rounds = 500

/** All records from the start on, as key and value. */
async function readAll(cluster: EmbeddedCluster): Promise<[string, string][]> {
  const { highWatermark } = cluster.status().topics.find(({ name }) => name === 't')!.partitions[0]!
  const consumer = createConsumer(environment, {
    bootstrap: cluster.bootstrap,
    autoOffsetReset: 'earliest',
  })
  consumer.assign([{ topic: 't', partition: 0 }])
  const records: [string, string][] = []
  while ((consumer.position({ topic: 't', partition: 0 }) ?? 0) < highWatermark) {
    for (const { key, value } of await consumer.poll(100)) records.push([String(key), String(value)])
  }
  await consumer.close()
  return records
}

test('a compacted topic keeps the latest of every key, on every replica, and a consumer finds its way', async () => {
  const cluster = await world.start({
    settings: { 'log.cleaner.backoff.ms': '100' },
    topics: [
      {
        name: 't',
        partitions: 1,
        configs: {
          'cleanup.policy': 'compact',
          'segment.bytes': '20000',
          'min.cleanable.dirty.ratio': '0.01',
        },
      },
    ],
  })
  const producer = world.producer(cluster)
  for (let round = 0; round < rounds; round++) {
    for (let key = 0; key < keys; key++) {
      producer.post({ topic: 't', key: Buffer.from(`k${key}`), value: Buffer.from(`${round}`.padStart(30)) })
    }
    if (round % 20 === 0) await producer.flush()
  }
  await producer.flush()
  const expected = new Map(
    Array.from({ length: keys }, (_, key) => [`k${key}`, `${rounds - 1}`.padStart(30)]),
  )
  for (let replica = 0; replica < 3; replica++) {
    await expect
      .poll(async () => (await readAll(cluster)).length, { timeout: 60_000 })
      .toBeLessThan((keys * rounds) / 4)
    expect(new Map(await readAll(cluster))).toEqual(expected)
    const before = leaderOf(cluster, 't')
    await cluster.kill(before)
    await until(() => ![before, -1].includes(leaderOf(cluster, 't')))
    await cluster.startBroker(before)
    await until(() => isWhole(cluster))
  }
})

test('what groups commit, again and again, does not pile up, and is there after a restart', async () => {
  const dataFolder = await world.folder()
  const settings = {
    'log.cleaner.backoff.ms': '100',
    'offsets.topic.segment.bytes': '10000',
    'offsets.topic.num.partitions': '1',
  }
  const first = await world.start({ dataFolder, settings, topics: [{ name: 't', partitions: 3 }] })
  const place = (partition: number, offset: number) => ({ topic: 't', partition, offset })
  const consumer = createConsumer(environment, { bootstrap: first.bootstrap, groupId: 'g' })
  consumer.assign([0, 1, 2].map((partition) => ({ topic: 't', partition })))
  const commits = 1500
  for (let offset = 0; offset < commits; offset++) {
    await consumer.commit([0, 1, 2].map((partition) => place(partition, offset)))
  }
  await consumer.close()
  const bytes = async () => {
    const broker = join(dataFolder, 'broker-1')
    const folder = (await readdir(broker)).find((name) => name.startsWith('__consumer_offsets-0.'))!
    const names = (await readdir(join(broker, folder))).filter((name) => name.endsWith('.log'))
    const stats = await Promise.all(names.map((name) => stat(join(broker, folder, name))))
    return stats.reduce((sum, { size }) => sum + size, 0)
  }
  // A commit of three partitions is about 200 bytes.
  await expect.poll(bytes, { timeout: 60_000 }).toBeLessThan(40_000)
  await first.stop()
  const second = await world.start({ dataFolder, settings })
  await until(() => isWhole(second))
  const again = createConsumer(environment, { bootstrap: second.bootstrap, groupId: 'g' })
  const committed = await again.committed([0, 1, 2].map((partition) => ({ topic: 't', partition })))
  expect(committed.map(({ committed: found }) => found?.offset)).toEqual([1, 1, 1].map(() => commits - 1))
  await again.close()
})

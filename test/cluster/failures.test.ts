/** What becomes of records and leadership when brokers end, on real sockets and files. */
import { afterEach, describe, expect, test } from 'vitest'
import type { EmbeddedCluster } from '../../engine/cluster/index.ts'
import { ClusterWorld, environment, isWhole, leaderOf, numbers, until } from './cluster-world.ts'

const world = new ClusterWorld()
const topics = [{ name: 't', partitions: 3 }]

afterEach(() => world.end())

/** Sends without pause while `during` happens; everything that was acknowledged has to be there afterwards, once. */
async function writeDuring(cluster: EmbeddedCluster, during: () => Promise<void>): Promise<void> {
  const producer = world.producer(cluster)
  const acknowledged: string[] = []
  const failed: unknown[] = []
  let isOver = false
  const writing = (async () => {
    for (let i = 0; !isOver || i < 150; i++) {
      const value = String(i).padStart(6, '0')
      producer
        .send({ topic: 't', partition: i % 3, key: null, value: Buffer.from(value) })
        .then(() => acknowledged.push(value))
        .catch((thrown: unknown) => failed.push(thrown))
      await environment.timers.sleep(2)
    }
  })()
  await environment.timers.sleep(200)
  await during()
  isOver = true
  await writing
  await producer.flush()
  expect(failed).toEqual([])
  expect(acknowledged.length).toBeGreaterThan(100)
  expect(await world.read(cluster, 't', acknowledged.length)).toEqual(acknowledged.sort())
}

test('a controller gives topics ids of their own in each of its lives', async () => {
  const cluster = await world.start({ brokers: 1 })
  for (const name of ['t', 'u', 'v']) {
    await cluster.kill(1)
    await cluster.startBroker(1)
    await cluster.createTopics([{ name }])
  }
  const ids = cluster.status().topics.map(({ topicId }) => topicId)
  expect(ids).toHaveLength(3)
  expect(new Set(ids).size).toBe(3)
})

describe('while records flow', () => {
  test('a killed leader loses nothing: another leads, and it catches up when it is back', async () => {
    const cluster = await world.start({ topics })
    await writeDuring(cluster, async () => {
      const killed = leaderOf(cluster, 't')
      await cluster.kill(killed)
      await until(() => ![killed, -1].includes(leaderOf(cluster, 't')))
      expect(cluster.status().brokers[killed - 1]!.state).toBe('killed')
      await environment.timers.sleep(300)
      await cluster.startBroker(killed)
      await until(() => isWhole(cluster))
    })
  })

  test('a killed controller is followed by another', async () => {
    const cluster = await world.start({ topics })
    await writeDuring(cluster, async () => {
      const killed = cluster.status().controllerId
      await cluster.kill(killed)
      await until(() => ![killed, -1].includes(cluster.status().controllerId))
      await cluster.createTopics([{ name: 'decided-by-the-next' }])
      await cluster.startBroker(killed)
      await until(() => isWhole(cluster))
    })
  })

  test('a broker that stops cleanly hands over first', async () => {
    const cluster = await world.start({ topics })
    await writeDuring(cluster, async () => {
      const stopped = leaderOf(cluster, 't')
      await cluster.stopBroker(stopped)
      expect(leaderOf(cluster, 't')).not.toBe(stopped)
      await cluster.startBroker(stopped)
      await until(() => isWhole(cluster))
    })
  })

  test('a broker that is cut off comes back without what nobody else has', async () => {
    const cluster = await world.start({ topics })
    await writeDuring(cluster, async () => {
      const isolated = leaderOf(cluster, 't')
      cluster.isolate(isolated)
      await until(() => ![isolated, -1].includes(leaderOf(cluster, 't')))
      cluster.heal(isolated)
      await until(() => isWhole(cluster))
    })
  })

  test('a slow disk slows writes down and loses none', async () => {
    const cluster = await world.start({ topics })
    await writeDuring(cluster, async () => {
      cluster.slowDisk(2, 20)
      await environment.timers.sleep(300)
      cluster.heal(2)
    })
  })
})

describe('with fewer than min.insync.replicas', () => {
  test('acks=all is refused, nothing is lost, and writing goes on when a second broker is back', async () => {
    const cluster = await world.start({ topics: [{ name: 't', partitions: 1 }] })
    await world.write(cluster, 't', numbers(0, 10))
    const followers = [1, 2, 3].filter((id) => id !== leaderOf(cluster, 't'))
    await cluster.kill(followers[0]!)
    const producer = world.producer(cluster)
    await producer.send({ topic: 't', key: null, value: Buffer.from('with two') })
    const { highWatermark } = cluster.status().topics[0]!.partitions[0]!
    await cluster.kill(followers[1]!)
    let isAcknowledged = false
    const sending = producer.send({ topic: 't', key: null, value: Buffer.from('with one') }).then(() => {
      isAcknowledged = true
    })
    await environment.timers.sleep(500)
    expect(isAcknowledged).toBe(false)
    expect(cluster.status().topics[0]!.partitions[0]!.highWatermark).toBe(highWatermark)
    await cluster.startBroker(followers[0]!)
    await sending
    expect(await world.read(cluster, 't', 12)).toEqual([...numbers(0, 10), 'with one', 'with two'])
  })
})

import { afterEach, expect, it } from 'vitest'
import { createAdmin, createConsumer } from '../../engine/client/index.ts'
import type { EmbeddedCluster } from '../../engine/cluster/index.ts'
import { ClusterWorld, environment } from '../cluster/cluster-world.ts'
import { figuresOf } from './figures.ts'

const world = new ClusterWorld()
afterEach(() => world.end())

const traffic = (name: string, topic = 't') =>
  `kafka.server:type=BrokerTopicMetrics,name=${name},topic=${topic}`
const manager = (name: string) => `kafka.server:type=ReplicaManager,name=${name}`
const controller = (name: string) => `kafka.controller:type=KafkaController,name=${name}`

/** Over all brokers that have the figure. */
function sum(cluster: EmbeddedCluster, mbean: string, attribute: string): number {
  return cluster
    .metrics()
    .flatMap(({ metrics }) => {
      try {
        return [figuresOf(metrics)(mbean, attribute)]
      } catch {
        return []
      }
    })
    .reduce((total, value) => total + value, 0)
}

it('brokers count what was produced, fetched and replicated, and say how long requests took', async () => {
  const cluster = await world.start({ topics: [{ name: 't', partitions: 3, replicationFactor: 3 }] })
  const producer = world.producer(cluster)
  for (let i = 0; i < 300; i++) {
    producer.post({ topic: 't', partition: i % 3, key: null, value: Buffer.alloc(100) })
  }
  await producer.flush()
  const written = sum(cluster, traffic('BytesInPerSec'), 'Count')
  expect(sum(cluster, traffic('MessagesInPerSec'), 'Count')).toBe(300)
  expect(written).toBeGreaterThan(30_000)
  expect(sum(cluster, traffic('BytesOutPerSec'), 'Count')).toBe(0)

  await world.read(cluster, 't', 300)
  expect(sum(cluster, traffic('BytesOutPerSec'), 'Count')).toBe(written)
  // To two followers each; what brokers write for themselves comes on top.
  const replicated = (way: string) =>
    sum(cluster, `kafka.server:type=BrokerTopicMetrics,name=Replication${way}`, 'Count')
  expect(replicated('BytesInPerSec')).toBeGreaterThanOrEqual(2 * written)
  expect(replicated('BytesOutPerSec')).toBeGreaterThanOrEqual(2 * written)
  const sizes = [0, 1, 2].map((partition) =>
    sum(cluster, `kafka.log:type=Log,name=Size,topic=t,partition=${partition}`, 'Value'),
  )
  expect(sizes.reduce((a, b) => a + b)).toBe(3 * written)

  const times = 'kafka.network:type=RequestMetrics,name=TotalTimeMs,request=Produce'
  expect(sum(cluster, times, 'Count')).toBeGreaterThanOrEqual(3)
  expect(sum(cluster, times, '99thPercentile')).toBeGreaterThan(0)
  expect(sum(cluster, times, 'Max')).toBeGreaterThanOrEqual(sum(cluster, times, 'Mean'))
  expect(sum(cluster, controller('ActiveControllerCount'), 'Value')).toBe(1)
  expect(sum(cluster, manager('LeaderCount'), 'Value')).toBe(3)
  expect(sum(cluster, manager('PartitionCount'), 'Value')).toBe(9)
})

it('a topic that is deleted is no longer told of', async () => {
  const cluster = await world.start({ brokers: 1, topics: [{ name: 't', partitions: 1 }] })
  await world.write(cluster, 't', ['a'])
  const names = () =>
    cluster.metrics().flatMap(({ metrics }) => metrics.filter(({ tags }) => tags.topic === 't'))
  expect(names().length).toBeGreaterThan(10)
  const admin = createAdmin(environment, { bootstrap: cluster.bootstrap })
  await admin.deleteTopics(['t'])
  await admin.close()
  await expect.poll(() => names().length).toBe(0)
})

it('under-replicated partitions are counted while a broker is dead, and no longer once it is back', async () => {
  const cluster = await world.start({ topics: [{ name: 't', partitions: 6, replicationFactor: 3 }] })
  await world.write(cluster, 't', ['a', 'b', 'c'])
  const underReplicated = () => sum(cluster, manager('UnderReplicatedPartitions'), 'Value')
  expect(underReplicated()).toBe(0)
  await cluster.kill(3)
  await expect.poll(underReplicated, { timeout: 15_000 }).toBe(6)
  expect(cluster.metrics().map(({ broker }) => broker)).toEqual([1, 2])
  expect(sum(cluster, manager('AtMinIsrPartitionCount'), 'Value')).toBe(6)
  expect(sum(cluster, manager('UnderMinIsrPartitionCount'), 'Value')).toBe(0)
  expect(sum(cluster, controller('FencedBrokerCount'), 'Value')).toBe(1)
  expect(sum(cluster, controller('OfflinePartitionsCount'), 'Value')).toBe(0)
  await cluster.startBroker(3)
  await expect.poll(underReplicated, { timeout: 15_000 }).toBe(0)
  expect(sum(cluster, manager('IsrExpandsPerSec'), 'Count')).toBeGreaterThanOrEqual(6)
}, 40_000)

it('the lag of a group is what it has not committed yet; a fetch that waits is in purgatory', async () => {
  const cluster = await world.start({ topics: [{ name: 't', partitions: 1 }] })
  await world.write(cluster, 't', ['a', 'b', 'c', 'd', 'e'])
  const consumer = createConsumer(environment, {
    bootstrap: cluster.bootstrap,
    groupId: 'g',
    autoOffsetReset: 'earliest',
    fetchWaitMsMax: 5000,
  })
  consumer.subscribe(['t'])
  let read = 0
  while (read < 5) read += (await consumer.poll(1000)).length
  await consumer.commit([{ topic: 't', partition: 0, offset: 2 }])
  const lag = () => sum(cluster, 'kafka:type=consumergroup,consumergroup=g,topic=t,partition=0', 'lag')
  expect(lag()).toBe(3)
  const waiting = 'kafka.server:type=DelayedOperationPurgatory,name=PurgatorySize,delayedOperation=Fetch'
  await expect.poll(() => sum(cluster, waiting, 'Value')).toBe(1)
  await consumer.commit()
  expect(lag()).toBe(0)
  expect(sum(cluster, 'kafka.coordinator.group:type=GroupMetadataManager,name=NumGroups', 'Value')).toBe(1)
  await consumer.close()
  await expect.poll(() => sum(cluster, waiting, 'Value')).toBe(0)
})

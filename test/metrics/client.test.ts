import { afterEach, expect, it } from 'vitest'
import {
  createAdmin,
  createConsumer,
  createProducer,
  createTransactionalProducer,
} from '../../engine/client/index.ts'
import { ClusterWorld, environment } from '../cluster/cluster-world.ts'
import { figuresOf } from './figures.ts'

const world = new ClusterWorld()
afterEach(() => world.end())

it('a producer counts what it sent, by topic too, and what failed', async () => {
  const cluster = await world.start({
    topics: [
      { name: 'a', partitions: 1 },
      { name: 'b', partitions: 2 },
    ],
  })
  const producer = createProducer(environment, {
    bootstrap: cluster.bootstrap,
    clientId: 'p',
    compression: 'gzip',
    unknownTopicMsMax: 300,
  })
  const value = Buffer.alloc(400, 'x')
  for (let i = 0; i < 300; i++) producer.post({ topic: 'a', key: null, value })
  for (let i = 0; i < 40; i++) producer.post({ topic: 'b', partition: i % 2, key: null, value })
  await producer.flush()
  await expect(producer.send({ topic: 'b', partition: 7, key: null, value })).rejects.toThrow()
  const figure = figuresOf(producer.metrics())
  await producer.close()

  const all = 'kafka.producer:type=producer-metrics,client-id=p'
  expect(figure(all, 'record-send-total')).toBe(340)
  expect(figure(all, 'record-send-rate')).toBeGreaterThan(340 / 60)
  expect(figure(all, 'record-send-rate')).toBeLessThanOrEqual(340 / 30)
  expect(figure(all, 'record-error-total')).toBe(1)
  expect(figure(all, 'record-error-rate')).toBeGreaterThan(0)
  expect(figure(all, 'record-retry-total')).toBe(0)
  expect(figure(all, 'request-latency-avg')).toBeGreaterThan(0)
  expect(figure(all, 'request-latency-max')).toBeGreaterThanOrEqual(figure(all, 'request-latency-avg'))
  expect(figure(all, 'compression-rate-avg')).toBeLessThan(0.2)
  expect(figure(all, 'records-per-request-avg')).toBeGreaterThan(1)
  expect(figure(all, 'batch-size-avg')).toBeLessThan(figure(all, 'record-size-avg') * 40)
  expect(figure(all, 'requests-in-flight')).toBe(0)
  expect(figure(all, 'buffer-available-bytes')).toBe(figure(all, 'buffer-total-bytes'))
  expect(figure(all, 'connection-count')).toBeGreaterThan(0)
  expect(figure(all, 'request-total')).toBe(figure(all, 'response-total'))
  const ofTopic = (topic: string) => `kafka.producer:type=producer-topic-metrics,client-id=p,topic=${topic}`
  expect(figure(ofTopic('a'), 'record-send-total')).toBe(300)
  expect(figure(ofTopic('b'), 'record-send-total')).toBe(40)
})

it('a consumer counts what it was given, how far it is behind, its commits and its group', async () => {
  const cluster = await world.start({ topics: [{ name: 'a', partitions: 2 }] })
  const producer = world.producer(cluster)
  for (let i = 0; i < 100; i++)
    producer.post({ topic: 'a', partition: i % 2, key: null, value: Buffer.alloc(50) })
  await producer.flush()
  const consumer = createConsumer(environment, {
    bootstrap: cluster.bootstrap,
    clientId: 'c',
    groupId: 'g',
    autoOffsetReset: 'earliest',
    recordsPerPollMax: 30,
    heartbeatIntervalMs: 50,
  })
  // Where the group is kept is being made: a join that comes too early would count as failed.
  await consumer.committed([{ topic: 'a', partition: 0 }])
  consumer.subscribe(['a'])
  let read = 0
  while (read < 60) read += (await consumer.poll(1000)).length
  await consumer.commit()
  const partly = figuresOf(consumer.metrics())
  const readPartly = read
  while (read < 100) read += (await consumer.poll(1000)).length
  await expect
    .poll(() =>
      figuresOf(consumer.metrics())(
        'kafka.consumer:type=consumer-coordinator-metrics,client-id=c',
        'heartbeat-total',
      ),
    )
    .toBeGreaterThan(0)
  const value = figuresOf(consumer.metrics())
  await consumer.close()

  const fetching = 'kafka.consumer:type=consumer-fetch-manager-metrics,client-id=c'
  const lag = (of: typeof value) =>
    [0, 1].map((partition) => of(`${fetching},topic=a,partition=${partition}`, 'records-lag'))
  expect(partly(fetching, 'records-consumed-total')).toBe(readPartly)
  expect(lag(partly).reduce((sum, each) => sum + each, 0)).toBe(100 - readPartly)
  expect(partly(fetching, 'records-lag-max')).toBeGreaterThan(0)
  expect(lag(value)).toEqual([0, 0])
  expect(value(fetching, 'records-consumed-total')).toBe(100)
  expect(value(`${fetching},topic=a`, 'records-consumed-total')).toBe(100)
  expect(value(fetching, 'records-consumed-rate')).toBeGreaterThan(100 / 60)
  expect(value(fetching, 'bytes-consumed-total')).toBeGreaterThan(5000)
  expect(value(fetching, 'fetch-latency-avg')).toBeGreaterThan(0)
  const group = 'kafka.consumer:type=consumer-coordinator-metrics,client-id=c'
  expect(value(group, 'commit-total')).toBe(1)
  expect(value(group, 'commit-latency-avg')).toBeGreaterThan(0)
  expect(value(group, 'assigned-partitions')).toBe(2)
  expect(value(group, 'join-total')).toBe(1)
  expect(value(group, 'rebalance-total')).toBe(1)
  expect(value(group, 'rebalance-latency-avg')).toBeGreaterThan(0)
  expect(value(group, 'failed-rebalance-total')).toBe(0)
  expect(value('kafka.consumer:type=consumer-metrics,client-id=c', 'poll-idle-ratio-avg')).toBeGreaterThan(0)
})

it('an admin counts its requests', async () => {
  const cluster = await world.start({ brokers: 1 })
  const admin = createAdmin(environment, { bootstrap: cluster.bootstrap, clientId: 'd' })
  await admin.listTopics()
  const value = figuresOf(admin.metrics())
  await admin.close()
  const group = 'kafka.admin.client:type=admin-client-metrics,client-id=d'
  expect(value(group, 'request-total')).toBeGreaterThanOrEqual(2)
  expect(value(group, 'incoming-byte-total')).toBeGreaterThan(100)
  expect(figuresOf(admin.metrics())(group, 'connection-count')).toBe(0)
})

it('a transactional producer counts the time that its caller waited for each step', async () => {
  const cluster = await world.start({ topics: [{ name: 'a', partitions: 1 }] })
  const { bootstrap } = cluster
  const producer = createTransactionalProducer(environment, {
    bootstrap,
    clientId: 't',
    transactionalId: 'x',
  })
  await producer.initTransactions()
  producer.beginTransaction()
  await producer.send({ topic: 'a', key: null, value: Buffer.from('1') })
  await producer.commitTransaction()
  const figure = figuresOf(producer.metrics())
  await producer.close()
  const ns = (step: string) =>
    figure('kafka.producer:type=producer-metrics,client-id=t', `${step}-time-ns-total`)
  for (const step of ['txn-init', 'txn-commit']) expect(ns(step), step).toBeGreaterThan(1000)
  expect([ns('txn-abort'), ns('txn-send-offsets')]).toEqual([0, 0])
})

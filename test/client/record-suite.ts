import { describe, expect, test } from 'vitest'
import type { ConsumerRecord, Producer, TopicPartition } from '../../engine/client/index.ts'
import { figuresOf } from '../metrics/figures.ts'
import { bytes, type ClientWorld, readAll, take } from './client-world.ts'

/** Producing, reading and asking: on any cluster of three brokers. */
export function recordSuite(given: () => ClientWorld): void {
  describe('records', () => {
    test.each(['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const)(
      'records with headers, null keys and null values come back as they were sent (%s)',
      async (compression) => {
        const world = given()
        const topic = await world.newTopic(2)
        const producer = world.newProducer({ compression })
        const sent = Array.from({ length: 300 }, (_, index) => ({
          topic,
          partition: index % 2,
          key: index % 5 === 0 ? null : bytes(`key ${index}`),
          value: index % 7 === 0 ? null : bytes(`value ${index} `.repeat(10)),
          timestampMs: 1_700_000_000_000 + index * 1000,
          headers:
            index % 3 === 0
              ? [
                  { key: 'héader', value: bytes('x') },
                  { key: 'none', value: null },
                ]
              : [],
        }))
        const metadata = await Promise.all(sent.map((record) => producer.send(record)))
        expect(metadata[299]).toEqual({
          topic,
          partition: 1,
          offset: 149,
          timestampMs: sent[299]!.timestampMs,
        })
        const read = await readAll(world.newConsumer(), topic, 2, 300)
        for (const partition of [0, 1]) {
          const expected = sent.filter((record) => record.partition === partition)
          const got = read.filter((record) => record.partition === partition)
          expect(got.map((record) => record.offset)).toEqual(expected.map((_, index) => index))
          expect(
            got.map(({ key, value, headers, timestampMs }) => ({ key, value, headers, timestampMs })),
          ).toEqual(
            expected.map(({ key, value, headers, timestampMs }) => ({ key, value, headers, timestampMs })),
          )
        }
      },
    )

    test.each([0, 1, 'all'] as const)('acks %s delivers', async (acks) => {
      const world = given()
      const topic = await world.newTopic(1)
      const producer = world.newProducer({ acks, idempotence: false })
      const { offset } = await producer.send({ topic, key: null, value: bytes('one') })
      expect(offset).toBe(acks === 0 ? -1 : 0)
      const [record] = await readAll(world.newConsumer(), topic, 1, 1)
      expect(String(record!.value)).toBe('one')
    })

    test('round robin spreads evenly, least bytes fills up, a function decides', async () => {
      const world = given()
      const topic = await world.newTopic(3)
      const send = async (producer: Producer, sizes: number[]) => {
        const sent = sizes.map((size) =>
          producer.send({ topic, key: bytes('same'), value: Buffer.alloc(size) }),
        )
        return (await Promise.all(sent)).map(({ partition }) => partition)
      }
      await world.newProducer().send({ topic, key: null, value: null })
      expect(await send(world.newProducer({ partitioner: 'round-robin' }), [1, 1, 1, 1, 1, 1])).toEqual([
        0, 1, 2, 0, 1, 2,
      ])
      const byBytes = await send(world.newProducer({ partitioner: 'least-bytes' }), [500, 10, 10, 10, 10])
      expect(byBytes).toEqual([0, 1, 2, 1, 2])
      const partitioner = (_: unknown, count: number) => count - 1
      expect(await send(world.newProducer({ partitioner }), [1, 1])).toEqual([2, 2])
    })

    test('an unknown topic, a bad name and a large record are told apart', async () => {
      const world = given()
      const topic = await world.newTopic(1, { 'max.message.bytes': '2000' })
      const producer = world.newProducer()
      const impatient = world.newProducer({ unknownTopicMsMax: 500 })
      const codeOf = (value: Promise<unknown>) => value.catch((error) => error.code)
      expect(await codeOf(impatient.send({ topic, partition: 3, key: null, value: null }))).toBe(
        'UNKNOWN_TOPIC',
      )
      const badName = producer.send({ topic: 'bad name', key: null, value: null })
      expect(await codeOf(badName)).toBe('INVALID_TOPIC_EXCEPTION')
      const large = (size: number) => producer.send({ topic, key: null, value: Buffer.alloc(size) })
      expect(await codeOf(large(5000))).toBe('RECORD_TOO_LARGE')
      expect(await codeOf(large(5_000_000))).toBe('RECORD_TOO_LARGE')
      await expect(impatient.flush()).rejects.toMatchObject({ code: 'UNKNOWN_TOPIC' })
      await expect(impatient.flush()).resolves.toBeUndefined()
    })

    test('a batch that is too large for the topic is split until it fits, in order', async () => {
      const world = given()
      const topic = await world.newTopic(1, { 'max.message.bytes': '2000' })
      const producer = world.newProducer({ lingerMs: 50 })
      const values = Array.from({ length: 100 }, (_, index) => `${index} `.padEnd(100, 'x'))
      const sent = await Promise.all(
        values.map((value) => producer.send({ topic, key: null, value: bytes(value) })),
      )
      expect(sent.map(({ offset }) => offset)).toEqual(values.map((_, index) => index))
      const read = await readAll(world.newConsumer(), topic, 1, 100)
      expect(read.map(({ value }) => String(value))).toEqual(values)
    })

    test('a full buffer says so, and is ready again once the broker has taken it', async () => {
      const world = given()
      const topic = await world.newTopic(2)
      const producer = world.newProducer({ bufferBytesMax: 50_000, lingerMs: 0 })
      const errors: unknown[] = []
      let waits = 0
      for (let index = 0; index < 5000; index++) {
        if (producer.full) {
          waits++
          await producer.ready()
          expect(producer.full).toBe(false)
        }
        producer.post({ topic, key: null, value: Buffer.alloc(100) }, (error) => errors.push(error))
      }
      await producer.flush()
      expect(waits).toBeGreaterThan(5)
      expect(errors).toEqual([])
      const figure = figuresOf(producer.metrics())
      const group = 'kafka.producer:type=producer-metrics,client-id=millrace'
      expect(figure(group, 'record-send-total')).toBe(5000)
      expect(figure(group, 'record-error-total')).toBe(0)
    })

    test('seek, pause and resume, from several partitions', async () => {
      const world = given()
      const topic = await world.newTopic(2)
      await world.fill(topic, 2, 100)
      const consumer = world.newConsumer()
      const [first, second] = [0, 1].map((partition) => ({ topic, partition })) as [
        TopicPartition,
        TopicPartition,
      ]
      consumer.assign([first, second])
      consumer.pause([second])
      const read = await take(consumer, 50)
      expect(new Set(read.map(({ partition }) => partition))).toEqual(new Set([0]))
      expect(await consumer.poll(300)).toEqual([])
      consumer.resume([second])
      expect((await take(consumer, 50)).every(({ partition }) => partition === 1)).toBe(true)
      consumer.seek(first, 45)
      expect((await take(consumer, 5)).map(({ offset }) => offset)).toEqual([45, 46, 47, 48, 49])
      expect(consumer.position(first)).toBe(50)
      expect(consumer.bounds(first)).toEqual({ logStartOffset: 0, endOffset: 50 })
    })

    test('an offset out of range follows the reset policy', async () => {
      const world = given()
      const topic = await world.newTopic(1)
      await world.fill(topic, 1, 10)
      const place = { topic, partition: 0 }
      const at = async (autoOffsetReset: 'earliest' | 'latest' | 'none') => {
        const consumer = world.newConsumer({ autoOffsetReset })
        consumer.assign([place])
        consumer.seek(place, 5000)
        const records: ConsumerRecord[] = []
        const isReset = () => consumer.position(place) !== 5000 && consumer.position(place) !== undefined
        while (records.length === 0 && !isReset()) records.push(...(await consumer.poll(100)))
        return records[0]?.offset ?? consumer.position(place)
      }
      expect(await at('earliest')).toBe(0)
      expect(await at('latest')).toBe(10)
      await expect(at('none')).rejects.toMatchObject({ code: 'NO_OFFSET' })
    })

    test('a poll ends when it is aborted', async () => {
      const world = given()
      const topic = await world.newTopic(1)
      const consumer = world.newConsumer()
      consumer.assign([{ topic, partition: 0 }])
      const abort = new AbortController()
      setTimeout(() => abort.abort(new Error('enough')), 200)
      await expect(consumer.poll(30_000, abort.signal)).rejects.toThrow('enough')
      await world.fill(topic, 1, 1)
      expect(await take(consumer, 1)).toHaveLength(1)
    })

    test('admin describes what is there', async () => {
      const world = given()
      const topic = await world.newTopic(2, { 'retention.ms': '12345' })
      const cluster = await world.admin.describeCluster()
      expect(cluster.brokers.map(({ id }) => id).sort()).toEqual([1, 2, 3])
      const [description] = await world.admin.describeTopics([topic])
      expect(description).toMatchObject({ name: topic, internal: false })
      expect(description!.partitions.map(({ inSyncReplicas }) => inSyncReplicas.length)).toEqual([3, 3])
      expect((await world.admin.listTopics()).map(({ name }) => name)).toContain(topic)
      const configs = await world.admin.describeConfigs({ type: 'topic', name: topic })
      expect(configs.find(({ name }) => name === 'retention.ms')).toMatchObject({
        value: '12345',
        isDefault: false,
      })
      const brokerConfigs = await world.admin.describeConfigs({ type: 'broker', name: '2' })
      expect(brokerConfigs.find(({ name }) => name === 'min.insync.replicas')?.value).toBe('2')
      await world.fill(topic, 1, 3)
      const place = { topic, partition: 0 }
      const offsets = await world.admin.listOffsets([
        { ...place, spec: 'earliest' },
        { topic, partition: 1, spec: 'latest' },
        { ...place, spec: 'latest' },
      ])
      expect(offsets.map(({ offset }) => offset)).toEqual([0, 0, 3])
      const [byTime] = await world.admin.listOffsets([
        { ...place, spec: { timestampMs: Date.now() - 60_000 } },
      ])
      expect(byTime!.offset).toBe(0)
      const [greatest] = await world.admin.listOffsets([{ ...place, spec: 'max-timestamp' }])
      expect(greatest!.offset).toBeGreaterThanOrEqual(0)
      await expect(world.admin.createTopics([{ name: topic, partitions: 1 }])).rejects.toMatchObject({
        code: 'TOPIC_ALREADY_EXISTS',
      })
      await world.admin.deleteTopics([topic])
      await expect(world.admin.describeTopics([topic])).rejects.toMatchObject({
        code: 'UNKNOWN_TOPIC_OR_PARTITION',
      })
      await expect(world.admin.deleteTopics([topic])).rejects.toMatchObject({
        code: 'UNKNOWN_TOPIC_OR_PARTITION',
      })
    })
  })
}

/** Our client against Apache Kafka: three real brokers, some of which are killed on the way. */
import { Kafka, logLevel } from 'kafkajs'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type {
  Admin,
  Consumer,
  ConsumerOptions,
  ConsumerRecord,
  PartitionAssignor,
  Producer,
  ProducerOptions,
} from '../../engine/client/index.ts'
import {
  cooperativeStickyAssignor,
  createAdmin,
  createConsumer,
  createProducer,
  createStickyAssignor,
  partitionOfKey,
  rangeAssignor,
  roundRobinAssignor,
} from '../../engine/client/index.ts'
import { createNodeEnvironment } from '../../engine/node/environment/index.ts'
import { type ApacheKafka, apacheKafkaMissing, startApacheKafka } from './apache-kafka.ts'

const missing = await apacheKafkaMissing()
if (missing !== undefined) process.stdout.write(`SKIPPED our client on Apache Kafka: ${missing}\n`)

const environment = createNodeEnvironment({ log: { write: () => undefined } })
let kafka: ApacheKafka
let bootstrap: readonly string[]
let admin: Admin
let topics = 0
const open: { close(): Promise<void> }[] = []

describe.skipIf(missing !== undefined)('our client on Apache Kafka', () => {
  beforeAll(async () => {
    kafka = await startApacheKafka({ nodes: 3 })
    bootstrap = kafka.bootstrap
    admin = createAdmin(environment, { bootstrap })
  })
  afterEach(async () => {
    await Promise.all(open.splice(0).map((client) => client.close()))
  })
  afterAll(async () => {
    await admin?.close()
    await kafka?.stop()
  })

  test.each(['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const)(
    'records with headers, null keys and null values come back as they were sent (%s)',
    async (compression) => {
      const topic = await newTopic(2)
      const producer = newProducer({ compression })
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
      expect(metadata[299]).toEqual({ topic, partition: 1, offset: 149, timestampMs: sent[299]!.timestampMs })
      const read = await readAll(newConsumer({}), topic, 2, 300)
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
    const topic = await newTopic(1)
    const producer = newProducer({ acks, idempotence: false })
    const { offset } = await producer.send({ topic, key: null, value: bytes('one') })
    expect(offset).toBe(acks === 0 ? -1 : 0)
    const [record] = await readAll(newConsumer({}), topic, 1, 1)
    expect(String(record!.value)).toBe('one')
  })

  test("keyed records go where Kafka's own clients put them", async () => {
    const topic = await newTopic(7)
    const kafkajs = new Kafka({ brokers: [...bootstrap], logLevel: logLevel.NOTHING })
    const other = kafkajs.producer()
    await other.connect()
    const keys = Array.from({ length: 50 }, (_, index) => `key-${index}`)
    await other.send({ topic, messages: keys.map((key) => ({ key, value: key })) })
    await other.disconnect()
    const read = await readAll(newConsumer({}), topic, 7, 50)
    for (const { key, partition } of read) expect(partition).toBe(partitionOfKey(key!, 7))
  })

  test('round robin spreads evenly, least bytes fills up, a function decides', async () => {
    const topic = await newTopic(3)
    const send = async (producer: Producer, sizes: number[]) => {
      const sent = sizes.map((size) =>
        producer.send({ topic, key: bytes('same'), value: Buffer.alloc(size) }),
      )
      return (await Promise.all(sent)).map(({ partition }) => partition)
    }
    await newProducer({}).send({ topic, key: null, value: null })
    expect(await send(newProducer({ partitioner: 'round-robin' }), [1, 1, 1, 1, 1, 1])).toEqual([
      0, 1, 2, 0, 1, 2,
    ])
    const byBytes = await send(newProducer({ partitioner: 'least-bytes' }), [500, 10, 10, 10, 10])
    expect(byBytes).toEqual([0, 1, 2, 1, 2])
    const partitioner = (_: unknown, count: number) => count - 1
    expect(await send(newProducer({ partitioner }), [1, 1])).toEqual([2, 2])
  })

  test('an unknown topic, a bad name and a large record are told apart', async () => {
    const topic = await newTopic(1, { 'max.message.bytes': '2000' })
    const producer = newProducer({ unknownTopicMsMax: 500 })
    const codeOf = (value: Promise<unknown>) => value.catch((error) => error.code)
    expect(await codeOf(producer.send({ topic, partition: 3, key: null, value: null }))).toBe('UNKNOWN_TOPIC')
    const badName = producer.send({ topic: 'bad name', key: null, value: null })
    expect(await codeOf(badName)).toBe('INVALID_TOPIC_EXCEPTION')
    const large = (size: number) => producer.send({ topic, key: null, value: Buffer.alloc(size) })
    expect(await codeOf(large(5000))).toBe('RECORD_TOO_LARGE')
    expect(await codeOf(large(5_000_000))).toBe('RECORD_TOO_LARGE')
    await expect(producer.flush()).rejects.toMatchObject({ code: 'UNKNOWN_TOPIC' })
    await expect(producer.flush()).resolves.toBeUndefined()
  })

  test('a batch that is too large for the topic is split until it fits, in order', async () => {
    const topic = await newTopic(1, { 'max.message.bytes': '2000' })
    const producer = newProducer({ lingerMs: 50 })
    const values = Array.from({ length: 100 }, (_, index) => `${index} `.padEnd(100, 'x'))
    const sent = await Promise.all(
      values.map((value) => producer.send({ topic, key: null, value: bytes(value) })),
    )
    expect(sent.map(({ offset }) => offset)).toEqual(values.map((_, index) => index))
    const read = await readAll(newConsumer({}), topic, 1, 100)
    expect(read.map(({ value }) => String(value))).toEqual(values)
  })

  test('a full buffer says so, and is ready again once the broker has taken it', async () => {
    const topic = await newTopic(2)
    const producer = newProducer({ bufferBytesMax: 50_000, lingerMs: 0 })
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
    expect(producer.metrics()).toMatchObject({ recordsSent: 5000, recordErrors: 0 })
  })

  test('seek, pause and resume, from several partitions', async () => {
    const topic = await newTopic(2)
    await fill(topic, 2, 100)
    const consumer = newConsumer({})
    const [first, second] = [0, 1].map((partition) => ({ topic, partition })) as [Place, Place]
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
    const topic = await newTopic(1)
    await fill(topic, 1, 10)
    const place = { topic, partition: 0 }
    const at = async (autoOffsetReset: 'earliest' | 'latest' | 'none') => {
      const consumer = newConsumer({ autoOffsetReset })
      consumer.assign([place])
      consumer.seek(place, 5000)
      const records = await consumer.poll(autoOffsetReset === 'latest' ? 700 : 5000)
      return records[0]?.offset ?? consumer.position(place)
    }
    expect(await at('earliest')).toBe(0)
    expect(await at('latest')).toBe(10)
    await expect(at('none')).rejects.toMatchObject({ code: 'NO_OFFSET' })
  })

  test('a poll ends when it is aborted', async () => {
    const topic = await newTopic(1)
    const consumer = newConsumer({})
    consumer.assign([{ topic, partition: 0 }])
    const abort = new AbortController()
    setTimeout(() => abort.abort(new Error('enough')), 200)
    await expect(consumer.poll(30_000, abort.signal)).rejects.toThrow('enough')
    await fill(topic, 1, 1)
    expect(await take(consumer, 1)).toHaveLength(1)
  })

  test('read_committed leaves out what a transaction aborted', async () => {
    const topic = await newTopic(1)
    const kafkajs = new Kafka({ brokers: [...bootstrap], logLevel: logLevel.NOTHING })
    const other = kafkajs.producer({
      transactionalId: `t-${topic}`,
      maxInFlightRequests: 1,
      idempotent: true,
    })
    await other.connect()
    for (const [value, isKept] of [
      ['a', true],
      ['b', false],
      ['c', true],
    ] as const) {
      const transaction = await other.transaction()
      await transaction.send({ topic, messages: [{ value }, { value: value.repeat(2) }] })
      await (isKept ? transaction.commit() : transaction.abort())
    }
    await other.disconnect()
    const values = async (isolation: 'read_committed' | 'read_uncommitted', count: number) =>
      (await readAll(newConsumer({ isolation }), topic, 1, count)).map(({ value }) => String(value))
    expect(await values('read_committed', 4)).toEqual(['a', 'aa', 'c', 'cc'])
    expect(await values('read_uncommitted', 6)).toEqual(['a', 'aa', 'b', 'bb', 'c', 'cc'])
  })

  describe('groups', () => {
    test.each<[string, () => PartitionAssignor, number[]]>([
      // Topic by topic, the first of two members gets one more.
      ['range', () => rangeAssignor, [2, 4]],
      ['roundrobin', () => roundRobinAssignor, [3, 3]],
      ['sticky', createStickyAssignor, [3, 3]],
      ['cooperative-sticky', () => cooperativeStickyAssignor, [3, 3]],
    ])('members come and go, every record is read, none by two at once (%s)', async (_, assignor, left) => {
      const [one, two] = [await newTopic(3), await newTopic(3)]
      const producer = newProducer({})
      let produced = 0
      const feed = setInterval(() => {
        const topic = produced % 2 === 0 ? one : two
        producer.post({ topic, partition: produced % 3, key: null, value: bytes(String(produced++)) })
      }, 5)
      const members = Array.from({ length: 3 }, () => new Member(`g-${one}`, assignor(), [one, two]))
      try {
        await members[0]!.runFor(1500)
        await Promise.all([members[0]!.runFor(4000), members[1]!.runFor(4000), members[2]!.runFor(4000)])
        expect(members.map((member) => member.owned.size)).toEqual([2, 2, 2])
        expect(new Set(members.flatMap((member) => [...member.owned])).size).toBe(6)
        await members[1]!.close()
        await Promise.all([members[0]!.runFor(2500), members[2]!.runFor(2500)])
        expect([members[0]!.owned.size, members[2]!.owned.size].sort()).toEqual(left)
      } finally {
        clearInterval(feed)
      }
      await producer.flush()
      await Promise.all([members[0]!.runFor(700), members[2]!.runFor(700)])
      const read = members.flatMap((member) => member.values)
      expect(new Set(read).size).toBe(produced)
      // Commits before giving up, on orderly moves: nothing is read twice.
      expect(read.length).toBe(produced)
      expect(members.flatMap((member) => member.lost)).toEqual([])
    })

    test('manual commits survive the consumer, with their metadata', async () => {
      const topic = await newTopic(1)
      await fill(topic, 1, 20)
      const place = { topic, partition: 0 }
      const first = newConsumer({ groupId: `g-${topic}`, recordsPerPollMax: 5 })
      first.subscribe([topic])
      expect(await take(first, 5)).toHaveLength(5)
      await first.commit()
      await first.commit([{ ...place, offset: 7, metadata: 'half way' }])
      expect(await first.committed([place])).toMatchObject([
        { ...place, committed: { offset: 7, metadata: 'half way' } },
      ])
      expect(first.groupMetadata()).toMatchObject({ groupId: `g-${topic}`, generation: 1 })
      await first.close()
      const second = newConsumer({ groupId: `g-${topic}` })
      second.subscribe([topic])
      expect((await take(second, 13))[0]!.offset).toBe(7)
    })

    test('a closed member leaves at once, and the group can be reset', async () => {
      const topic = await newTopic(1)
      await fill(topic, 1, 10)
      const groupId = `g-${topic}`
      const consumer = newConsumer({ groupId, autoCommitIntervalMs: 100 })
      consumer.subscribe([topic])
      await take(consumer, 10)
      const refused = admin.resetGroupOffsets(groupId, [{ topic, partition: 0, offset: 3 }])
      await expect(refused).rejects.toMatchObject({ code: 'NON_EMPTY_GROUP' })
      await consumer.close()
      const [group] = await admin.describeGroups([groupId])
      expect(group).toMatchObject({ groupId, state: 'Empty', members: [] })
      expect(await admin.groupOffsets(groupId)).toMatchObject([{ topic, partition: 0, offset: 10 }])
      await admin.resetGroupOffsets(groupId, [{ topic, partition: 0, offset: 3 }])
      expect(await admin.groupOffsets(groupId)).toMatchObject([{ topic, partition: 0, offset: 3 }])
      expect((await admin.listGroups()).find((one) => one.groupId === groupId)).toMatchObject({
        state: 'Empty',
      })
    })

    test('a static member that comes back in time keeps its partitions without a rebalance', async () => {
      const topic = await newTopic(2)
      const generations: number[] = []
      for (let round = 0; round < 2; round++) {
        const member = newConsumer({ groupId: `g-${topic}`, groupInstanceId: 'one' })
        member.subscribe([topic])
        while (member.assignment().length === 0) await member.poll(100)
        generations.push(member.groupMetadata().generation)
        await member.close()
      }
      expect(generations[1]).toBe(generations[0])
    })

    test('a topic that is made after the subscription is read', async () => {
      const known = await newTopic(1)
      const later = `${known}-later`
      const consumer = newConsumer({ groupId: `g-${known}`, metadataMaxAgeMs: 500 })
      consumer.subscribe([known, later])
      while (consumer.assignment().length === 0) await consumer.poll(100)
      await admin.createTopics([{ name: later, partitions: 2 }])
      await fill(later, 2, 10)
      expect((await take(consumer, 10)).every(({ topic }) => topic === later)).toBe(true)
      expect(consumer.assignment()).toHaveLength(3)
    })

    test('new partitions of a topic are read', async () => {
      const topic = await newTopic(1)
      const consumer = newConsumer({ groupId: `g-${topic}`, metadataMaxAgeMs: 300 })
      consumer.subscribe([topic])
      while (consumer.assignment().length === 0) await consumer.poll(100)
      await admin.createPartitions(topic, 3)
      await fill(topic, 3, 9)
      expect(await take(consumer, 9)).toHaveLength(9)
    })

    test('a member that does not poll in time is put out, and told so', async () => {
      const topic = await newTopic(1)
      const stuck = new Member(`g-${topic}`, rangeAssignor, [topic], { rebalanceTimeoutMs: 1000 })
      await stuck.runFor(800)
      expect(stuck.owned.size).toBe(1)
      const other = new Member(`g-${topic}`, rangeAssignor, [topic])
      await other.runFor(4000)
      expect(other.owned.size).toBe(1)
      await stuck.runFor(100)
      expect(stuck.lost).toEqual([`${topic}-0`])
    })
  })

  test('admin describes what is there', async () => {
    const topic = await newTopic(2, { 'retention.ms': '12345' })
    const cluster = await admin.describeCluster()
    expect(cluster.brokers.map(({ id }) => id).sort()).toEqual([1, 2, 3])
    const [description] = await admin.describeTopics([topic])
    expect(description).toMatchObject({ name: topic, internal: false })
    expect(description!.partitions.map(({ inSyncReplicas }) => inSyncReplicas.length)).toEqual([3, 3])
    expect((await admin.listTopics()).map(({ name }) => name)).toContain(topic)
    const configs = await admin.describeConfigs({ type: 'topic', name: topic })
    expect(configs.find(({ name }) => name === 'retention.ms')).toMatchObject({
      value: '12345',
      isDefault: false,
    })
    const brokerConfigs = await admin.describeConfigs({ type: 'broker', name: '2' })
    expect(brokerConfigs.find(({ name }) => name === 'node.id')?.value).toBe('2')
    await fill(topic, 1, 3)
    const place = { topic, partition: 0 }
    const offsets = await admin.listOffsets([
      { ...place, spec: 'earliest' },
      { topic, partition: 1, spec: 'latest' },
      { ...place, spec: 'latest' },
    ])
    expect(offsets.map(({ offset }) => offset)).toEqual([0, 0, 3])
    const [byTime] = await admin.listOffsets([{ ...place, spec: { timestampMs: Date.now() - 60_000 } }])
    expect(byTime!.offset).toBe(0)
    const [greatest] = await admin.listOffsets([{ ...place, spec: 'max-timestamp' }])
    expect(greatest!.offset).toBeGreaterThanOrEqual(0)
    await expect(admin.createTopics([{ name: topic, partitions: 1 }])).rejects.toMatchObject({
      code: 'TOPIC_ALREADY_EXISTS',
    })
    await admin.deleteTopics([topic])
    await expect(admin.describeTopics([topic])).rejects.toMatchObject({ code: 'UNKNOWN_TOPIC_OR_PARTITION' })
    await expect(admin.deleteTopics([topic])).rejects.toMatchObject({ code: 'UNKNOWN_TOPIC_OR_PARTITION' })
  })

  // The last ones, as they leave brokers behind that have just come back.
  test('killing leaders loses, doubles and reorders nothing', async () => {
    const topic = await newTopic(3)
    const producer = newProducer({ lingerMs: 1, batchBytesMax: 2000 })
    const consumer = newConsumer({})
    consumer.assign([0, 1, 2].map((partition) => ({ topic, partition })))
    const read: ConsumerRecord[] = []
    let isDone = false
    let sent = 0
    const reading = (async () => {
      while (!isDone || read.length < sent) read.push(...(await consumer.poll(200)))
    })()
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
      await sleep(1500)
      await kafka.kill(id)
      await sleep(6000)
      await kafka.restart(id)
      await sleep(3000)
    }
    clearInterval(feed)
    await producer.flush()
    isDone = true
    await reading
    expect(errors).toEqual([])
    expect(read).toHaveLength(sent)
    for (const partition of [0, 1, 2]) {
      const values = read.filter((record) => record.partition === partition).map(({ value }) => Number(value))
      expect(values).toEqual(Array.from({ length: values.length }, (_, index) => index * 3 + partition))
    }
  }, 120_000)

  test('a group goes on when its coordinator is killed', async () => {
    const topic = await newTopic(3)
    const groupId = `g-${topic}`
    const members = [0, 1].map(() => new Member(groupId, cooperativeStickyAssignor, [topic]))
    await Promise.all(members.map((member) => member.runFor(2500)))
    const [{ coordinator } = { coordinator: -1 }] = await admin.describeGroups([groupId])
    await kafka.kill(coordinator)
    const running = Promise.all(members.map((member) => member.runFor(15_000)))
    const producer = newProducer({})
    for (let index = 0; index < 300; index++) {
      producer.post({ topic, partition: index % 3, key: null, value: bytes(String(index)) })
      await sleep(10)
    }
    await producer.flush()
    await running
    await kafka.restart(coordinator)
    expect(new Set(members.flatMap((member) => member.values)).size).toBe(300)
    expect(members.flatMap((member) => [...member.owned]).sort()).toHaveLength(3)
    const committed = await admin.groupOffsets(groupId)
    expect(committed.map(({ offset }) => offset)).toEqual([100, 100, 100])
  }, 120_000)
})

interface Place {
  topic: string
  partition: number
}

/** A member of a group that keeps account of what it owns and reads. */
class Member {
  readonly owned = new Set<string>()
  readonly values: string[] = []
  readonly lost: string[] = []
  readonly consumer: Consumer

  constructor(
    groupId: string,
    assignor: PartitionAssignor,
    names: string[],
    options: Partial<ConsumerOptions> = {},
  ) {
    this.consumer = newConsumer({
      groupId,
      assignors: [assignor],
      heartbeatIntervalMs: 200,
      autoCommitIntervalMs: 200,
      ...options,
    })
    const place = ({ topic, partition }: Place) => `${topic}-${partition}`
    this.consumer.subscribe(names, {
      onAssigned: (partitions) => {
        for (const one of partitions) this.owned.add(place(one))
      },
      onRevoked: (partitions) => {
        for (const one of partitions) this.owned.delete(place(one))
      },
      onLost: (partitions) => {
        for (const one of partitions) {
          this.owned.delete(place(one))
          this.lost.push(place(one))
        }
      },
    })
  }

  async runFor(durationMs: number): Promise<void> {
    const endMs = performance.now() + durationMs
    while (performance.now() < endMs) {
      for (const { value } of await this.consumer.poll(50)) this.values.push(String(value))
    }
  }

  close(): Promise<void> {
    return this.consumer.close()
  }
}

async function newTopic(partitions: number, configs: Record<string, string> = {}): Promise<string> {
  const name = `topic-${++topics}`
  await admin.createTopics([{ name, partitions, configs }])
  return name
}

function newProducer(options: Partial<ProducerOptions>): Producer {
  const producer = createProducer(environment, { bootstrap, ...options })
  open.push(producer)
  return producer
}

function newConsumer(options: Partial<ConsumerOptions>): Consumer {
  const consumer = createConsumer(environment, { bootstrap, autoOffsetReset: 'earliest', ...options })
  open.push(consumer)
  return consumer
}

/** Evenly over the partitions. */
async function fill(topic: string, partitions: number, count: number): Promise<void> {
  const producer = newProducer({})
  for (let index = 0; index < count; index++) {
    producer.post({ topic, partition: index % partitions, key: null, value: bytes(`value ${index}`) })
  }
  await producer.flush()
}

async function readAll(
  consumer: Consumer,
  topic: string,
  partitions: number,
  count: number,
): Promise<ConsumerRecord[]> {
  consumer.assign(Array.from({ length: partitions }, (_, partition) => ({ topic, partition })))
  const read = await take(consumer, count)
  // And no more than that.
  return [...read, ...(await consumer.poll(100))]
}

async function take(consumer: Consumer, count: number): Promise<ConsumerRecord[]> {
  const records: ConsumerRecord[] = []
  const endMs = performance.now() + 15_000
  while (records.length < count && performance.now() < endMs) records.push(...(await consumer.poll(500)))
  return records
}

function bytes(text: string): Buffer {
  return Buffer.from(text)
}

function sleep(durationMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, durationMs))
}

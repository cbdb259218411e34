/**
 * Other people's clients against `millrace broker`, unmodified. Each feature that a client has is a block of its own:
 * `run.ts` makes the matrix of them.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  type Admin,
  createAdmin,
  createConsumer,
  createProducer,
  createTransactionalProducer,
  type Isolation,
} from '../../engine/client/index.ts'
import type { CompressionName } from '../../engine/environment/index.ts'
import { createNodeEnvironment } from '../../engine/node/environment/index.ts'
import { describeProducers } from '../../engine/protocol/apis/describe-producers.ts'
import { readAll } from '../client/client-world.ts'
import { withConnection } from '../client/raw-connection.ts'
import { type Feature, featuresOf } from './foreign/features.ts'
import { type GroupProtocol, type PlainRecord, until } from './foreign/foreign-client.ts'
import { foreignClients } from './foreign/index.ts'
import { type MillraceBroker, startMillraceBroker } from './millrace-broker.ts'

const environment = createNodeEnvironment({ log: { write: () => undefined } })
const plain = { compression: 'none', idempotent: false } as const
const missing = new Map<string, string | undefined>()
for (const client of foreignClients) missing.set(client.name, await client.missing())

let broker: MillraceBroker
let admin: Admin
let topics = 0

beforeAll(async () => {
  // Clients are looked at here, not failures: a machine that is held up for two seconds moves no leadership.
  const args = ['--set', 'broker.session.timeout.ms=30000']
  // Members of the new protocol hear of a change with their heartbeat.
  args.push('--set', 'group.consumer.heartbeat.interval.ms=500')
  broker = await startMillraceBroker({ brokers: 3, args })
  admin = createAdmin(environment, { bootstrap: bootstrap() })
})
afterAll(async () => {
  await Promise.all(foreignClients.map((client) => client.close?.()))
  await admin?.close()
  await broker?.stop()
})

describe.each(foreignClients)('$name', (client) => {
  const isMissing = missing.get(client.name) !== undefined
  const has = featuresOf(client)
  const feature = (name: Feature, tests: () => void) => {
    if (has.has(name)) describe.skipIf(isMissing)(name, tests)
  }
  const producesWith = async (compression: CompressionName) => {
    const topic = await newTopic()
    const records = someRecords()
    await client.produce(broker.bootstrap, topic, records, { ...plain, compression })
    expect(inOrder(await readByUs(topic, records.length))).toEqual(inOrder(records))
  }
  const consumesWith = async (compression: CompressionName) => {
    const topic = await newTopic()
    const records = someRecords()
    await produceByUs(topic, records, compression)
    const read = await client.consume(broker.bootstrap, topic, records.length, 'read_uncommitted')
    expect(inOrder(read)).toEqual(inOrder(records))
  }

  feature('produce', () => test('produces', () => producesWith('none')))
  feature('consume', () => test('consumes', () => consumesWith('none')))
  for (const codec of ['gzip', 'snappy', 'lz4', 'zstd'] as const) {
    feature(codec, () => {
      test('produces', () => producesWith(codec))
      test('consumes', () => consumesWith(codec))
    })
  }

  feature('headers', () => {
    test('reads what it wrote, headers too', async () => {
      const topic = await newTopic()
      const records = someRecords().map((record) => ({
        ...record,
        headers: { origin: 'hérè', kind: 'test' },
      }))
      await client.produce(broker.bootstrap, topic, records, plain)
      const read = await client.consume(broker.bootstrap, topic, records.length, 'read_uncommitted')
      expect(inOrder(read)).toEqual(inOrder(records))
    })
  })

  const sharesTopic = async (protocol: GroupProtocol) => {
    const topic = await newTopic()
    const groupId = `group-of-${topic}`
    const first = await client.join(broker.bootstrap, topic, groupId, protocol)
    const second = await client.join(broker.bootstrap, topic, groupId, protocol)
    await ownedBy(groupId, 2)
    expect((await admin.listGroups()).find((group) => group.groupId === groupId)?.type.toLowerCase()).toBe(
      protocol,
    )
    await produceByUs(topic, someRecords(), 'none')
    const count = someRecords().length
    // Until a rebalance is over a member may read what the other one has read: each record counts once.
    const read = () => new Set([...first.read, ...second.read].map((one) => `${one.partition}:${one.offset}`))
    await until(() => read().size === count, 'the group reads all')
    expect(first.read.length).toBeGreaterThan(0)
    expect(second.read.length).toBeGreaterThan(0)
    await first.leave()
    // Leaving while it is made to join anew is more than @platformatic/kafka's consumer survives.
    await ownedBy(groupId, 1)
    await second.leave()
    const committed = await admin.groupOffsets(groupId)
    expect(committed.reduce((sum, { offset }) => sum + offset, 0)).toBe(count)
    await produceByUs(topic, [{ key: 'k', value: 'after', headers: {} }], 'none')
    const third = await client.join(broker.bootstrap, topic, groupId, protocol)
    await until(() => third.read.length > 0, 'the third member reads')
    await third.leave()
    expect(third.read.map(({ value }) => value)).toEqual(['after'])
  }
  feature('groups', () =>
    test('shares a topic in a group, and goes on where it was', () => sharesTopic('classic')),
  )
  feature('consumerProtocol', () =>
    test('shares a topic in a group of the new protocol, and goes on where it was', () =>
      sharesTopic('consumer')),
  )

  feature('offsetsAt', () => {
    test('finds the first offset of a time', async () => {
      const topic = await newTopic()
      const startMs = 1_700_000_000_000
      const producer = createProducer(environment, { bootstrap: bootstrap() })
      for (let index = 0; index < 40; index++) {
        const timestampMs = startMs + 1000 * index
        producer.post({ topic, partition: index % 4, key: null, value: Buffer.from('v'), timestampMs })
      }
      await producer.flush()
      await producer.close()
      const at = (timestampMs: number) => client.offsetsAt!(broker.bootstrap, topic, 4, timestampMs)
      expect(await at(startMs)).toEqual([0, 0, 0, 0])
      expect(await at(startMs + 1000 * 21)).toEqual([6, 5, 5, 5])
      expect(await at(startMs + 1000 * 21 + 1)).toEqual([6, 6, 5, 5])
    })
  })

  feature('admin', () => {
    test('makes, grows, configures, lists and deletes topics, and lists groups', async () => {
      const topic = `administered-${++topics}`
      const by = client.admin!(broker.bootstrap)
      await by.create(topic, 2, { 'retention.ms': '60000' })
      expect(await by.topics()).toContain(topic)
      expect(await by.config(topic, 'retention.ms')).toBe('60000')
      await by.grow(topic, 3)
      expect((await admin.describeTopics([topic]))[0]!.partitions).toHaveLength(3)
      await by.configure(topic, 'max.message.bytes', '5000')
      expect(await by.config(topic, 'max.message.bytes')).toBe('5000')
      const groupId = `group-of-${topic}`
      await commitByUs(topic, groupId)
      expect(await by.groups()).toContain(groupId)
      await by.delete(topic)
      await expect.poll(() => by.topics(), { timeout: 20_000 }).not.toContain(topic)
    })
  })

  feature('idempotence', () => {
    test('the partitions know the producer that wrote them', async () => {
      const topic = await newTopic()
      const records = someRecords()
      await client.produce(broker.bootstrap, topic, records, { ...plain, idempotent: true })
      expect(inOrder(await readByUs(topic, records.length))).toEqual(inOrder(records))
      const producers = await producersOf(topic)
      expect(producers.length).toBeGreaterThan(0)
      expect(producers.every(({ lastSequence }) => lastSequence >= 0)).toBe(true)
    })
  })

  feature('transactions', () => {
    test('commits and aborts', async () => {
      const topic = await newTopic()
      const producer = await client.transactional!(broker.bootstrap, `id-of-${topic}`)
      for (const [round, outcome] of (['commit', 'abort', 'commit'] as const).entries()) {
        await producer.send(
          topic,
          [0, 1, 2].map((index) => `${round}-${index}`),
        )
        await producer.end(outcome)
      }
      await producer.close()
      const read = await readByUs(topic, 6, 'read_committed')
      expect(read.map(({ value }) => value).sort()).toEqual(['0-0', '0-1', '0-2', '2-0', '2-1', '2-2'])
    })

    test.skipIf(client.takesOver === false)('is fenced by a second one of the same id', async () => {
      const topic = await newTopic()
      const first = await client.transactional!(broker.bootstrap, `id-of-${topic}`)
      await first.send(topic, ['first'])
      await expect.poll(() => producersOf(topic), { timeout: 20_000 }).toHaveLength(1)
      const second = await client.transactional!(broker.bootstrap, `id-of-${topic}`)
      await second.send(topic, ['second'])
      await second.end('commit')
      await expect(first.end('commit')).rejects.toThrow()
      await Promise.all([first.close(), second.close()])
      const read = await readByUs(topic, 1, 'read_committed')
      expect(read.map(({ value }) => value)).toEqual(['second'])
    })

    test.skipIf(client.copy === undefined)('copies a topic exactly once, aborts included', async () => {
      const [from, to] = [await newTopic(), await newTopic()]
      const count = 400
      const records = Array.from({ length: count }, (_, i) => ({ key: `k${i}`, value: `v${i}`, headers: {} }))
      await produceByUs(from, records, 'none')
      const groupId = `group-of-${from}`
      await client.copy!(broker.bootstrap, { from, to, groupId, transactionalId: `id-of-${from}`, count })
      expect(inOrder(await readByUs(to, count, 'read_committed'))).toEqual(inOrder(records))
      // One record more than were copied: what is aborted is there too.
      await readByUs(to, count + 1, 'read_uncommitted')
      const committed = await admin.groupOffsets(groupId)
      expect(committed.reduce((sum, { offset }) => sum + offset, 0)).toBe(count)
    })
  })

  feature('readCommitted', () => {
    test('reads only what is committed', async () => {
      const topic = await newTopic()
      const transactionalId = `id-of-${topic}`
      const producer = createTransactionalProducer(environment, { bootstrap: bootstrap(), transactionalId })
      await producer.initTransactions()
      for (const round of ['first', 'never', 'last']) {
        producer.beginTransaction()
        for (let index = 0; index < 8; index++) {
          producer.post({ topic, partition: index % 4, key: null, value: Buffer.from(`${round}-${index}`) })
        }
        if (round === 'never') {
          await producer.flush()
          await producer.abortTransaction()
        } else await producer.commitTransaction()
      }
      await producer.close()
      const read = await client.consume(broker.bootstrap, topic, 16, 'read_committed')
      const expected = ['first', 'last'].flatMap((round) =>
        [0, 1, 2, 3, 4, 5, 6, 7].map((i) => `${round}-${i}`),
      )
      expect(read.map(({ value }) => value).sort()).toEqual(expected)
    })
  })
})

/** Waits until so many members are all of the group, and own partitions. */
async function ownedBy(groupId: string, count: number): Promise<void> {
  for (let tries = 0; tries < 600; tries++) {
    const [group] = await admin.describeGroups([groupId])
    const owners = group!.members.filter(({ assignment }) => assignment.length > 0)
    if (group!.state === 'Stable' && group!.members.length === count && owners.length === count) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  const [group] = await admin.describeGroups([groupId])
  throw new Error(`${groupId} does not become a group of ${count}: ${JSON.stringify(group)}`)
}

function bootstrap(): string[] {
  return broker.bootstrap.split(',')
}

async function newTopic(): Promise<string> {
  const name = `foreign-${++topics}`
  await admin.createTopics([{ name, partitions: 4 }])
  return name
}

/** Enough to fill a few batches, with what clients get wrong: nulls, and letters of several bytes. */
function someRecords(): PlainRecord[] {
  return Array.from({ length: 500 }, (_, index) => ({
    key: index % 10 === 0 ? null : `key-${index}`,
    value: index % 25 === 1 ? null : `välue ${index} `.repeat(8),
    headers: (index % 2 === 0 ? { kind: 'even' } : {}) as Record<string, string>,
  }))
}

/** As text, each alike however its headers are ordered. */
function inOrder(records: readonly PlainRecord[]): string[] {
  const sorted = (headers: PlainRecord['headers']) =>
    Object.entries(headers).sort(([a], [b]) => (a < b ? -1 : 1))
  return records
    .map(({ key, value, headers }) => JSON.stringify({ key, value, headers: sorted(headers) }))
    .sort()
}

async function produceByUs(
  topic: string,
  records: readonly PlainRecord[],
  compression: CompressionName,
): Promise<void> {
  const producer = createProducer(environment, { bootstrap: bootstrap(), compression })
  const bytes = (text: string | null) => (text === null ? null : Buffer.from(text))
  for (const [index, { key, value, headers }] of records.entries()) {
    producer.post({
      topic,
      partition: index % 4,
      key: bytes(key),
      value: bytes(value),
      headers: Object.entries(headers).map(([name, text]) => ({ key: name, value: Buffer.from(text) })),
    })
  }
  await producer.flush()
  await producer.close()
}

/** A little longer than it takes, to see what should not be there. */
async function readByUs(
  topic: string,
  count: number,
  isolation: Isolation = 'read_uncommitted',
): Promise<PlainRecord[]> {
  const options = { bootstrap: bootstrap(), autoOffsetReset: 'earliest', isolation } as const
  const consumer = createConsumer(environment, options)
  const text = (bytes: Uint8Array | null) => (bytes === null ? null : Buffer.from(bytes).toString())
  const read = await readAll(consumer, topic, 4, count)
  read.push(...(await consumer.poll(100)))
  await consumer.close()
  return read.map(({ key, value, headers }) => ({
    key: text(key),
    value: text(value),
    headers: Object.fromEntries(headers.map((header) => [header.key, text(header.value) ?? ''])),
  }))
}

/** Makes a group that has nothing but an offset. */
async function commitByUs(topic: string, groupId: string): Promise<void> {
  const consumer = createConsumer(environment, { bootstrap: bootstrap(), groupId })
  consumer.assign([{ topic, partition: 0 }])
  await consumer.commit([{ topic, partition: 0, offset: 0 }])
  await consumer.close()
}

/** What the leaders of its partitions know of producers. */
async function producersOf(topic: string) {
  const [described] = await admin.describeTopics([topic])
  const { brokers } = await admin.describeCluster()
  const answers = described!.partitions.map(({ partition, leader }) => {
    const { host, port } = brokers.find(({ id }) => id === leader)!
    return withConnection(environment, { bootstrap: [`${host}:${port}`] }, (connection) =>
      connection.request(describeProducers, { topics: [{ name: topic, partitionIndexes: [partition] }] }),
    )
  })
  return (await Promise.all(answers)).flatMap((one) => one.topics[0]!.partitions[0]!.activeProducers)
}

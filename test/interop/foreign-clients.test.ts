/** Other people's clients against `millrace broker`, unmodified. `run.ts` makes a table of these tests. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Admin, createAdmin, createConsumer, createProducer } from '../../engine/client/index.ts'
import { createNodeEnvironment } from '../../engine/node/environment/index.ts'
import { readAll } from '../client/client-world.ts'
import { type PlainRecord, until } from './foreign/foreign-client.ts'
import { foreignClients } from './foreign/index.ts'
import { type MillraceBroker, startMillraceBroker } from './millrace-broker.ts'

const environment = createNodeEnvironment({ log: { write: () => undefined } })
const codecs = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const
const missing = new Map<string, string | undefined>()
for (const client of foreignClients) missing.set(client.name, await client.missing())

let broker: MillraceBroker
let admin: Admin
let topics = 0

beforeAll(async () => {
  // Clients are looked at here, not failures: a machine that is held up for two seconds moves no leadership.
  const args = ['--set', 'broker.session.timeout.ms=30000']
  broker = await startMillraceBroker({ brokers: 3, args })
  admin = createAdmin(environment, { bootstrap: bootstrap() })
})
afterAll(async () => {
  await admin?.close()
  await broker?.stop()
})

describe.each(foreignClients)('$name', (client) => {
  const known = test.skipIf(missing.get(client.name) !== undefined)

  describe.each(codecs)('%s', (compression) => {
    known('produces', async () => {
      const topic = await newTopic()
      const records = someRecords()
      await client.produce(broker.bootstrap, topic, records, compression)
      expect(inOrder(await readByUs(topic, records.length))).toEqual(inOrder(records))
    })

    known('consumes', async () => {
      const topic = await newTopic()
      const records = someRecords()
      await produceByUs(topic, records, compression)
      const read = await client.consume(broker.bootstrap, topic, records.length)
      expect(inOrder(read)).toEqual(inOrder(records))
    })
  })

  known('reads what it wrote, headers too', async () => {
    const topic = await newTopic()
    const records = someRecords().map((record) => ({ ...record, headers: { origin: 'hérè', kind: 'test' } }))
    await client.produce(broker.bootstrap, topic, records, 'none')
    expect(inOrder(await client.consume(broker.bootstrap, topic, records.length))).toEqual(inOrder(records))
  })

  known('shares a topic in a group, and goes on where it was', async () => {
    const topic = await newTopic()
    const groupId = `group-of-${topic}`
    const first = await client.join(broker.bootstrap, topic, groupId)
    const second = await client.join(broker.bootstrap, topic, groupId)
    await ownedBy(groupId, 2)
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
    const third = await client.join(broker.bootstrap, topic, groupId)
    await until(() => third.read.length > 0, 'the third member reads')
    await third.leave()
    expect(third.read.map(({ value }) => value)).toEqual(['after'])
  })
})

/** Waits until so many members are all of the group, and own partitions. */
async function ownedBy(groupId: string, count: number): Promise<void> {
  for (let tries = 0; tries < 2000; tries++) {
    const [group] = await admin.describeGroups([groupId])
    const owners = group!.members.filter(({ assignment }) => assignment.length > 0)
    if (group!.state === 'Stable' && group!.members.length === count && owners.length === count) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error(`${groupId} does not become a group of ${count}`)
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

function inOrder(records: readonly PlainRecord[]): string[] {
  return records.map(({ key, value, headers }) => JSON.stringify({ key, value, headers })).sort()
}

async function produceByUs(
  topic: string,
  records: readonly PlainRecord[],
  compression: (typeof codecs)[number],
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

async function readByUs(topic: string, count: number): Promise<PlainRecord[]> {
  const consumer = createConsumer(environment, { bootstrap: bootstrap(), autoOffsetReset: 'earliest' })
  const text = (bytes: Uint8Array | null) => (bytes === null ? null : Buffer.from(bytes).toString())
  const read = await readAll(consumer, topic, 4, count)
  await consumer.close()
  return read.map(({ key, value, headers }) => ({
    key: text(key),
    value: text(value),
    headers: Object.fromEntries(headers.map((header) => [header.key, text(header.value) ?? ''])),
  }))
}

/**
 * Other people's clients in transactions, unmodified: Java's speaks version 2 of them (KIP-890), the others what was
 * before.
 */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { Consumer, Producer, stringDeserializers, stringSerializers } from '@platformatic/kafka'
import kafkajs from 'kafkajs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Admin, createAdmin, createConsumer, createProducer } from '../../engine/client/index.ts'
import { createNodeEnvironment } from '../../engine/node/environment/index.ts'
import { apacheKafkaMissing, jarFolder } from './apache-kafka.ts'
import { kafkaTools } from './foreign/features.ts'
import { kcat } from './foreign/kcat.ts'
import { confluentMissing, confluentPython } from './foreign/programs.ts'
import { type MillraceBroker, startMillraceBroker } from './millrace-broker.ts'

const environment = createNodeEnvironment({ log: { write: () => undefined } })
const run = promisify(execFile)
const javaMissing = await apacheKafkaMissing()
const kcatMissing = await kcat.missing()
const withoutConfluent = await confluentMissing()

let broker: MillraceBroker
let admin: Admin
let topics = 0

beforeAll(async () => {
  const args = ['--set', 'broker.session.timeout.ms=30000']
  broker = await startMillraceBroker({ brokers: 3, args })
  admin = createAdmin(environment, { bootstrap: bootstrap() })
})
afterAll(async () => {
  await admin?.close()
  await broker?.stop()
})

describe.skipIf(javaMissing !== undefined)("Kafka's own client", () => {
  const verdict = async (scenario: string): Promise<string> => {
    const source = path.join(import.meta.dirname, 'java/Transactions.java')
    const { stdout } = await run('java', ['-cp', `${jarFolder()}/*`, source, broker.bootstrap, scenario])
    return stdout.split('\n').find((line) => line.startsWith(`${scenario}: `)) ?? stdout
  }

  test('commits and aborts; only what is committed is read', async () => {
    const before = '[0-0, 0-1, 0-2, 2-0, 2-1, 2-2, 4-0, 4-1, 4-2]'
    const after = `${before.slice(0, -1)}, 5-0, 5-1, 5-2]`
    expect(await verdict('commit-and-abort')).toBe(`commit-and-abort: ${before} ${after} 18`)
  })

  test('is fenced by a second instance, whose transaction alone counts', async () => {
    expect(await verdict('fencing')).toBe('fencing: fenced [second-0, second-1, second-2]')
  })

  test('copies a topic exactly once with offsets in its transactions, aborts included', async () => {
    expect(await verdict('offsets')).toBe('offsets: 30 of 30 distinct')
  })

  test('cannot commit after its time is over, and nobody reads the records', async () => {
    expect(await verdict('timeout')).toBe('timeout: refused []')
  })

  test('runs many transactions one after the other', async () => {
    expect(await verdict('many')).toBe('many: 600')
  })

  test('goes on while brokers die and come back, one after the other', async () => {
    let isRunning = true
    const ended = verdict('many').finally(() => {
      isRunning = false
    })
    let deaths = 0
    for (let id = 1; isRunning || deaths < 3; id = (id % 3) + 1) {
      await broker.command(`kill ${id}`)
      deaths++
      await sleep(1500)
      await broker.command(`start ${id}`)
      await sleep(2500)
    }
    expect(await ended).toBe('many: 600')
  })

  test('lists and describes an open transaction and its producers', async () => {
    const open = 'Ongoing 3 listed: true open at [OptionalLong[0]]'
    expect(await verdict('admin')).toBe(`admin: ${open}`)
  })

  test('copies with the message copier, once each, although a second copier takes over', async () => {
    const topic = await newTopic()
    const sink = await newTopic()
    const count = 300
    const producer = createProducer(environment, { bootstrap: bootstrap() })
    const sent = Array.from({ length: count }, (_, i) => {
      return producer.send({ topic, partition: 0, key: null, value: Buffer.from(String(1000 + i)) })
    })
    await Promise.all(sent)
    await producer.close()
    const copier = () => {
      const args = [kafkaTools.TransactionalMessageCopier, '--broker-list', broker.bootstrap]
      const where = ['--input-topic', topic, '--input-partition', '0', '--output-topic', sink]
      const how = ['--max-messages', String(count), '--transaction-size', '20', '--enable-random-aborts']
      const who = ['--transactional-id', topic, '--consumer-group', topic, '--group-mode']
      const all = ['-cp', `${jarFolder()}/*`, ...args, ...where, ...how, ...who, '--use-group-metadata']
      return spawn('java', all, { stdio: ['ignore', 'pipe', 'ignore'] })
    }
    const first = copier()
    await once(first.stdout, 'data')
    await sleep(500)
    first.kill('SIGKILL')
    const second = copier()
    second.stdout.resume()
    await expect.poll(() => readCommitted(sink, 0), { timeout: 120_000, interval: 1000 }).toHaveLength(count)
    second.kill('SIGKILL')
    expect(new Set(await readCommitted(sink, count)).size).toBe(count)
  })

  test('is looked into by the transactions tool', async () => {
    const tool = async (...args: string[]) => {
      const main = kafkaTools['kafka-transactions']
      const all = ['-cp', `${jarFolder()}/*`, main, '--bootstrap-server', broker.bootstrap, ...args]
      return (await run('java', all)).stdout
    }
    expect(await verdict('many')).toBe('many: 600')
    expect(await tool('list')).toMatch(/java-many-\d+\s+\d+\s+\d+\s+CompleteCommit/)
    const [id] = /java-many-\d+/.exec(await tool('list')) ?? []
    expect(await tool('describe', '--transactional-id', String(id))).toContain('CompleteCommit')
    expect(await tool('find-hanging', '--broker-id', '1')).not.toContain('java-many')
  })

  test('fences a producer as an administrator', async () => {
    expect(await verdict('fence-by-admin')).toBe('fence-by-admin: refused []')
  })
})

describe('kafkajs', () => {
  const connect = () =>
    new kafkajs.Kafka({
      brokers: broker.bootstrap.split(','),
      logLevel: kafkajs.logLevel.NOTHING,
      retry: { retries: 30, initialRetryTime: 50, maxRetryTime: 500 },
    })
  const producerOf = async (transactionalId: string) => {
    const producer = connect().producer({ transactionalId, maxInFlightRequests: 1, idempotent: true })
    await producer.connect()
    return producer
  }
  const messages = (prefix: string) =>
    Array.from({ length: 5 }, (_, i) => ({ key: `${i}`, value: `${prefix}-${i}` }))

  test('commits and aborts, offsets included', async () => {
    const topic = await newTopic()
    const groupId = `group-of-${topic}`
    const producer = await producerOf(topic)
    for (let round = 0; round < 4; round++) {
      const transaction = await producer.transaction()
      await transaction.send({ topic, messages: messages(`${round}`) })
      const partitions = [{ partition: 0, offset: String(round + 1) }]
      await transaction.sendOffsets({ consumerGroupId: groupId, topics: [{ topic, partitions }] })
      if (round % 2 === 0) await transaction.commit()
      else await transaction.abort()
    }
    await producer.disconnect()
    const expected = [...messages('0'), ...messages('2')].map(({ value }) => value)
    expect(await readCommitted(topic, expected.length)).toEqual(expected)
    expect(await admin.groupOffsets(groupId)).toMatchObject([{ topic, partition: 0, offset: 3 }])
  })

  test('is fenced by a second instance', async () => {
    const topic = await newTopic()
    const first = await producerOf(topic)
    const opened = await first.transaction()
    await opened.send({ topic, messages: messages('first') })
    const second = await producerOf(topic)
    const transaction = await second.transaction()
    await transaction.send({ topic, messages: messages('second') })
    await transaction.commit()
    await expect(opened.commit()).rejects.toThrow()
    await Promise.all([first.disconnect(), second.disconnect()])
    expect(await readCommitted(topic, 5)).toEqual(messages('second').map(({ value }) => value))
  })

  test('reads only what is committed', async () => {
    const topic = await newTopic()
    const producer = await producerOf(topic)
    for (const outcome of ['abort', 'commit'] as const) {
      const transaction = await producer.transaction()
      await transaction.send({ topic, messages: messages(outcome) })
      await transaction[outcome]()
    }
    await producer.disconnect()
    const consumer = connect().consumer({ groupId: `group-of-${topic}`, readUncommitted: false })
    await consumer.connect()
    await consumer.subscribe({ topic, fromBeginning: true })
    const read: string[] = []
    await consumer.run({ eachMessage: async ({ message }) => void read.push(String(message.value)) })
    await expect.poll(() => read.length, { timeout: 60_000 }).toBeGreaterThanOrEqual(5)
    await consumer.disconnect()
    expect(read.sort()).toEqual(messages('commit').map(({ value }) => value))
  })
})

describe('@platformatic/kafka', () => {
  const patience = { connectTimeout: 30_000, timeout: 60_000, retries: 30 }

  test('commits and aborts; reads only what is committed', async () => {
    const topic = await newTopic()
    const bootstrapBrokers = broker.bootstrap.split(',')
    const producer = new Producer({
      ...patience,
      clientId: 'platformatic',
      bootstrapBrokers,
      transactionalId: topic,
      idempotent: true,
      serializers: stringSerializers,
    })
    for (const outcome of ['commit', 'abort', 'commit'] as const) {
      const transaction = await producer.beginTransaction()
      const messages = Array.from({ length: 5 }, (_, i) => ({ topic, key: `${i}`, value: `${outcome}-${i}` }))
      await transaction.send({ messages })
      await transaction[outcome]()
    }
    await producer.close()
    const expected = [0, 0, 1, 1, 2, 2, 3, 3, 4, 4].map((i) => `commit-${i}`)
    expect(await readCommitted(topic, expected.length)).toEqual(expected)

    const consumer = new Consumer({
      ...patience,
      clientId: 'platformatic',
      groupId: `group-of-${topic}`,
      bootstrapBrokers,
      deserializers: stringDeserializers,
      isolationLevel: 1,
    })
    const read: string[] = []
    const stream = await consumer.consume({ topics: [topic], mode: 'earliest' })
    stream.on('data', (message) => read.push(String(message.value)))
    await expect.poll(() => read.length, { timeout: 60_000 }).toBeGreaterThanOrEqual(expected.length)
    await stream.close()
    await consumer.close()
    expect(read.sort()).toEqual(expected)
  })
})

describe.skipIf(kcatMissing !== undefined)('kcat (librdkafka)', () => {
  test('commits what it is given in one transaction, and reads only what is committed', async () => {
    const topic = await newTopic()
    const args = ['-P', '-b', broker.bootstrap, '-t', topic, '-K', ':', '-X', `transactional.id=${topic}`]
    const child = spawn('kcat', args, { stdio: ['pipe', 'ignore', 'ignore'] })
    child.stdin.end(['a', 'b', 'c'].map((value) => `${value}:${value}\n`).join(''))
    expect(await once(child, 'close')).toEqual([0, null])
    expect(await readCommitted(topic, 3)).toEqual(['a', 'b', 'c'])
    const read = await kcat.consume(broker.bootstrap, topic, 3, 'read_committed')
    expect(read.map(({ value }) => value).sort()).toEqual(['a', 'b', 'c'])
  })
})

describe.skipIf(withoutConfluent !== undefined)('confluent-kafka (librdkafka)', () => {
  test('commits, aborts, is fenced, and commits offsets in a transaction', async () => {
    const topic = await newTopic()
    const source = path.join(import.meta.dirname, 'python/transactions.py')
    const { stdout } = await run(await confluentPython(), [source, broker.bootstrap, topic])
    expect(JSON.parse(stdout)).toEqual({
      fenced: true,
      read: [0, 2].flatMap((round) => [0, 1, 2].map((i) => `${round}-${i}`)).concat('second'),
      committed: 3,
    })
  })
})

function bootstrap(): string[] {
  return broker.bootstrap.split(',')
}

async function newTopic(): Promise<string> {
  const name = `transactions-${++topics}`
  await admin.createTopics([{ name, partitions: 3 }])
  return name
}

/** By our own consumer, sorted; a little longer than it takes, to see what should not be there. */
async function readCommitted(topic: string, count: number): Promise<string[]> {
  const consumer = createConsumer(environment, {
    bootstrap: bootstrap(),
    autoOffsetReset: 'earliest',
    isolation: 'read_committed',
  })
  consumer.assign([0, 1, 2].map((partition) => ({ topic, partition })))
  const values: string[] = []
  for (let quiet = 0; quiet < 3; ) {
    const records = await consumer.poll(100)
    for (const { value } of records) values.push(Buffer.from(value!).toString())
    quiet = values.length >= count && records.length === 0 ? quiet + 1 : 0
  }
  await consumer.close()
  return values.sort()
}

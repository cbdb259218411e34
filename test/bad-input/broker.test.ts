import { mkdtempSync, readdirSync, rmSync, statSync, truncateSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { createAdmin, createConsumer, createProducer } from '../../engine/client/index.ts'
import { createNodeEnvironment } from '../../engine/node/environment/index.ts'
import { Command, jsonLines } from './command.ts'

const environment = createNodeEnvironment()
const folder = mkdtempSync(path.join(tmpdir(), 'millrace-broker-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

async function started(...args: string[]): Promise<{ broker: Command; bootstrap: string[] }> {
  const broker = new Command(['broker', '--port', '0', ...args])
  const [, addresses] = await broker.says(/^ready (\S+)\n/)
  return { broker, bootstrap: addresses!.split(',') }
}

async function write(bootstrap: string[], topic: string, values: readonly Buffer[]): Promise<void> {
  const producer = createProducer(environment, { bootstrap, acks: 'all', requestBytesMax: 8_000_000 })
  try {
    await Promise.all(values.map((value) => producer.send({ topic, key: null, value })))
  } finally {
    await producer.close()
  }
}

/** Every value of the topic, read until its ends as they are now. */
async function readAll(bootstrap: string[], topic: string): Promise<string[]> {
  const admin = createAdmin(environment, { bootstrap })
  const consumer = createConsumer(environment, { bootstrap, autoOffsetReset: 'earliest' })
  try {
    const [description] = await admin.describeTopics([topic])
    const partitions = description!.partitions.map(({ partition }) => ({ topic, partition }))
    const ends = await admin.listOffsets(
      partitions.map((partition) => ({ ...partition, spec: 'latest' as const })),
    )
    const count = ends.reduce((sum, { offset }) => sum + offset, 0)
    consumer.assign(partitions)
    const values: string[] = []
    while (values.length < count) {
      for (const { value } of await consumer.poll(500)) values.push(String(value))
    }
    return values
  } finally {
    await consumer.close()
    await admin.close()
  }
}

const numbered = (count: number) => Array.from({ length: count }, (_, index) => Buffer.from(`value ${index}`))

describe('the broker', () => {
  it('closes connections that talk something else, says what it was, and serves everybody else on', async () => {
    const { broker, bootstrap } = await started('--topic', 'orders:3')
    const knock = async (bytes: Buffer) => {
      const [host, port] = bootstrap[0]!.split(':')
      await new Promise<void>((resolve) => {
        const socket = connect(Number(port), host)
        socket.on('error', () => undefined)
        socket.on('close', () => resolve())
        socket.write(bytes)
      })
    }
    await knock(Buffer.from('GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n'))
    await broker.says(/it speaks HTTP: this port is for Kafka clients/)
    await knock(Buffer.from('16030100a5010000a10303', 'hex'))
    await broker.says(/it speaks TLS, .+ set security\.protocol=PLAINTEXT/)
    await knock(Buffer.from('ffffff00', 'hex'))
    await broker.says(/a frame claims a length of -256 bytes/)
    await knock(Buffer.from('0000000a03e7000000000001ffff', 'hex'))
    await broker.says(/it asked for version 0 of API 999, which is not served/)
    // A Metadata request whose list of topics claims more entries than there are bytes.
    await knock(Buffer.from('0000000e0003000100000001ffff7fffffff', 'hex'))
    await broker.says(/an array claims 2147483647 elements/)
    for (let seed = 1; seed <= 200; seed++) {
      const noise = Buffer.from(Array.from({ length: 60 }, (_, at) => (seed * 31 * (at + 7) ** 3) & 0xff))
      // Within the limit, so that the bytes are waited for and read as a request.
      noise.writeInt32BE(56)
      const [host, port] = bootstrap[seed % 3]!.split(':')
      connect(Number(port), host)
        .on('error', () => undefined)
        .end(noise)
    }
    await write(bootstrap, 'orders', numbered(100))
    expect(new Set(await readAll(bootstrap, 'orders')).size).toBe(100)
    broker.type('status')
    await broker.says(/ok status[\s\S]*topics 1 partitions 3 under-replicated 0 offline 0/)
    expect(await broker.end()).toMatchObject({ status: 0, left: [] })
  }, 60_000)

  it('takes a record of 1 MB whole, and refuses one above max.message.bytes with what the limit is', async () => {
    const { broker, bootstrap } = await started('--topic', 'large:1')
    const large = Buffer.alloc(1_000_000, 'x')
    await write(bootstrap, 'large', [large])
    await expect(write(bootstrap, 'large', [Buffer.alloc(2_000_000, 'y')])).rejects.toMatchObject({
      code: 'RECORD_TOO_LARGE',
      where: expect.stringContaining('large'),
      remedy: expect.stringMatching(/max\.message\.bytes/),
    })
    const values = await readAll(bootstrap, 'large')
    expect(values.map((value) => value.length)).toEqual([large.length])
    await broker.end()
  }, 60_000)

  it('gets back from the others what a cut segment has lost', async () => {
    const data = path.join(folder, 'cut')
    const { broker, bootstrap } = await started('--topic', 'kept:1', '--data', data)
    await write(bootstrap, 'kept', numbered(20_000))
    broker.type('kill 2')
    await broker.says(/^ok kill 2$/m)
    const replica = path.join(data, 'broker-2')
    const [topicFolder] = readdirSync(replica).filter((name) => name.startsWith('kept-0'))
    const segment = path.join(replica, topicFolder!, '00000000000000000000.log')
    const bytes = statSync(segment).size
    truncateSync(segment, Math.floor(bytes / 2))
    broker.type('start 2')
    await broker.says(/^ok start 2$/m)
    expect(broker.err).toMatch(
      /kept-0: a batch of \d+ bytes is cut off after \d+; the log now ends at offset \d+/,
    )
    expect(new Set(await readAll(bootstrap, 'kept')).size).toBe(20_000)
    await expect.poll(() => statSync(segment).size, { timeout: 10_000 }).toBe(bytes)
    expect(await broker.end()).toMatchObject({ status: 0, left: [] })
  }, 60_000)

  it('answers each line of its standard input with ok or error, and lives on', async () => {
    const broker = new Command(['broker', '--port', '0', '--json', '--topic', 'lines:2:3'])
    await broker.says(/"event":"ready"/)
    const answers = () => jsonLines(broker.out).filter(({ event }) => event !== 'ready')
    const ask = async (line: string) => {
      const before = answers().length
      broker.type(line)
      await expect.poll(() => answers().length, { timeout: 15_000, interval: 10 }).toBeGreaterThan(before)
      return answers().at(-1)
    }
    for (const line of [
      'kill 2',
      'start 2',
      'stop 3',
      'start 3',
      'isolate 1',
      'heal 1',
      'slow-disk 1 5ms',
      'heal 1',
    ]) {
      expect(await ask(line)).toEqual({ event: 'ok', text: line })
    }
    expect(await ask('kill 9')).toEqual({
      event: 'error',
      text: 'UNKNOWN_BROKER: there is no broker 9: name one of 1, 2, 3',
    })
    expect(await ask('slow-disk 1 50')).toMatchObject({
      event: 'error',
      text: expect.stringMatching(/^BAD_DURATION/),
    })
    expect(await ask('explode')).toMatchObject({
      event: 'error',
      text: expect.stringMatching(/^BAD_COMMAND/),
    })
    await ask('status')
    expect(answers().find(({ event }) => event === 'status')).toMatchObject({
      brokers: [{ id: 1 }, { id: 2 }, { id: 3 }],
      topics: [{ name: 'lines' }],
    })
    expect(await broker.end()).toMatchObject({ status: 0, left: [] })
  }, 60_000)
})

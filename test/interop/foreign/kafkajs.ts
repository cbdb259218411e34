import kafkajs, { type Consumer, type IHeaders } from 'kafkajs'
import type { CompressionName } from '../../../engine/environment/index.ts'
import { nodeCodecs } from '../../../engine/node/environment/index.ts'
import type { ForeignClient, ReadRecord } from './foreign-client.ts'
import { until } from './foreign-client.ts'

const { CompressionCodecs, CompressionTypes, Kafka, logLevel } = kafkajs

const types = {
  none: CompressionTypes.None,
  gzip: CompressionTypes.GZIP,
  snappy: CompressionTypes.Snappy,
  lz4: CompressionTypes.LZ4,
  zstd: CompressionTypes.ZSTD,
} as const satisfies Record<CompressionName, number>

// kafkajs brings gzip alone; the others are plug-ins.
for (const name of ['snappy', 'lz4', 'zstd'] as const) {
  CompressionCodecs[types[name]] = () => ({
    compress: async ({ buffer }: { buffer: Buffer }) => nodeCodecs.compress(name, buffer),
    decompress: async (buffer: Buffer) => nodeCodecs.decompress(name, buffer),
  })
}

export const kafkajsClient: ForeignClient = {
  name: 'kafkajs',

  async missing() {
    return undefined
  },

  async produce(bootstrap, topic, records, compression) {
    const producer = connect(bootstrap).producer()
    await producer.connect()
    const messages = records.map(({ key, value, headers }) => ({ key, value, headers: { ...headers } }))
    await producer.send({ topic, messages, acks: -1, compression: types[compression] })
    await producer.disconnect()
  },

  async consume(bootstrap, topic, count) {
    const member = await this.join(bootstrap, topic, `reader-${topic}-${Math.random()}`)
    await until(() => member.read.length >= count, `kafkajs reads ${count} records`)
    await member.leave()
    return [...member.read]
  },

  async join(bootstrap, topic, groupId) {
    const consumer = connect(bootstrap).consumer({ groupId, heartbeatInterval: 200, maxWaitTimeInMs: 100 })
    await consumer.connect()
    const read: ReadRecord[] = []
    await consumer.subscribe({ topic, fromBeginning: true })
    const joined = once(consumer)
    await consumer.run({
      autoCommitInterval: 100,
      eachMessage: async ({ partition, message }) => {
        read.push({
          partition,
          offset: Number(message.offset),
          key: message.key?.toString() ?? null,
          value: message.value?.toString() ?? null,
          headers: plainHeaders(message.headers),
        })
      },
    })
    await joined
    return { read, leave: () => consumer.disconnect() }
  },
}

function connect(bootstrap: string): kafkajs.Kafka {
  // Its second to connect is short on a machine that has much to do.
  return new Kafka({ brokers: bootstrap.split(','), logLevel: logLevel.NOTHING, connectionTimeout: 30_000 })
}

function once(consumer: Consumer): Promise<void> {
  return new Promise((resolve) => {
    const stop = consumer.on('consumer.group_join', () => {
      stop()
      resolve()
    })
  })
}

function plainHeaders(headers: IHeaders = {}): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]))
}

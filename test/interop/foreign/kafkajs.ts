import kafkajs, { type Consumer, type IHeaders } from 'kafkajs'
import type { Isolation } from '../../../engine/client/index.ts'
import type { CompressionName } from '../../../engine/environment/index.ts'
import { nodeCodecs } from '../../../engine/node/environment/index.ts'
import type { ForeignClient, GroupMember, ReadRecord } from './foreign-client.ts'
import { until } from './foreign-client.ts'
import { packageVersion } from './versions.ts'

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
  version: packageVersion('kafkajs'),
  isIdempotent: true,
  readsCommitted: true,
  groupProtocols: ['classic'],

  async missing() {
    return undefined
  },

  async produce(bootstrap, topic, records, { compression, idempotent }) {
    const producer = connect(bootstrap).producer({ idempotent })
    await producer.connect()
    const messages = records.map(({ key, value, headers }) => ({ key, value, headers: { ...headers } }))
    await producer.send({ topic, messages, acks: -1, compression: types[compression] })
    await producer.disconnect()
  },

  async consume(bootstrap, topic, count, isolation) {
    const member = await start(bootstrap, topic, `reader-${topic}-${Math.random()}`, isolation)
    await until(() => member.read.length >= count, `kafkajs reads ${count} records`)
    await member.leave()
    return [...member.read]
  },

  join: (bootstrap, topic, groupId) => start(bootstrap, topic, groupId, 'read_uncommitted'),

  offsetsAt: (bootstrap, topic, partitions, timestampMs) =>
    withAdmin(bootstrap, async (admin) => {
      const found = await admin.fetchTopicOffsetsByTimestamp(topic, timestampMs)
      const offsets = new Map(found.map(({ partition, offset }) => [partition, Number(offset)]))
      return Array.from({ length: partitions }, (_, partition) => offsets.get(partition) ?? -1)
    }),

  admin(bootstrap) {
    const type = kafkajs.ConfigResourceTypes.TOPIC
    return {
      create: (topic, numPartitions, configs) =>
        withAdmin(bootstrap, async (admin) => {
          const configEntries = Object.entries(configs).map(([name, value]) => ({ name, value }))
          await admin.createTopics({
            topics: [{ topic, numPartitions, replicationFactor: 3, configEntries }],
          })
        }),
      topics: () => withAdmin(bootstrap, (admin) => admin.listTopics()),
      config: (name, config) =>
        withAdmin(bootstrap, async (admin) => {
          const resource = { type, name, configNames: [config] }
          const { resources } = await admin.describeConfigs({ resources: [resource], includeSynonyms: false })
          return resources[0]?.configEntries[0]?.configValue ?? null
        }),
      configure: (name, config, value) =>
        withAdmin(bootstrap, async (admin) => {
          const configEntries = [{ name: config, value }]
          await admin.alterConfigs({ validateOnly: false, resources: [{ type, name, configEntries }] })
        }),
      grow: (topic, count) =>
        withAdmin(bootstrap, async (admin) => {
          await admin.createPartitions({ topicPartitions: [{ topic, count }] })
        }),
      delete: (topic) => withAdmin(bootstrap, (admin) => admin.deleteTopics({ topics: [topic] })),
      groups: () =>
        withAdmin(bootstrap, async (admin) =>
          (await admin.listGroups()).groups.map(({ groupId }) => groupId),
        ),
    }
  },

  async transactional(bootstrap, transactionalId) {
    const producer = connect(bootstrap).producer({
      transactionalId,
      maxInFlightRequests: 1,
      idempotent: true,
    })
    await producer.connect()
    let open: kafkajs.Transaction | undefined
    return {
      async send(topic, values) {
        open = await producer.transaction()
        await open.send({ topic, messages: values.map((value) => ({ value })) })
      },
      async end(outcome) {
        await open?.[outcome]()
      },
      close: () => producer.disconnect(),
    }
  },
}

async function start(
  bootstrap: string,
  topic: string,
  groupId: string,
  isolation: Isolation,
): Promise<GroupMember> {
  const readUncommitted = isolation === 'read_uncommitted'
  const settings = { groupId, readUncommitted, heartbeatInterval: 200, maxWaitTimeInMs: 100 }
  const consumer = connect(bootstrap).consumer(settings)
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
}

async function withAdmin<T>(bootstrap: string, use: (admin: kafkajs.Admin) => Promise<T>): Promise<T> {
  const admin = connect(bootstrap).admin()
  await admin.connect()
  try {
    return await use(admin)
  } finally {
    await admin.disconnect()
  }
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

import {
  Admin,
  ConfigResourceTypes,
  Consumer,
  IncrementalAlterConfigOperationTypes,
  type Message,
  Producer,
  stringDeserializers,
  stringSerializers,
} from '@platformatic/kafka'
import type { Isolation } from '../../../engine/client/index.ts'
import type { ForeignClient, GroupMember, GroupProtocol, ReadRecord } from './foreign-client.ts'
import { until } from './foreign-client.ts'
import { packageVersion } from './versions.ts'

/** Its five seconds to connect, and for an acknowledgement, are short on a machine that has much to do. */
const patience = { connectTimeout: 30_000, timeout: 60_000, retries: 10 }

export const platformatic: ForeignClient = {
  name: '@platformatic/kafka',
  version: packageVersion('@platformatic/kafka'),
  isIdempotent: true,
  // It asks for its transactional id with producer 0, epoch 0, which Kafka takes from the first alone.
  takesOver: false,
  readsCommitted: true,
  groupProtocols: ['classic', 'consumer'],

  async missing() {
    return undefined
  },

  async produce(bootstrap, topic, records, { compression, idempotent }) {
    const producer = new Producer({
      ...patience,
      clientId: 'platformatic',
      bootstrapBrokers: bootstrap.split(','),
      serializers: stringSerializers,
    })
    const messages = records.map(({ key, value, headers }) => ({
      topic,
      key: key ?? undefined,
      value: value ?? undefined,
      headers: { ...headers },
    }))
    await producer.send({ messages, acks: -1, compression, idempotent })
    await producer.close()
  },

  async consume(bootstrap, topic, count, isolation) {
    const member = await start(bootstrap, topic, `reader-${topic}-${Math.random()}`, 'classic', isolation)
    await until(() => member.read.length >= count, `@platformatic/kafka reads ${count} records`)
    await member.leave()
    return [...member.read]
  },

  join: (bootstrap, topic, groupId, protocol) =>
    start(bootstrap, topic, groupId, protocol, 'read_uncommitted'),

  offsetsAt: (bootstrap, topic, partitions, timestampMs) =>
    withAdmin(bootstrap, async (admin) => {
      const timestamp = BigInt(timestampMs)
      const asked = Array.from({ length: partitions }, (_, partitionIndex) => ({ partitionIndex, timestamp }))
      const [found] = await admin.listOffsets({ topics: [{ name: topic, partitions: asked }] })
      const offsets = new Map(found?.partitions.map(({ partitionIndex, offset }) => [partitionIndex, offset]))
      return asked.map(({ partitionIndex }) => Number(offsets.get(partitionIndex)))
    }),

  admin(bootstrap) {
    const resourceType = ConfigResourceTypes.TOPIC
    return {
      create: (topic, partitions, configs) =>
        withAdmin(bootstrap, async (admin) => {
          const entries = Object.entries(configs).map(([name, value]) => ({ name, value }))
          await admin.createTopics({ topics: [topic], partitions, replicas: 3, configs: entries })
        }),
      topics: () => withAdmin(bootstrap, (admin) => admin.listTopics()),
      config: (resourceName, config) =>
        withAdmin(bootstrap, async (admin) => {
          const resource = { resourceType, resourceName, configurationKeys: [config] }
          const [described] = await admin.describeConfigs({ resources: [resource] })
          return described?.configs[0]?.value ?? null
        }),
      configure: (resourceName, name, value) =>
        withAdmin(bootstrap, (admin) => {
          const configs = [{ name, value, configOperation: IncrementalAlterConfigOperationTypes.SET }]
          return admin.incrementalAlterConfigs({ resources: [{ resourceType, resourceName, configs }] })
        }),
      grow: (name, count) =>
        withAdmin(bootstrap, (admin) => admin.createPartitions({ topics: [{ name, count }] })),
      delete: (topic) => withAdmin(bootstrap, (admin) => admin.deleteTopics({ topics: [topic] })),
      groups: () => withAdmin(bootstrap, async (admin) => [...(await admin.listGroups()).keys()]),
    }
  },

  async transactional(bootstrap, transactionalId) {
    const producer = new Producer({
      ...patience,
      clientId: 'platformatic',
      bootstrapBrokers: bootstrap.split(','),
      transactionalId,
      idempotent: true,
      serializers: stringSerializers,
    })
    let open: Awaited<ReturnType<typeof producer.beginTransaction>> | undefined
    return {
      async send(topic, values) {
        open = await producer.beginTransaction()
        await open.send({ messages: values.map((value) => ({ topic, value })) })
      },
      async end(outcome) {
        await open?.[outcome]()
      },
      close: () => producer.close(),
    }
  },
}

async function start(
  bootstrap: string,
  topic: string,
  groupId: string,
  groupProtocol: GroupProtocol,
  isolation: Isolation,
): Promise<GroupMember> {
  const common = {
    ...patience,
    clientId: 'platformatic',
    groupId,
    bootstrapBrokers: bootstrap.split(','),
    deserializers: stringDeserializers,
    maxWaitTime: 100,
    isolationLevel: isolation === 'read_committed' ? 1 : 0,
  }
  const consumer =
    groupProtocol === 'classic'
      ? new Consumer({ ...common, groupProtocol, heartbeatInterval: 200 })
      : new Consumer({ ...common, groupProtocol })
  const read: ReadRecord[] = []
  const stream = await consumer.consume({
    topics: [topic],
    mode: 'committed',
    fallbackMode: 'earliest',
    autocommit: 100,
  })
  stream.on('data', (message: Message<string, string, string, string>) => {
    read.push({
      partition: message.partition,
      offset: Number(message.offset),
      key: message.key ?? null,
      value: message.value ?? null,
      headers: Object.fromEntries(message.headers),
    })
  })
  return {
    read,
    leave: async () => {
      await stream.close()
      await consumer.close()
    },
  }
}

async function withAdmin<T>(bootstrap: string, use: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = new Admin({ ...patience, clientId: 'platformatic', bootstrapBrokers: bootstrap.split(',') })
  try {
    return await use(admin)
  } finally {
    await admin.close()
  }
}

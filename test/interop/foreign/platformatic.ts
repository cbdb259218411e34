import { Consumer, type Message, Producer, stringDeserializers, stringSerializers } from '@platformatic/kafka'
import type { ForeignClient, ReadRecord } from './foreign-client.ts'
import { until } from './foreign-client.ts'

/** Its five seconds to connect, and for an acknowledgement, are short on a machine that has much to do. */
const patience = { connectTimeout: 30_000, timeout: 60_000, retries: 10 }

export const platformatic: ForeignClient = {
  name: '@platformatic/kafka',

  async missing() {
    return undefined
  },

  async produce(bootstrap, topic, records, compression) {
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
    await producer.send({ messages, acks: -1, compression })
    await producer.close()
  },

  async consume(bootstrap, topic, count) {
    const member = await this.join(bootstrap, topic, `reader-${topic}-${Math.random()}`)
    await until(() => member.read.length >= count, `@platformatic/kafka reads ${count} records`)
    await member.leave()
    return [...member.read]
  },

  async join(bootstrap, topic, groupId) {
    const consumer = new Consumer({
      ...patience,
      clientId: 'platformatic',
      groupId,
      bootstrapBrokers: bootstrap.split(','),
      deserializers: stringDeserializers,
      heartbeatInterval: 200,
      maxWaitTime: 100,
    })
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
  },
}

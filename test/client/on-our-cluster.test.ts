/** Our client against our own brokers, on real sockets and files. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { ConsumerRecord } from '../../engine/client/index.ts'
import { EmbeddedCluster } from '../../engine/cluster/index.ts'
import { createNodeEnvironment } from '../../engine/node/environment/index.ts'
import { bytes, ClientWorld, partitionsUntil, sleep } from './client-world.ts'
import { failoverSuite } from './failover-suite.ts'
import { groupSuite } from './group-suite.ts'
import { recordSuite } from './record-suite.ts'
import { transactionSuite } from './transaction-suite.ts'

const environment = createNodeEnvironment({ log: { write: () => undefined } })
let cluster: EmbeddedCluster
let world: ClientWorld

describe('our client on our cluster', () => {
  beforeAll(async () => {
    cluster = await EmbeddedCluster.start(() => environment)
    world = new ClientWorld(environment, {
      bootstrap: cluster.bootstrap,
      kill: (id) => cluster.kill(id),
      restart: (id) => cluster.startBroker(id),
      stop: () => cluster.stop(),
    })
  })
  afterEach(() => world.closeClients())
  afterAll(() => world?.stop())

  recordSuite(() => world)
  groupSuite(() => world)
  failoverSuite(() => world)
  transactionSuite(() => world)

  test('a leader that is cut off, and answers nothing, holds nobody up for long', async () => {
    const topic = await world.newTopic(1)
    await partitionsUntil(world, topic, ({ inSyncReplicas }) => inSyncReplicas.length === 3)
    const [description] = await world.admin.describeTopics([topic])
    const { leader } = description!.partitions[0]!
    // No request that is never answered is given up within this test: whatever gets on, gets on without that.
    const requestTimeoutMs = 600_000
    const producer = world.newProducer({
      lingerMs: 0,
      requestTimeoutMs,
      deliveryTimeoutMs: 2 * requestTimeoutMs,
    })
    const consumer = world.newConsumer({ requestTimeoutMs })
    consumer.assign([{ topic, partition: 0 }])
    const errors: unknown[] = []
    const read: ConsumerRecord[] = []
    const send = async (from: number, to: number) => {
      for (let index = from; index < to; index++) {
        producer.post({ topic, key: null, value: bytes(String(index)) }, (error) => errors.push(error))
        await sleep(5)
      }
    }
    const readTo = async (count: number) => {
      while (read.length < count) read.push(...(await consumer.poll(200)))
    }
    await send(0, 100)
    await readTo(50)
    const sending = send(100, 300)
    cluster.isolate(leader)
    await sending
    await producer.flush()
    await readTo(300)
    cluster.heal(leader)
    expect(errors).toEqual([])
    expect(read.map(({ value }) => Number(value))).toEqual(Array.from({ length: 300 }, (_, index) => index))
  }, 180_000)
})

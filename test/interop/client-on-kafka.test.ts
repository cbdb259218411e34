/** Our client against Apache Kafka: three real brokers, some of which are killed on the way. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { Kafka, logLevel } from 'kafkajs'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { partitionOfKey } from '../../engine/client/index.ts'
import { createNodeEnvironment } from '../../engine/node/environment/index.ts'
import { ClientWorld, readAll } from '../client/client-world.ts'
import { failoverSuite } from '../client/failover-suite.ts'
import { groupSuite } from '../client/group-suite.ts'
import { recordSuite } from '../client/record-suite.ts'
import { transactionSuite } from '../client/transaction-suite.ts'
import { apacheKafkaMissing, jarFolder, startApacheKafka } from './apache-kafka.ts'

const missing = await apacheKafkaMissing()
if (missing !== undefined) process.stdout.write(`SKIPPED our client on Apache Kafka: ${missing}\n`)

const environment = createNodeEnvironment({ log: { write: () => undefined } })
const run = promisify(execFile)
let world: ClientWorld

describe.skipIf(missing !== undefined)('our client on Apache Kafka', () => {
  beforeAll(async () => {
    world = new ClientWorld(environment, await startApacheKafka({ nodes: 3 }))
  })
  afterEach(() => world.closeClients())
  afterAll(() => world?.stop())

  recordSuite(() => world)
  transactionSuite(() => world)
  groupSuite(() => world)

  test("keyed records go where Kafka's own clients put them", async () => {
    const { bootstrap } = world.cluster
    const topic = await world.newTopic(7)
    const kafkajs = new Kafka({ brokers: [...bootstrap], logLevel: logLevel.NOTHING })
    const other = kafkajs.producer()
    await other.connect()
    const keys = Array.from({ length: 50 }, (_, index) => `key-${index}`)
    await other.send({ topic, messages: keys.map((key) => ({ key, value: key })) })
    await other.disconnect()
    const read = await readAll(world.newConsumer({}), topic, 7, 50)
    for (const { key, partition } of read) expect(partition).toBe(partitionOfKey(key!, 7))
  })

  test('read_committed leaves out what a transaction aborted', async () => {
    const { bootstrap } = world.cluster
    const topic = await world.newTopic(1)
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
      (await readAll(world.newConsumer({ isolation }), topic, 1, count)).map(({ value }) => String(value))
    expect(await values('read_committed', 4)).toEqual(['a', 'aa', 'c', 'cc'])
    expect(await values('read_uncommitted', 6)).toEqual(['a', 'aa', 'b', 'bb', 'c', 'cc'])
  })

  failoverSuite(() => world)

  describe('with version 1 of transactions', () => {
    beforeAll(async () => {
      const args = ['downgrade', '--feature', 'transaction.version=1']
      const command = ['-cp', `${jarFolder()}/*`, 'org.apache.kafka.tools.FeatureCommand']
      await run('java', [...command, '--bootstrap-server', world.cluster.bootstrap.join(), ...args])
    })

    transactionSuite(() => world, { brokersDie: false })
  })
})

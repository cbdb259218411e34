/** Where a consumer starts, when brokers answer for some partitions and not for others. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Consumer, createConsumer } from '../../engine/client/index.ts'
import { createNodeEnvironment } from '../../engine/node/environment/index.ts'
import { fetchApi } from '../../engine/protocol/apis/fetch.ts'
import { listOffsets } from '../../engine/protocol/apis/list-offsets.ts'
import { BatchBuilder } from '../../engine/protocol/batch-builder.ts'
import { errorCodes } from '../../engine/protocol/error-codes.ts'
import { ScriptedBroker } from './scripted-broker.ts'

const environment = createNodeEnvironment({ log: { write: () => undefined } })
let broker: ScriptedBroker
let consumer: Consumer

beforeEach(async () => {
  broker = await ScriptedBroker.start(environment)
  broker.partitions = 2
  consumer = createConsumer(environment, {
    bootstrap: [broker.address],
    autoOffsetReset: 'earliest',
    retryBackoffMs: 20,
  })
})
afterEach(async () => {
  await consumer.close()
  await broker.close()
})

test('a partition that may not be read stops no other, which only has to be asked for again', async () => {
  let asked = 0
  const errorOf = (partition: number) => {
    if (partition === 1) return errorCodes.TOPIC_AUTHORIZATION_FAILED
    return asked === 1 ? errorCodes.NOT_LEADER_OR_FOLLOWER : 0
  }
  broker.on(listOffsets, ({ topics }) => {
    asked++
    return {
      topics: topics.map(({ name, partitions }) => ({
        name,
        partitions: partitions.map(({ partitionIndex }) => ({
          partitionIndex,
          errorCode: errorOf(partitionIndex),
          offset: 0,
          timestamp: -1,
          leaderEpoch: 0,
        })),
      })),
    }
  })
  const builder = new BatchBuilder()
  builder.append(1000, null, Buffer.from('of the other'))
  const records = builder.build({ codecs: environment.codecs })
  broker.on(fetchApi, async ({ topics }) => {
    await environment.timers.sleep(20)
    return {
      errorCode: 0,
      sessionId: 0,
      responses: topics.map(({ topic, topicId, partitions }) => ({
        topic,
        topicId,
        partitions: partitions.map(({ partition, fetchOffset }) => ({
          partitionIndex: partition,
          errorCode: 0,
          highWatermark: 1,
          lastStableOffset: 1,
          logStartOffset: 0,
          abortedTransactions: null,
          records: fetchOffset === 0 ? [records] : [],
        })),
      })),
    }
  })
  consumer.assign([0, 1].map((partition) => ({ topic: 't', partition })))
  const said: string[] = []
  const values: string[] = []
  while (values.length === 0) {
    const polled = await consumer.poll(50).catch((thrown) => {
      said.push(thrown.code)
      return []
    })
    values.push(...polled.map(({ partition, value }) => `${partition}: ${value}`))
  }
  expect(values).toEqual(['0: of the other'])
  expect(said).toEqual(['TOPIC_AUTHORIZATION_FAILED'])
})

/** What fuzzing has found, once each by name: it must not come back. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { EmbeddedCluster } from '../../engine/cluster/index.ts'
import { createNodeEnvironment, nodeCodecs } from '../../engine/node/environment/index.ts'
import { createPartitions } from '../../engine/protocol/apis/create-partitions.ts'
import { createTopics } from '../../engine/protocol/apis/create-topics.ts'
import { fetchApi } from '../../engine/protocol/apis/fetch.ts'
import { listOffsets } from '../../engine/protocol/apis/list-offsets.ts'
import { produce } from '../../engine/protocol/apis/produce.ts'
import { BatchBuilder } from '../../engine/protocol/batch-builder.ts'
import { errorCodes, errorOf } from '../../engine/protocol/error-codes.ts'
import { BrokerTalk } from '../golden/broker-talk.ts'

const topic = 'found'
const timestampMs = 1_700_000_000_000

/** With a right CRC over records that do not decompress. */
function unreadableBatch(): Buffer {
  const builder = new BatchBuilder()
  builder.append(timestampMs, Buffer.from('key'), Buffer.from('value'.repeat(20)))
  const batch = builder.build({ codecs: nodeCodecs, compression: 'gzip' })
  for (let at = 70; at < batch.length; at += 3) batch[at]! ^= 0x55
  batch.writeUInt32BE(nodeCodecs.crc32c(batch.subarray(21)), 17)
  return batch
}

describe('a broker', () => {
  const environment = createNodeEnvironment()
  let cluster: EmbeddedCluster
  let talk: BrokerTalk
  beforeAll(async () => {
    const topics = [{ name: topic, partitions: 2 }]
    cluster = await EmbeddedCluster.start(() => environment, { brokers: 1, topics })
    talk = new BrokerTalk(Number(cluster.bootstrap[0]!.split(':')[1]))
  })
  afterAll(async () => {
    talk?.close()
    await cluster?.stop()
  })

  const send = async (index: number, records: Buffer) => {
    const topicData = [{ name: topic, partitionData: [{ index, records }] }]
    return (await talk.ask(produce, 9, { acks: -1, timeoutMs: 5000, topicData }))?.body
  }

  it('does not let one producer’s damaged records take offsets by time from all others', async () => {
    await send(0, unreadableBatch())
    const partitions = [{ partitionIndex: 0, timestamp: timestampMs - 1 }]
    const answer = await talk.ask(listOffsets, 7, { replicaId: -1, topics: [{ name: topic, partitions }] })
    const given = answer?.body.topics[0]?.partitions[0]
    // Nothing where the records were refused, their damage where they were not: an answer in any case.
    expect([errorCodes.NONE, errorCodes.CORRUPT_MESSAGE]).toContain(given?.errorCode)
  })

  it('gives the first batch to a fetch of less than nothing, also from the disk', async () => {
    const builder = new BatchBuilder()
    builder.append(timestampMs, null, Buffer.from('value'))
    const records = builder.build({ codecs: nodeCodecs })
    await send(1, records)
    talk.close()
    await cluster.stopBroker(1)
    await cluster.startBroker(1)
    talk = new BrokerTalk(Number(cluster.bootstrap[0]!.split(':')[1]))
    for (const partitionMaxBytes of [-1, -47_105, -(2 ** 31)]) {
      const partitions = [{ partition: 1, fetchOffset: 0, partitionMaxBytes }]
      const request = { maxWaitMs: 2000, minBytes: 1, topics: [{ topic, partitions }] }
      const answer = await talk.ask(fetchApi, 11, request)
      const given = answer?.body.responses[0]?.partitions[0]
      expect(given).toMatchObject({ partitionIndex: 1, errorCode: 0 })
      expect(given?.records).toHaveLength(records.length)
    }
  })

  it('makes no billions of partitions, whoever asks for them', async () => {
    const refused = async (...counts: number[]) => {
      const topics = counts.map((numPartitions, i) => {
        return { name: `many-${i}`, numPartitions, replicationFactor: 1, assignments: [], configs: [] }
      })
      const answer = await talk.ask(createTopics, 7, { topics, timeoutMs: 5000, validateOnly: true })
      return answer?.body.topics.map(({ errorCode }) => errorOf(errorCode).name)
    }
    expect(await refused(2 ** 31 - 1)).toEqual(['POLICY_VIOLATION'])
    expect(await refused(5000, 5001)).toEqual(['POLICY_VIOLATION', 'POLICY_VIOLATION'])
    expect(await refused(3, 2)).toEqual(['NONE', 'NONE'])
    const growth = { topics: [{ name: topic, count: 2 ** 31 - 1, assignments: null }], validateOnly: true }
    const grown = await talk.ask(createPartitions, 3, { ...growth, timeoutMs: 5000 })
    expect(grown?.body.results[0]?.errorCode).toBe(errorCodes.POLICY_VIOLATION)
  })
})

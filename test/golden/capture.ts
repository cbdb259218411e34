/**
 * Writes `captured.golden.json`, frames between foreign clients and Apache Kafka, taken by a proxy in between, and
 * `refusals.golden.json`, the errors with which Apache Kafka refuses.
 * `node test/golden/capture.ts`, with Java, Maven and kcat installed; `node test/golden/capture.ts refusals` for these alone.
 */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { promisify } from 'node:util'
import { Admin, Consumer, Producer, stringDeserializers, stringSerializers } from '@platformatic/kafka'
import { CompressionTypes, Kafka, logLevel } from 'kafkajs'
import { apis } from '../../engine/protocol/apis/index.ts'
import { produce } from '../../engine/protocol/apis/produce.ts'
import { type ApacheKafka, startApacheKafka } from '../interop/apache-kafka.ts'
import { type Exchange, type RecordingProxy, startRecordingProxy } from './recording-proxy.ts'
import { refusalsOf } from './refusals.ts'

const run = promisify(execFile)
const topicResource = 2
const perVersionMax = 2
/** So that every codec is among them. */
const producedMax = 12
const frameHexMax = 6000

async function kcat(bootstrap: string): Promise<void> {
  const common = ['-b', bootstrap, '-X', 'client.id=kcat-é']
  await run('kcat', [...common, '-L'])
  for (const codec of ['none', 'gzip', 'snappy', 'lz4', 'zstd']) {
    const headers = ['-H', 'source=kcat', '-H', 'empty=']
    const producer = spawn('kcat', [...common, '-P', '-t', 'by-kcat', '-K:', '-z', codec, ...headers])
    producer.stdin.end(`key-1:value one\nkey-2:${codec.repeat(20)}\n`)
    await once(producer, 'exit')
  }
  const idempotent = spawn('kcat', [...common, '-P', '-t', 'by-kcat', '-X', 'enable.idempotence=true'])
  idempotent.stdin.end('once\n')
  await once(idempotent, 'exit')
  await run('kcat', [...common, '-C', '-t', 'by-kcat', '-o', 'beginning', '-e', '-q'])
  await run('kcat', [...common, '-Q', '-t', 'by-kcat:0:1700000000000'])
  const group = [
    '-X',
    'auto.offset.reset=earliest',
    '-X',
    'session.timeout.ms=6000',
    '-X',
    'heartbeat.interval.ms=500',
  ]
  await run('kcat', [...common, ...group, '-c', '8', '-q', '-G', 'kcat-group', 'by-kcat'])
}

async function kafkajs(bootstrap: string): Promise<void> {
  process.env.KAFKAJS_NO_PARTITIONER_WARNING = '1'
  const kafka = new Kafka({ clientId: 'kafkajs', brokers: [bootstrap], logLevel: logLevel.NOTHING })
  const topic = 'by-kafkajs'
  const admin = kafka.admin()
  await admin.connect()
  await admin.createTopics({ topics: [{ topic, configEntries: [{ name: 'retention.ms', value: '-1' }] }] })
  await admin.createPartitions({ topicPartitions: [{ topic, count: 2 }] })
  await admin.describeConfigs({
    includeSynonyms: true,
    resources: [{ type: topicResource, name: topic, configNames: ['retention.ms'] }],
  })
  const producer = kafka.producer({ idempotent: true })
  await producer.connect()
  const messages = [
    { key: 'a', value: 'one', headers: { source: 'kafkajs' } },
    { key: null, value: 'two' },
    { key: 'a', value: null },
  ]
  await producer.send({ topic, messages })
  await producer.send({ topic, messages, compression: CompressionTypes.GZIP })
  await producer.disconnect()
  const consumer = kafka.consumer({ groupId: 'kafkajs-group', heartbeatInterval: 200 })
  await consumer.connect()
  await consumer.subscribe({ topic, fromBeginning: true })
  await new Promise<void>((resolve, reject) => {
    let seen = 0
    const eachMessage = async () => {
      if (++seen === messages.length * 2) setTimeout(resolve, 600)
    }
    consumer.run({ eachMessage, autoCommitThreshold: 1 }).catch(reject)
  })
  await admin.describeGroups(['kafkajs-group'])
  await admin.listGroups()
  await admin.describeCluster()
  await consumer.disconnect()
  await admin.fetchOffsets({ groupId: 'kafkajs-group', topics: [topic] })
  await admin.fetchTopicOffsets(topic)
  await admin.fetchTopicOffsetsByTimestamp(topic, 1_700_000_000_000)
  await admin.deleteTopics({ topics: [topic] })
  await admin.disconnect()
}

async function platformatic(bootstrap: string): Promise<void> {
  const common = { clientId: 'platformatic', bootstrapBrokers: [bootstrap] }
  const topic = 'by-platformatic'
  const admin = new Admin(common)
  await admin.createTopics({ topics: [topic], partitions: 1, replicas: 1 })
  await admin.createPartitions({ topics: [{ name: topic, count: 2, assignments: [{ brokerIds: [1] }] }] })
  await admin.describeConfigs({
    resources: [{ resourceType: 2, resourceName: topic, configurationKeys: ['retention.ms'] }],
    includeSynonyms: true,
    includeDocumentation: true,
  })
  const producer = new Producer({ ...common, serializers: stringSerializers, idempotent: true })
  for (const compression of ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const) {
    const message = { topic, key: 'a', value: compression.repeat(10), headers: { source: 'platformatic' } }
    await producer.send({ messages: [message], acks: -1, compression })
  }
  await producer.close()
  const consumer = new Consumer({
    ...common,
    groupId: 'platformatic-group',
    deserializers: stringDeserializers,
  })
  const settings = {
    mode: 'earliest',
    sessionTimeout: 10_000,
    heartbeatInterval: 300,
    maxWaitTime: 200,
  } as const
  const stream = await consumer.consume({ ...settings, topics: [topic], autocommit: true })
  let seen = 0
  for await (const _ of stream) if (++seen === 5) break
  await new Promise((resolve) => setTimeout(resolve, 700))
  await admin.describeGroups({ groups: ['platformatic-group'], includeAuthorizedOperations: true })
  await admin.listGroups()
  await consumer.close(true)
  await admin.listConsumerGroupOffsets({ groups: ['platformatic-group'] })
  await admin.listOffsets({ topics: [{ name: topic, partitions: [{ partitionIndex: 0, timestamp: -1n }] }] })
  await admin.deleteTopics({ topics: [topic] })
  await admin.close()
}

/** A few of each kind, small ones, answered, of APIs that we speak. */
function chosen(exchanges: readonly Exchange[]): Exchange[] {
  const counts = new Map<string, number>()
  return exchanges.filter((exchange) => {
    if (!apis.some((api) => api.key === exchange.api)) return false
    const answer = exchange.response
    if (answer === undefined || Math.max(exchange.request.length, answer.length) > frameHexMax) return false
    const kind = `${exchange.client} ${exchange.api} ${exchange.version}`
    const max = exchange.api === produce.key ? producedMax : perVersionMax
    const count = (counts.get(kind) ?? 0) + 1
    counts.set(kind, count)
    return count <= max
  })
}

async function capture(proxy: RecordingProxy): Promise<void> {
  const advertised = `PLAINTEXT://127.0.0.1:${proxy.port}`
  const broker = await startApacheKafka({ settings: { 'advertised.listeners': advertised } })
  try {
    proxy.setTarget(Number(broker.bootstrap[0]!.split(':')[1]))
    for (const [name, use] of Object.entries({ kcat, kafkajs, platformatic })) {
      proxy.setClient(name)
      await use(`127.0.0.1:${proxy.port}`)
      console.log(
        `${name}: ${proxy.exchanges.filter((exchange) => exchange.client === name).length} exchanges`,
      )
    }
    await keepRefusals(broker)
  } finally {
    await broker.stop()
  }
}

async function keepRefusals(broker: ApacheKafka): Promise<void> {
  const refusals = await refusalsOf(Number(broker.bootstrap[0]!.split(':')[1]))
  writeGolden('refusals', `${JSON.stringify(refusals, null, 1)}\n`)
}

function writeGolden(name: string, text: string): void {
  writeFileSync(new URL(`${name}.golden.json`, import.meta.url), text)
}

if (process.argv[2] === 'refusals') {
  const broker = await startApacheKafka()
  try {
    await keepRefusals(broker)
  } finally {
    await broker.stop()
  }
} else {
  const proxy = await startRecordingProxy()
  try {
    await capture(proxy)
  } finally {
    await proxy.close()
  }
  const lines = chosen(proxy.exchanges).map((exchange) => JSON.stringify(exchange))
  writeGolden('captured', `[\n${lines.join(',\n')}\n]\n`)
  console.log(`${lines.length} exchanges kept`)
}

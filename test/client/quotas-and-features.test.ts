/** Quotas of clients and the cluster's features, asked for and felt over the wire. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { BrokerConnection } from '../../engine/client/cluster/connection.ts'
import { createAdmin, createConsumer, createProducer } from '../../engine/client/index.ts'
import { EmbeddedCluster } from '../../engine/cluster/index.ts'
import { createNodeEnvironment } from '../../engine/node/environment/index.ts'
import { alterClientQuotas } from '../../engine/protocol/apis/alter-client-quotas.ts'
import { apiVersions } from '../../engine/protocol/apis/api-versions.ts'
import { consumerGroupDescribe } from '../../engine/protocol/apis/consumer-group-describe.ts'
import { createPartitions } from '../../engine/protocol/apis/create-partitions.ts'
import { createTopics } from '../../engine/protocol/apis/create-topics.ts'
import { deleteTopics } from '../../engine/protocol/apis/delete-topics.ts'
import { describeClientQuotas } from '../../engine/protocol/apis/describe-client-quotas.ts'
import { fetchApi } from '../../engine/protocol/apis/fetch.ts'
import { metadata } from '../../engine/protocol/apis/metadata.ts'
import { updateFeatures } from '../../engine/protocol/apis/update-features.ts'
import { errorCodes } from '../../engine/protocol/error-codes.ts'
import { zeroUuid } from '../../engine/protocol/reader.ts'
import { readAll } from './client-world.ts'
import { withConnection } from './raw-connection.ts'

const environment = createNodeEnvironment({ log: { write: () => undefined } })
let cluster: EmbeddedCluster

beforeAll(async () => {
  const settings = { 'quota.window.num': '3' }
  cluster = await EmbeddedCluster.start(() => environment, { brokers: 1, settings })
})
afterAll(() => cluster.stop())

const use = <T>(clientId: string, ask: (connection: BrokerConnection) => Promise<T>) =>
  withConnection(environment, { bootstrap: cluster.bootstrap, clientId }, ask)

type Entity = Readonly<Record<string, string | null>>
type Ops = Readonly<Record<string, number | null>>

const named = (entity: Entity) =>
  Object.entries(entity).map(([entityType, entityName]) => ({ entityType, entityName }))

function setQuotas(entity: Entity, ops: Ops, validateOnly = false) {
  return use('admin', async (connection) => {
    const changes = Object.entries(ops).map(([key, value]) => ({
      key,
      value: value ?? 0,
      remove: value === null,
    }))
    const entries = [{ entity: named(entity), ops: changes }]
    const answer = await connection.request(alterClientQuotas, { entries, validateOnly })
    return answer.entries[0]!
  })
}

async function quotasOf(
  components: readonly { entityType: string; matchType: number; match: string | null }[],
  strict = false,
) {
  const answer = await use('admin', (connection) =>
    connection.request(describeClientQuotas, { components, strict }),
  )
  const flat = (entity: readonly { entityType: string; entityName: string | null }[]) =>
    Object.fromEntries(entity.map(({ entityType, entityName }) => [entityType, entityName]))
  return (answer.entries ?? [answer.errorMessage]).map((entry) =>
    typeof entry === 'object' && entry !== null
      ? [flat(entry.entity), Object.fromEntries(entry.values.map(({ key, value }) => [key, value]))]
      : entry,
  )
}

test('quotas are set, told by filter, and taken away', async () => {
  expect(
    await setQuotas({ user: 'ann' }, { producer_byte_rate: 1000, request_percentage: 12.5 }),
  ).toMatchObject({
    errorCode: 0,
  })
  await setQuotas({ user: null, 'client-id': null }, { consumer_byte_rate: 7 })
  await setQuotas({ user: 'never' }, { consumer_byte_rate: 7 }, true)
  const ann = [{ user: 'ann' }, { producer_byte_rate: 1000, request_percentage: 12.5 }]
  const rest = [{ user: null, 'client-id': null }, { consumer_byte_rate: 7 }]
  const user = { entityType: 'user', matchType: 2, match: null }
  expect(await quotasOf([])).toEqual([ann, rest])
  expect(await quotasOf([], true)).toEqual([])
  expect(await quotasOf([user])).toEqual([ann, rest])
  expect(await quotasOf([user], true)).toEqual([ann])
  expect(await quotasOf([{ ...user, matchType: 1 }])).toEqual([rest])
  expect(await quotasOf([{ ...user, matchType: 0, match: 'ann' }])).toEqual([ann])
  expect(await quotasOf([user, user])).toEqual([
    'Entity type user cannot appear more than once in the filter.',
  ])
  await setQuotas({ user: 'ann' }, { producer_byte_rate: null, request_percentage: null })
  await setQuotas({ user: null, 'client-id': null }, { consumer_byte_rate: null })
  expect(await quotasOf([])).toEqual([])
})

test.each<[Entity, Ops, string]>([
  [{ user: 'a' }, { nonsense: 1 }, 'Invalid configuration key nonsense'],
  [{ user: 'a' }, { producer_byte_rate: 0 }, 'Quota producer_byte_rate must be greater than 0'],
  [{ user: 'a' }, { producer_byte_rate: 1.5 }, 'producer_byte_rate cannot be a fractional value.'],
  [{ user: 'a' }, { connection_creation_rate: 5 }, 'Invalid configuration key connection_creation_rate'],
  [{ ip: 'no such' }, { connection_creation_rate: 5 }, 'no such is not a valid IP or resolvable host.'],
  [{ nothing: 'x' }, { producer_byte_rate: 5 }, 'Unhandled client quota entity type: nothing'],
  [{}, { producer_byte_rate: 5 }, 'Invalid empty client quota entity'],
  [{ user: '' }, { producer_byte_rate: 5 }, 'Empty user not supported'],
])('a quota that makes no sense is refused as Kafka refuses it: %o %o', async (entity, ops, errorMessage) => {
  expect(await setQuotas(entity, ops)).toMatchObject({ errorCode: errorCodes.INVALID_REQUEST, errorMessage })
})

test('a producer past its quota is slowed down to it, and others are not', async () => {
  const admin = createAdmin(environment, { bootstrap: cluster.bootstrap })
  await admin.createTopics([{ name: 'produced', partitions: 1 }])
  await admin.close()
  await setQuotas({ 'client-id': 'slow' }, { producer_byte_rate: 100_000 })
  const produce = async (clientId: string) => {
    const producer = createProducer(environment, { bootstrap: cluster.bootstrap, clientId, lingerMs: 0 })
    const startedMs = performance.now()
    for (let n = 0; n < 40; n++) {
      await producer.send({ topic: 'produced', key: null, value: Buffer.alloc(10_000, n) })
    }
    await producer.close()
    return performance.now() - startedMs
  }
  // Two seconds' worth may come in a burst, of four.
  expect(await produce('slow')).toBeGreaterThan(1200)
  expect(await produce('quick')).toBeLessThan(1200)
  await setQuotas({ 'client-id': 'slow' }, { producer_byte_rate: null })
})

test('a consumer past its quota is told so at once, then not answered for as long, and reads all in the end', async () => {
  const admin = createAdmin(environment, { bootstrap: cluster.bootstrap })
  await admin.createTopics([{ name: 'consumed', partitions: 1 }])
  const [description] = await admin.describeTopics(['consumed'])
  await admin.close()
  const producer = createProducer(environment, { bootstrap: cluster.bootstrap })
  for (let n = 0; n < 30; n++) producer.post({ topic: 'consumed', key: null, value: Buffer.alloc(10_000, n) })
  await producer.close()
  await setQuotas({ 'client-id': 'reader' }, { consumer_byte_rate: 100_000 })
  await use('reader', async (connection) => {
    const partition = { partition: 0, currentLeaderEpoch: -1, fetchOffset: 0, partitionMaxBytes: 1_000_000 }
    const topics = [{ topic: 'consumed', topicId: description!.topicId, partitions: [partition] }]
    const body = { maxWaitMs: 0, minBytes: 0, maxBytes: 1_000_000, isolationLevel: 0, topics }
    const startedMs = performance.now()
    const { throttleTimeMs, responses } = await connection.request(fetchApi, body)
    expect(performance.now() - startedMs).toBeLessThan(500)
    expect(throttleTimeMs).toBeGreaterThan(500)
    expect(responses).toEqual([])
    await connection.request(metadata, { topics: [] })
    expect(performance.now() - startedMs).toBeGreaterThan(throttleTimeMs - 20)
  })
  const consumer = createConsumer(environment, {
    bootstrap: cluster.bootstrap,
    clientId: 'reader',
    autoOffsetReset: 'earliest',
    fetchBytesMax: 50_000,
    partitionFetchBytesMax: 50_000,
  })
  expect(await readAll(consumer, 'consumed', 1, 30)).toHaveLength(30)
  await consumer.close()
  await setQuotas({ 'client-id': 'reader' }, { consumer_byte_rate: null })
})

test('who keeps the broker busy is held up', async () => {
  await setQuotas({ 'client-id': 'busy' }, { request_percentage: 0.01 })
  const throttleMs = (clientId: string) =>
    use(clientId, async (connection) => {
      for (let n = 0; n < 100; n++) {
        const { throttleTimeMs } = await connection.request(metadata, { topics: null })
        if (throttleTimeMs > 0) return throttleTimeMs
      }
      return 0
    })
  expect(await throttleMs('busy')).toBeGreaterThan(0)
  expect(await throttleMs('another')).toBe(0)
  await setQuotas({ 'client-id': 'busy' }, { request_percentage: null })
})

test('who changes topics too fast is refused by new requests, and held up after old ones (KIP-599)', async () => {
  await setQuotas({ 'client-id': 'changer' }, { controller_mutation_rate: 5 })
  const create = (name: string, numPartitions: number, version: number) =>
    use('changer', async (connection) => {
      const topics = [{ name, numPartitions, replicationFactor: 1, assignments: [], configs: [] }]
      const body = { topics, timeoutMs: 10_000, validateOnly: false }
      const frame = await connection.exchange(createTopics, version, body)
      const answer = connection.decode(createTopics, version, frame)
      return { errorCode: answer.topics[0]!.errorCode, throttleTimeMs: answer.throttleTimeMs }
    })
  // Three seconds' worth is there at first: 15. The fourth second pays the debt.
  const first = await create('changed-1', 20, 7)
  expect(first.errorCode).toBe(0)
  expect(first.throttleTimeMs).toBeGreaterThan(900)
  expect((await create('changed-2', 1, 7)).errorCode).toBe(errorCodes.THROTTLING_QUOTA_EXCEEDED)
  const old = await create('changed-2', 5, 5)
  expect(old.errorCode).toBe(0)
  expect(old.throttleTimeMs).toBeGreaterThan(first.throttleTimeMs)
  await environment.timers.sleep(old.throttleTimeMs + 50)
  expect((await create('changed-3', 1, 7)).errorCode).toBe(0)
  const removing = { topics: [{ name: 'changed-1', topicId: zeroUuid }], topicNames: [], timeoutMs: 10_000 }
  const remove = () => use('changer', (connection) => connection.request(deleteTopics, removing))
  await environment.timers.sleep(1000)
  expect((await remove()).throttleTimeMs).toBeGreaterThan(0)
  const growing = { topics: [{ name: 'changed-2', count: 6, assignments: null }], timeoutMs: 10_000 }
  const grow = () =>
    use('changer', (connection) => connection.request(createPartitions, { ...growing, validateOnly: false }))
  expect((await grow()).results[0]!.errorCode).toBe(errorCodes.THROTTLING_QUOTA_EXCEEDED)
  await setQuotas({ 'client-id': 'changer' }, { controller_mutation_rate: null })
  expect((await grow()).results[0]!.errorCode).toBe(0)
})

test('features are told, lowered and raised, and refused as Kafka refuses them', async () => {
  const levels = () =>
    use('admin', async (connection) => {
      const asked = { clientSoftwareName: 'test', clientSoftwareVersion: '1' }
      const { finalizedFeatures } = await connection.request(apiVersions, asked)
      return Object.fromEntries(finalizedFeatures.map(({ name, maxVersionLevel }) => [name, maxVersionLevel]))
    })
  const update = (feature: string, maxVersionLevel: number, upgradeType: number, validateOnly = false) =>
    use('admin', (connection) =>
      connection.request(updateFeatures, {
        featureUpdates: [{ feature, maxVersionLevel, upgradeType }],
        validateOnly,
      }),
    )
  const initial = { 'group.version': 1, 'metadata.version': 30, 'transaction.version': 2 }
  expect(await levels()).toEqual(initial)
  expect((await update('transaction.version', 1, 2, true)).errorCode).toBe(0)
  expect(await levels()).toEqual(initial)
  expect((await update('transaction.version', 1, 2)).errorCode).toBe(0)
  expect(await levels()).toEqual({ ...initial, 'transaction.version': 1 })
  expect((await update('transaction.version', 2, 1)).errorCode).toBe(0)
  const refusals: [string, number, number, string][] = [
    ['nothing', 1, 1, 'Local controller 1 does not support this feature.'],
    ['transaction.version', 3, 1, 'Local controller 1 only supports versions 0-2'],
    ['transaction.version', 1, 1, "Can't downgrade the version of this feature without setting"],
    ['transaction.version', -1, 2, 'A feature version cannot be less than 0.'],
    ['transaction.version', 1, 9, 'The controller does not support the given upgrade type.'],
  ]
  for (const [feature, level, upgrade, why] of refusals) {
    const { errorCode, errorMessage } = await update(feature, level, upgrade)
    expect([errorCode, errorMessage]).toEqual([
      errorCodes.INVALID_UPDATE_VERSION,
      expect.stringContaining(`Invalid update version ${level} for feature ${feature}. ${why}`),
    ])
  }
  expect((await update('group.version', 0, 2)).errorCode).toBe(0)
  expect(await levels()).toEqual({ 'metadata.version': 30, 'transaction.version': 2 })
  const described = await use('admin', (connection) =>
    connection.request(consumerGroupDescribe, { groupIds: ['g'], includeAuthorizedOperations: false }),
  )
  expect(described.groups[0]!.errorCode).toBe(errorCodes.UNSUPPORTED_VERSION)
  expect((await update('group.version', 1, 1)).errorCode).toBe(0)
  expect(await levels()).toEqual(initial)
})

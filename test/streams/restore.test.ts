import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTransactionalProducer } from '../../engine/client/index.ts'
import { EmbeddedCluster } from '../../engine/cluster/index.ts'
import { createNodeEnvironment } from '../../engine/node/environment/index.ts'
import { createBuilder, createStreams } from '../../engine/streams/index.ts'
import { createTopics, latest, produce, readAll, type Site, until } from './topics.ts'

const environment = createNodeEnvironment()
let cluster: EmbeddedCluster
let site: Site

beforeAll(async () => {
  cluster = await EmbeddedCluster.start(() => environment)
  site = { environment, bootstrap: cluster.bootstrap }
})
afterAll(() => cluster?.stop())

function countPerKey() {
  const builder = createBuilder()
  builder
    .stream<string, number>('numbers', { name: 'numbers' })
    .groupByKey({ name: 'by-key' })
    .count({ name: 'per-key' })
    .toStream({ name: 'updates' })
    .to('counts', { name: 'out' })
  return createStreams(environment, builder.build(), {
    applicationId: 'restored',
    bootstrap: site.bootstrap,
    processingGuarantee: 'exactly_once_v2',
  })
}

const changelog = 'restored-per-key-changelog'
const count = async () => latest(await readAll(site, 'counts')).get('"a"')

test('rows of a transaction whose markers are not yet written are waited for', async () => {
  await createTopics(site, { numbers: 1, counts: 1 })
  const first = countPerKey()
  await first.start()
  await produce(site, 'numbers', [{ key: 'a', value: 1 }])
  await until('one is counted', async () => (await count()) === 1)
  await first.close()

  const producer = createTransactionalProducer(environment, { ...site, transactionalId: 'slow-markers' })
  await producer.initTransactions()
  producer.beginTransaction()
  producer.post({ topic: changelog, partition: 0, key: Buffer.from('"a"'), value: Buffer.from('100') })
  await producer.flush()

  const second = countPerKey()
  await second.start()
  await produce(site, 'numbers', [{ key: 'a', value: 1 }])
  await environment.timers.sleep(2000)
  expect(await count()).toBe(1)
  await producer.commitTransaction()
  await until('the row is found', async () => (await count()) === 101)
  await second.close()
  await producer.close()
}, 200_000)

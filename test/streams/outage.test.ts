import { afterAll, beforeAll, expect, test } from 'vitest'
import { EmbeddedCluster } from '../../engine/cluster/index.ts'
import { createNodeEnvironment } from '../../engine/node/environment/index.ts'
import { createBuilder, createStreams } from '../../engine/streams/index.ts'
import { createTopics, latest, produce, readAll, type Site, until } from './topics.ts'

const environment = createNodeEnvironment()
const ids = [1, 2, 3]
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
    .groupBy(({ value }) => value % 10, { name: 'by-digit' })
    .count({ name: 'per-digit' })
    .toStream({ name: 'updates' })
    .to('counts', { name: 'out' })
  return createStreams(environment, builder.build(), { applicationId: 'digits', bootstrap: site.bootstrap })
}

const numbers = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => ({ value: from + i }))

test('a run outlives the whole cluster, and a stop does not wait for it', async () => {
  await createTopics(site, { numbers: 3, counts: 1 })
  const streams = countPerKey()
  await streams.start()
  const counted = () => streams.metrics().steps['per-digit']!.in
  await produce(site, 'numbers', numbers(0, 1000))
  await until('the first thousand', () => counted() === 1000)
  for (const id of ids) await cluster.kill(id)
  await environment.timers.sleep(1000)
  await Promise.all(ids.map((id) => cluster.startBroker(id)))
  await produce(site, 'numbers', numbers(1000, 2000))
  await until('the second thousand', () => counted() >= 2000)
  await until('all is committed', () =>
    streams.metrics().lag.every(({ endOffset, committedOffset }) => endOffset === committedOffset),
  )
  expect(streams.state).toBe('running')
  const counts = [...latest(await readAll(site, 'counts')).values()]
  expect(counts).toHaveLength(10)
  for (const count of counts) expect(count).toBeGreaterThanOrEqual(200)

  for (const id of ids) await cluster.kill(id)
  // Nobody starts the cluster again: waiting for it would last longer than this test may.
  await streams.close()
  expect(streams.state).toBe('stopped')
}, 200_000)

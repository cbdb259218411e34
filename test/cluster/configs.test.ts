import { afterEach, expect, test } from 'vitest'
import { createAdmin } from '../../engine/client/index.ts'
import type { EmbeddedCluster } from '../../engine/cluster/index.ts'
import { ClusterWorld, environment } from './cluster-world.ts'

const world = new ClusterWorld()
afterEach(() => world.end())

const topic = { type: 'topic', name: 't' } as const

function adminOf({ bootstrap }: EmbeddedCluster) {
  return createAdmin(environment, { bootstrap })
}

function set(name: string, value: string) {
  return { name, operation: 'set', value } as const
}

test('a topic setting holds on a running cluster, is described with its source, and outlives a restart', async () => {
  const dataFolder = await world.folder()
  const first = await world.start({ dataFolder, topics: [{ name: 't' }] })
  const admin = adminOf(first)
  const big = { topic: 't', partition: 0, key: null, value: Buffer.alloc(4000) }
  await world.producer(first).send(big)
  await admin.alterConfigs(topic, [set('max.message.bytes', '1000'), set('cleanup.policy', 'compact')])
  // The leader learns of it a moment after the controller has decided. With a key: compacted topics take no others.
  const sent = () => {
    const sending = world.producer(first).send({ ...big, key: Buffer.from('k') })
    return sending.then(
      () => 'taken',
      ({ code }) => code,
    )
  }
  await expect.poll(sent).toMatch(/TOO_LARGE/)
  await admin.alterConfigs(topic, [{ name: 'cleanup.policy', operation: 'append', value: 'delete' }])
  const described = async (cluster: EmbeddedCluster) =>
    Object.fromEntries(
      (await adminOf(cluster).describeConfigs(topic)).map(({ name, value, source }) => [
        name,
        [value, source],
      ]),
    )
  expect(await described(first)).toMatchObject({
    'max.message.bytes': ['1000', 'topic'],
    'cleanup.policy': ['compact,delete', 'topic'],
    'retention.ms': [expect.any(String), 'default'],
  })
  await first.stop()
  const second = await world.start({ dataFolder })
  expect(await described(second)).toMatchObject({ 'max.message.bytes': ['1000', 'topic'] })
  await adminOf(second).alterConfigs(topic, [
    { name: 'max.message.bytes', operation: 'delete', value: null },
    { name: 'cleanup.policy', operation: 'subtract', value: 'compact' },
  ])
  await world.producer(second).send(big)
})

test("what is set for all brokers is the default of topics, one broker's own wins, and goes again", async () => {
  const cluster = await world.start({ topics: [{ name: 't', partitions: 1 }] })
  const admin = adminOf(cluster)
  const valueAt = async (broker: number) =>
    (await admin.describeConfigs({ type: 'broker', name: String(broker) })).find(
      ({ name }) => name === 'log.retention.ms',
    )
  await admin.alterConfigs({ type: 'broker', name: '' }, [set('log.retention.ms', '60000')])
  await admin.alterConfigs({ type: 'broker', name: '2' }, [set('log.retention.ms', '70000')])
  await expect.poll(() => valueAt(1)).toMatchObject({ value: '60000', source: 'dynamic-default-broker' })
  await expect.poll(() => valueAt(2)).toMatchObject({ value: '70000', source: 'dynamic-broker' })
  await admin.alterConfigs({ type: 'broker', name: '2' }, [
    { name: 'log.retention.ms', operation: 'delete', value: null },
  ])
  await expect.poll(() => valueAt(2)).toMatchObject({ value: '60000', source: 'dynamic-default-broker' })
  const inherited = (await admin.describeConfigs(topic)).find(({ name }) => name === 'retention.ms')
  expect(inherited).toMatchObject({ value: '60000', source: 'dynamic-default-broker' })
})

test.each([
  ['topic', 'absent', set('retention.ms', '1'), 'UNKNOWN_TOPIC_OR_PARTITION'],
  ['topic', 't', set('no.such', '1'), 'INVALID_CONFIG'],
  ['topic', 't', set('retention.ms', 'long'), 'INVALID_CONFIG'],
  ['topic', 't', { name: 'retention.ms', operation: 'append', value: '1' }, 'INVALID_CONFIG'],
  ['topic', 't', { name: 'retention.ms', operation: 'set', value: null }, 'INVALID_REQUEST'],
  ['broker', '9', set('log.retention.ms', '1'), 'INVALID_REQUEST'],
  ['broker', '1', set('broker.session.timeout.ms', '100'), 'INVALID_REQUEST'],
] as const)(
  'a change of %s %s to %j is refused with %s, and nothing of it is done',
  async (type, name, change, code) => {
    const cluster = await world.start({ brokers: 1, topics: [{ name: 't' }] })
    const admin = adminOf(cluster)
    const good = set(type === 'topic' ? 'segment.ms' : 'log.roll.ms', '5000')
    await expect(admin.alterConfigs({ type, name }, [good, change])).rejects.toMatchObject({ code })
    const configs = await admin.describeConfigs(topic)
    expect(configs.find((config) => config.name === 'segment.ms')).toMatchObject({ source: 'default' })
  },
)

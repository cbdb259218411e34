import { expect, test } from 'vitest'
import { createAdmin, createProducer } from '../../engine/client/index.ts'
import { createCodeLoader, nodeCodecs } from '../../engine/node/environment/index.ts'
import { World } from '../../engine/sim/index.ts'
import { createBuilder, createStreams } from '../../engine/streams/index.ts'
import { brokerIds, SimCluster } from '../simulation/sim-cluster.ts'

const drain = () => new Promise<void>((resolve) => setImmediate(resolve))

test('a sink’s partitioner is asked with the partitions that the topic has by then, also if it was made later', async () => {
  const world = new World({ seed: 1, drain, codecs: nodeCodecs, code: createCodeLoader() })
  const { scheduler } = world
  const cluster = new SimCluster(world)
  for (const id of brokerIds) cluster.start(id)
  await scheduler.runUntil(() => cluster.isActive, 10_000)
  const site = { bootstrap: cluster.bootstrap }
  const admin = createAdmin(world.node('client'), site)
  await scheduler.settle(admin.createTopics([{ name: 'numbers', partitions: 1 }]))
  const asked: number[] = []
  const builder = createBuilder()
  builder.stream<null, number>('numbers', { name: 'numbers' }).to('later', {
    name: 'out',
    partitioner: ({ value }, partitions) => {
      asked.push(partitions)
      return value % partitions
    },
  })
  const streams = createStreams(world.node('app'), builder.build(), { ...site, applicationId: 'app' })
  await scheduler.settle(streams.start())
  await scheduler.runUntil(() => streams.state === 'running', 20_000)
  await scheduler.settle(admin.createTopics([{ name: 'later', partitions: 3 }]))
  const producer = createProducer(world.node('client'), site)
  const send = async (from: number, to: number) => {
    for (let value = from; value < to; value++) {
      producer.post({ topic: 'numbers', key: null, value: Buffer.from(String(value)) })
    }
    await producer.flush()
  }
  const ends = async () => {
    const [later] = await admin.describeTopics(['later'])
    const places = later!.partitions.map(({ partition }) => ({ topic: 'later', partition }))
    return (await admin.listOffsets(places.map((place) => ({ ...place, spec: 'latest' as const })))).map(
      ({ offset }) => offset,
    )
  }
  await scheduler.settle(send(0, 9))
  await scheduler.runFor(2000)
  expect(await scheduler.settle(ends())).toEqual([3, 3, 3])
  expect(new Set(asked)).toEqual(new Set([3]))
  await scheduler.settle(streams.close())
})

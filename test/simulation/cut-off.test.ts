/** How long a leader that is gone holds others up: in virtual time, so that no machine is too slow for it. */
import { expect, test } from 'vitest'
import { createAdmin, createConsumer, createProducer } from '../../engine/client/index.ts'
import { createCodeLoader, nodeCodecs } from '../../engine/node/environment/index.ts'
import { World } from '../../engine/sim/index.ts'
import { brokerIds, nodeOf, SimCluster } from './sim-cluster.ts'

const topic = 'events'
const seeds = [1, 2, 3, 4, 5]
const drain = () => new Promise<void>((resolve) => setImmediate(resolve))

async function start(seed: number) {
  const world = new World({ seed, drain, codecs: nodeCodecs, code: createCodeLoader() })
  const cluster = new SimCluster(world)
  for (const id of brokerIds) cluster.start(id)
  await world.scheduler.runUntil(() => cluster.isActive, 10_000)
  const admin = createAdmin(world.node('client'), { bootstrap: cluster.bootstrap })
  await world.scheduler.settle(admin.createTopics([{ name: topic, partitions: 1 }]))
  await world.scheduler.runUntil(() => cluster.isWhole, 10_000)
  const leader = () =>
    cluster.replicas().find(({ replica }) => replica.topic === topic && replica.leader !== undefined)!.id
  return { world, cluster, leader }
}

test.each(seeds)(
  'a leader that is cut off, and answers nothing, is waited for far less than a request’s time (seed %i)',
  async (seed) => {
    const { world, cluster, leader } = await start(seed)
    const { scheduler } = world
    const environment = world.node('client')
    const producer = createProducer(environment, { bootstrap: cluster.bootstrap, lingerMs: 0 })
    const consumer = createConsumer(environment, {
      bootstrap: cluster.bootstrap,
      autoOffsetReset: 'earliest',
    })
    consumer.assign([{ topic, partition: 0 }])
    const acknowledged: number[] = []
    const read: number[] = []
    const failures: unknown[] = []
    let next = 0
    const send = () => {
      const number = next++
      producer
        .send({ topic, key: null, value: Buffer.from(String(number)) })
        .then(() => acknowledged.push(number))
        .catch((thrown: unknown) => failures.push(thrown))
      if (next < 300) environment.timers.after(5, send)
    }
    const poll = async () => {
      while (read.length < 300) {
        for (const { value } of await consumer.poll(200)) read.push(Number(value))
      }
    }
    send()
    const polling = poll()
    expect(await scheduler.runUntil(() => read.length >= 100, 5000)).toBe(true)
    const others = brokerIds.map(nodeOf).filter((name) => name !== nodeOf(leader()))
    world.partition([nodeOf(leader())], [...others, 'client'])
    const cutAtMs = scheduler.elapsedMs
    const isOver = () => acknowledged.length === 300 && read.length === 300
    expect(await scheduler.runUntil(isOver, 60_000), String(failures)).toBe(true)
    // The session of the broker, 1.5 s, and at most a second each to ask others. An unanswered request is given up after 30 s.
    expect(scheduler.elapsedMs - cutAtMs).toBeLessThan(6000)
    await scheduler.settle(polling)
    expect(failures).toEqual([])
    expect(read).toEqual(Array.from({ length: 300 }, (_, index) => index))
  },
)

test.each(seeds)('another leads soon after a leader’s machine went down (seed %i)', async (seed) => {
  const { world, cluster, leader } = await start(seed)
  const first = leader()
  world.crash(nodeOf(first))
  cluster.forget(first)
  const isLed = () =>
    cluster.replicas().some(({ replica }) => replica.topic === topic && replica.leader !== undefined)
  const downAtMs = world.scheduler.elapsedMs
  expect(await world.scheduler.runUntil(isLed, 60_000)).toBe(true)
  // Its broken connections tell; without them it would be the session of 1.5 s.
  expect(world.scheduler.elapsedMs - downAtMs).toBeLessThan(1000)
})

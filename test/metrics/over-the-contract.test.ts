import { afterAll, beforeAll, expect, it } from 'vitest'
import { AStudio } from '../host/a-studio.ts'

const studio = new AStudio()
beforeAll(() => studio.start(), 30_000)
afterAll(() => studio.stop(), 30_000)

it('the window reads the brokers’ metrics, all or those of one kind', async () => {
  const { bootstrap } = await studio.client.call('cluster.start', {})
  const { brokers } = await studio.client.call('cluster.metrics', {})
  expect(brokers.map(({ broker }) => broker)).toEqual([1, 2, 3])
  expect(new Set(brokers[0]!.metrics.map(({ domain }) => domain)).size).toBeGreaterThanOrEqual(3)
  expect(bootstrap).toHaveLength(3)

  const wanted = { domain: 'kafka.controller', type: 'KafkaController' }
  const { brokers: controllers } = await studio.client.call('cluster.metrics', wanted)
  const counts = controllers.map(
    ({ metrics }) => metrics.find(({ name }) => name === 'ActiveControllerCount')!.value,
  )
  expect(counts.sort()).toEqual([0, 0, 1])
  expect(controllers.flatMap(({ metrics }) => metrics).every(({ type }) => type === wanted.type)).toBe(true)

  await studio.client.call('cluster.killBroker', { broker: 2 })
  const { brokers: left } = await studio.client.call('cluster.metrics', wanted)
  expect(left.map(({ broker }) => broker)).toEqual([1, 3])
}, 60_000)

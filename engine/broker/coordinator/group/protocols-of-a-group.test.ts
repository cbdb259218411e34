import { afterEach, beforeEach, expect, test } from 'vitest'
import { createNodeEnvironment } from '../../../node/environment/index.ts'
import { idOfT, TestCoordinator } from './test-coordinator.ts'

const environment = createNodeEnvironment({ log: { write: () => undefined } })

let world: TestCoordinator
beforeEach(async () => {
  world = await TestCoordinator.start(environment, { 'group.initial.rebalance.delay.ms': '0' })
})
afterEach(() => world.end())

const all = new Map([[idOfT, new Set([0, 1, 2, 3])]])

test('a classic group takes the place of an empty one of the new protocol, for good', async () => {
  expect(await world.beat('m', 0)).toMatchObject({ error: 'NONE', memberEpoch: 1, assignment: all })
  expect((await world.join('c')).error).toBe('INCONSISTENT_GROUP_PROTOCOL')
  expect((await world.beat('m', -1)).error).toBe('NONE')
  expect(await world.join('c')).toMatchObject({ error: 'NONE', memberId: 'c', generation: 1 })
  expect(world.names()).toEqual(['g classic'])
  expect(await world.leave('c')).toEqual(['NONE'])
  await world.sleep(50)
  await world.serve()
  expect(world.names()).toEqual(['g classic'])
})

test('a group of the new protocol takes the place of an empty classic one, for good', async () => {
  await world.join('c')
  expect((await world.beat('m', 0)).error).toBe('GROUP_ID_NOT_FOUND')
  await world.leave('c')
  expect((await world.beat('m', 0)).error).toBe('NONE')
  expect(world.names()).toEqual(['g consumer'])
  expect(world.coordinator.describe('g')).toBeUndefined()
  await world.serve()
  expect(world.names()).toEqual(['g consumer'])
  expect(world.coordinator.describe('g')).toBeUndefined()
})

test('a classic join that comes while the first member of the new protocol is being stored is answered', async () => {
  // The empty classic group whose place is taken.
  await world.join('c')
  await world.leave('c')
  world.holdBack()
  const beating = world.beat('m', 0)
  await world.sleep(10)
  const joining = world.join('d')
  await world.sleep(10)
  world.letGo()
  expect((await beating).error).toBe('NONE')
  const answer = await Promise.race([joining, world.sleep(2000)])
  expect(answer).toMatchObject({ error: 'INCONSISTENT_GROUP_PROTOCOL' })
  expect(world.names()).toEqual(['g consumer'])
})

test('a step that was appended but acknowledged too late counts, and what comes after it is stored whole', async () => {
  await world.beat('m', 0)
  world.holdBack()
  expect((await world.beat('n', 0)).error).toBe('COORDINATOR_NOT_AVAILABLE')
  world.letGo()
  await world.sleep(50)
  const known = () => {
    const group = world.coordinator.consumerGroup('g')
    return typeof group === 'object' ? [...group.members.keys()].sort() : group
  }
  expect(known()).toEqual(['m', 'n'])
  const before = world.coordinator.consumerGroup('g')
  await world.serve()
  expect(world.coordinator.consumerGroup('g')).toEqual(before)
})

test('an answer that rests on a step of unknown outcome waits until that is stored', async () => {
  await world.beat('m', 0)
  world.holdBack()
  const [first] = await Promise.all([world.beat('n', 0)])
  expect(first.error).toBe('COORDINATOR_NOT_AVAILABLE')
  // Nothing changes by it, and still nothing may be told.
  expect((await world.beat('n', 0)).error).toBe('COORDINATOR_NOT_AVAILABLE')
  world.letGo()
  expect((await world.beat('n', 0)).error).toBe('NONE')
})

test('a member that has let go once has its full time again for the next', async () => {
  const owning = (...partitions: number[]) => ({ owned: new Map([[idOfT, new Set(partitions)]]) })
  const first = { rebalanceTimeoutMs: 300 }
  await world.beat('m', 0, first)
  await world.beat('n', 0)
  // Half of it is to go; it takes two thirds of its time.
  const half = await world.beat('m', 1, owning(0, 1, 2, 3))
  const kept = [...half.assignment!.get(idOfT)!]
  expect(kept).toHaveLength(2)
  await world.sleep(200)
  // With a third member there is more to let go, which it hears of when it says that the first is done.
  await world.beat('o', 0)
  const third = await world.beat('m', half.memberEpoch, owning(...kept))
  expect(third.assignment!.get(idOfT)!.size).toBe(1)
  await world.sleep(200)
  const still = await world.beat('m', third.memberEpoch, owning(...third.assignment!.get(idOfT)!))
  expect(still.error).toBe('NONE')
})

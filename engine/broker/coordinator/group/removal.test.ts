import { afterEach, beforeEach, expect, test } from 'vitest'
import { createNodeEnvironment } from '../../../node/environment/index.ts'
import { nobody, TestCoordinator } from './test-coordinator.ts'

const environment = createNodeEnvironment({ log: { write: () => undefined } })

let world: TestCoordinator
beforeEach(async () => {
  world = await TestCoordinator.start(environment, {
    'offsets.retention.check.interval.ms': '100',
    'group.initial.rebalance.delay.ms': '0',
  })
})
afterEach(() => world.end())

const ofT = [{ topic: 't', partition: 0 }]

test('a tombstone that is tried again does not take a commit that was made meanwhile', async () => {
  await world.commit(7)
  world.holdBack()
  // Appended, and given up after 150 ms; tried again half a second later.
  world.coordinator.offsets.topicsRemoved(new Set(['t']))
  await world.sleep(200)
  expect(world.committed()).toBeUndefined()
  world.letGo()
  expect(await world.commit(8)).toBe('NONE')
  const end = world.replica.log.logEndOffset
  await world.sleep(600)
  expect(world.committed()).toBe(8)
  expect(world.replica.log.logEndOffset).toBe(end)
  await world.serve()
  expect(world.committed()).toBe(8)
})

test('nor one that is on its way when it is tried again', async () => {
  await world.commit(7)
  world.holdBack()
  world.coordinator.offsets.topicsRemoved(new Set(['t']))
  await world.sleep(600)
  // Just before the second try, which comes after 650 ms; it is held back with it.
  const committing = world.commit(8)
  await world.sleep(100)
  world.letGo()
  expect(await committing).toBe('NONE')
  await world.sleep(600)
  expect(world.committed()).toBe(8)
  await world.serve()
  expect(world.committed()).toBe(8)
})

test.each([
  ['of offsets', () => world.coordinator.removal.deleteOffsets('g', ofT)],
  ['of a group', () => world.coordinator.removal.deleteGroup('g')],
])('a deletion %s leaves a commit that is appended behind it', async (_, remove) => {
  await world.commit(7)
  world.holdBack()
  const removing = remove()
  await world.sleep(5)
  const committing = world.commit(8)
  await world.sleep(5)
  world.letGo()
  await removing
  expect(await committing).toBe('NONE')
  expect(world.committed()).toBe(8)
  await world.serve()
  expect(world.committed()).toBe(8)
})

test('a deletion takes a commit that was on its way before it', async () => {
  await world.commit(7)
  world.holdBack()
  const committing = world.commit(8)
  await world.sleep(5)
  const removing = world.coordinator.removal.deleteOffsets('g', ofT)
  await world.sleep(5)
  world.letGo()
  expect(await removing).toEqual(['NONE'])
  expect(await committing).toBe('NONE')
  expect(world.committed()).toBeUndefined()
  await world.serve()
  expect(world.committed()).toBeUndefined()
})

test('a group of the new protocol that is being joined is not deleted', async () => {
  await world.beat('m', 0)
  await world.beat('m', -1)
  world.holdBack()
  const joining = world.beat('n', 0)
  await world.sleep(5)
  const deleting = world.coordinator.removal.deleteGroup('g')
  await world.sleep(5)
  world.letGo()
  expect((await joining).error).toBe('NONE')
  expect(await deleting).toBe('NON_EMPTY_GROUP')
  const before = world.coordinator.consumerGroup('g')
  expect(before).toMatchObject({ members: new Map([['n', expect.anything()]]) })
  await world.serve()
  expect(world.coordinator.consumerGroup('g')).toEqual(before)
})

test('empty groups that never committed go by themselves, of either protocol, and stay away', async () => {
  await world.beat('m', 0)
  await world.beat('m', -1)
  await expect.poll(() => world.names(), { timeout: 3000 }).toEqual([])
  await world.join('c')
  expect(world.names()).toEqual(['g classic'])
  await world.sleep(250)
  expect(world.names()).toEqual(['g classic'])
  await world.leave('c')
  await expect.poll(() => world.names(), { timeout: 3000 }).toEqual([])
  await world.sleep(20)
  await world.serve()
  expect(world.names()).toEqual([])
})

test('a group whose first commit is in an open transaction is not deleted', async () => {
  const verification = world.replica.log.producers.beginVerification(7)
  const producer = { producerId: 7, producerEpoch: 0, verification }
  const offsets = [{ ...ofT[0]!, offset: 5, leaderEpoch: 0, metadata: '' }]
  expect(await world.coordinator.offsets.commitInTransaction('g', nobody, producer, offsets)).toBe('NONE')
  expect(await world.coordinator.removal.deleteGroup('g')).toBe('NON_EMPTY_GROUP')
  expect(await world.coordinator.removal.deleteGroup('other')).toBe('GROUP_ID_NOT_FOUND')
})

import { afterEach, beforeEach, expect, test } from 'vitest'
import { createNodeEnvironment } from '../../../node/environment/index.ts'
import { idOfT, TestCoordinator } from './test-coordinator.ts'

const environment = createNodeEnvironment({ log: { write: () => undefined } })

let world: TestCoordinator
beforeEach(async () => {
  world = await TestCoordinator.start(environment)
})
afterEach(() => world.end())

const idOfOther = '00000000-0000-0000-0000-00000000000b'

function makeTopic(name: string): void {
  const state = { replicas: [1], isr: [1], leader: 1, leaderEpoch: 1, partitionEpoch: 1 }
  world.image.apply({ type: 'topic', name, topicId: idOfOther })
  world.image.apply({ type: 'partition', topicId: idOfOther, partition: 0, state })
}

const byRegex = (subscribedRegex: string) => ({ subscribedTopics: null, subscribedRegex })

test('a member has the topics whose whole name its regular expression fits, also such as come later', async () => {
  const first = await world.beat('m', 0, byRegex('t(-.*)?'))
  expect([...first.assignment!.keys()]).toEqual([idOfT])
  makeTopic('at')
  expect((await world.beat('m', first.memberEpoch)).memberEpoch).toBe(first.memberEpoch)
  world.image.apply({ type: 'remove-topic', topicId: idOfOther })
  makeTopic('t-2')
  const grown = await world.beat('m', first.memberEpoch)
  expect(grown.memberEpoch).toBeGreaterThan(first.memberEpoch)
  expect([...grown.assignment!.keys()].sort()).toEqual([idOfT, idOfOther])
  // With names beside it, or instead.
  const owned = grown.assignment!
  const both = await world.beat('m', grown.memberEpoch, { ...byRegex('t-.'), subscribedTopics: ['t'], owned })
  // Told only what changes.
  expect([both.error, both.assignment]).toEqual(['NONE', undefined])
  const named = await world.beat('m', both.memberEpoch, { subscribedRegex: '', owned })
  expect([...named.assignment!.keys()]).toEqual([idOfT])
})

test('it is stored, and its offsets are not deleted while it is read', async () => {
  makeTopic('t-2')
  await world.beat('m', 0, byRegex('t-[0-9]'))
  const before = world.coordinator.consumerGroup('g')
  await world.serve()
  expect(world.coordinator.consumerGroup('g')).toEqual(before)
  const both = ['t', 't-2'].map((topic) => ({ topic, partition: 0 }))
  const answers = await world.coordinator.removal.deleteOffsets('g', both)
  expect(answers).toEqual(['NONE', 'GROUP_SUBSCRIBED_TO_TOPIC'])
})

test('one that cannot be read is refused, and says why', async () => {
  const answer = await world.beat('m', 0, byRegex('t('))
  expect(answer.error).toBe('INVALID_REGULAR_EXPRESSION')
  expect(answer.message).toContain('a "(" has no ")"')
  expect(world.coordinator.consumerGroup('g')).toBeUndefined()
})

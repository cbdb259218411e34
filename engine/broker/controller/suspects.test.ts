import { expect, test } from 'vitest'
import { createSeededRandom } from '../../sim/seeded-random.ts'
import { BrokerSettings } from '../settings/broker-settings.ts'
import { balanceLeaders, electAsked } from './asked-elections.ts'
import type { ControllerState } from './decision.ts'
import { ClusterImage } from './image.ts'
import { reassign } from './reassignments.ts'

/** Both members have come back from unclean stops, one after the other is waited for: nobody may lead yet. */
function waiting(): ControllerState {
  const image = new ClusterImage()
  for (const id of [1, 2, 3]) {
    image.apply({ type: 'register-broker', id, brokerEpoch: id, incarnation: `${id}`, host: 'h', port: id })
    if (id !== 2) image.apply({ type: 'unfence-broker', id, brokerEpoch: id })
  }
  image.apply({ type: 'topic', name: 't', topicId: 'id' })
  const suspects = [{ id: 1, lastEpoch: 0, endOffset: 5 }]
  const state = { replicas: [1, 2], isr: [1, 2], leader: -1, leaderEpoch: 1, partitionEpoch: 1, suspects }
  image.apply({ type: 'partition', topicId: 'id', partition: 0, state })
  return {
    image,
    settings: new BrokerSettings({}),
    random: createSeededRandom(1),
    contactMs: new Map(),
    heard: new Set([1, 3]),
    nextIndex: 10,
  }
}

const here = { topic: 't', partition: 0 }

test('a member that may lack records is not made leader by balancing, nor by a preferred election', () => {
  expect(balanceLeaders(waiting()).records).toEqual([])
  const asked = electAsked(waiting(), { ...here, kind: 'preferred' })
  expect(asked).toEqual({
    records: [],
    response: { error: 'PREFERRED_LEADER_NOT_AVAILABLE', message: expect.any(String) },
  })
})

test('while members may lack records no replica is moved away', () => {
  for (const replicas of [[1], [1, 3], null]) {
    const { records, response } = reassign(waiting(), { ...here, replicas }, true)
    expect(records).toEqual([])
    expect(response.error).toBe('ELIGIBLE_LEADERS_NOT_AVAILABLE')
  }
})

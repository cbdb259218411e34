import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { serverAssignors } from './assignors.ts'
import { type ConsumerGroup, newConsumerGroup, stateOf } from './group.ts'
import {
  commitFault,
  type GroupContext,
  type HeartbeatAnswer,
  heartbeat,
  type MemberHeartbeat,
  withoutMember,
} from './machine.ts'
import { each, grouped, noPartitions, type Partitions, toList } from './partitions.ts'
import { isOfConsumerGroup, recordsBetween, replay } from './stored-group.ts'

const ids: Readonly<Record<string, string>> = {
  a: '00000000-0000-0000-0000-00000000000a',
  b: '00000000-0000-0000-0000-00000000000b',
}

/** A coordinator whose every step is stored, and members that do as they are told. */
class World {
  group: ConsumerGroup = newConsumerGroup('g')
  readonly counts: Record<string, number> = { a: 6 }
  readonly stored = new Map<string, ConsumerGroup>()
  readonly members = new Map<string, { epoch: number; owned: Partitions }>()
  readonly context: GroupContext = {
    topic: (name) => {
      const partitions = this.counts[name]
      return partitions === undefined ? undefined : { topicId: ids[name]!, partitions }
    },
    matching: (regex) => Object.keys(this.counts).filter((name) => new RegExp(`^(?:${regex})$`).test(name)),
    regexFault: (regex) => (regex === '(' ? 'a "(" has no ")"' : undefined),
    sizeMax: 100,
    assignors: ['uniform', 'range'],
  }

  take(next: ConsumerGroup): void {
    for (const { key, value } of recordsBetween(this.group, next)) {
      expect(isOfConsumerGroup(key)).toBe(true)
      replay(this.stored, key, value)
    }
    this.group = next
  }

  send(
    request: Partial<MemberHeartbeat> & Pick<MemberHeartbeat, 'memberId' | 'memberEpoch'>,
  ): HeartbeatAnswer {
    const asBefore = { instanceId: null, rackId: null, rebalanceTimeoutMs: -1, subscribedTopics: null }
    const rest = {
      subscribedRegex: null,
      assignor: null,
      owned: null,
      clientId: 'c',
      clientHost: '/127.0.0.1',
    }
    const { group, answer } = heartbeat(this.group, { ...asBefore, ...rest, ...request }, this.context)
    this.take(group)
    return answer
  }

  join(memberId: string, more: Partial<MemberHeartbeat> = {}): HeartbeatAnswer {
    const first = { rebalanceTimeoutMs: 1000, subscribedTopics: ['a'], owned: noPartitions }
    const answer = this.send({ memberId, memberEpoch: 0, ...first, ...more })
    if (answer.error === 'NONE') this.obey(memberId, answer)
    return answer
  }

  beat(memberId: string, more: Partial<MemberHeartbeat> = {}): HeartbeatAnswer {
    const { epoch, owned } = this.members.get(memberId)!
    const answer = this.send({ memberId, memberEpoch: epoch, owned, ...more })
    if (answer.error === 'NONE') this.obey(memberId, answer)
    else this.members.delete(memberId)
    return answer
  }

  /** Until nothing changes any more. */
  settle(): void {
    for (let rounds = 0; rounds < 20; rounds++) {
      const before = this.group
      for (const memberId of [...this.members.keys()]) this.beat(memberId)
      if (this.group === before) return
    }
    throw new Error(`the group does not settle: ${stateOf(this.group)}`)
  }

  owned(memberId: string): string[] {
    return [...each(this.members.get(memberId)!.owned)]
      .map(([id, partition]) => `${id.at(-1)}${partition}`)
      .sort()
  }

  private obey(memberId: string, { memberEpoch, assignment }: HeartbeatAnswer): void {
    const owned = assignment ?? this.members.get(memberId)?.owned ?? noPartitions
    this.members.set(memberId, { epoch: memberEpoch, owned })
  }
}

describe('a consumer group', () => {
  test('its first member gets everything; a second one its half, only after the first has let it go', () => {
    const world = new World()
    expect(world.join('m1')).toMatchObject({ error: 'NONE', memberEpoch: 1 })
    expect(world.owned('m1')).toEqual(['a0', 'a1', 'a2', 'a3', 'a4', 'a5'])
    expect(world.join('m2')).toMatchObject({ error: 'NONE', memberEpoch: 2 })
    expect(world.owned('m2')).toEqual([])
    expect(stateOf(world.group)).toBe('Reconciling')
    // It learns what it has to let go, and keeps its epoch until it has.
    expect(world.beat('m1')).toMatchObject({ memberEpoch: 1 })
    expect(world.owned('m1')).toHaveLength(3)
    expect(world.beat('m2')).toMatchObject({ memberEpoch: 2 })
    expect(world.owned('m2')).toEqual([])
    expect(world.beat('m1')).toMatchObject({ memberEpoch: 2 })
    world.beat('m2')
    expect(world.owned('m2')).toHaveLength(3)
    expect(stateOf(world.group)).toBe('Stable')
  })

  test('a heartbeat that brings nothing new changes nothing and tells nothing', () => {
    const world = new World()
    world.join('m1')
    const before = world.group
    expect(world.send({ memberId: 'm1', memberEpoch: 1 })).toEqual({
      error: 'NONE',
      memberId: 'm1',
      memberEpoch: 1,
    })
    expect(world.group).toBe(before)
  })

  test('what a member leaves, or loses with its session, the others take over', () => {
    const world = new World()
    for (const member of ['m1', 'm2', 'm3']) world.join(member)
    world.settle()
    world.members.delete('m1')
    expect(world.send({ memberId: 'm1', memberEpoch: -1 })).toMatchObject({ error: 'NONE', memberEpoch: -1 })
    world.settle()
    expect(world.owned('m2')).toHaveLength(3)
    world.members.delete('m2')
    world.take(withoutMember(world.group, 'm2'))
    world.settle()
    expect(world.owned('m3')).toHaveLength(6)
    expect(world.send({ memberId: 'm2', memberEpoch: 3 }).error).toBe('UNKNOWN_MEMBER_ID')
  })

  test('new partitions, and a topic that is made later, are given out', () => {
    const world = new World()
    world.join('m1', { subscribedTopics: ['a', 'b'] })
    world.join('m2', { subscribedTopics: ['b', 'a'] })
    world.settle()
    world.counts.b = 2
    world.counts.a = 8
    world.settle()
    expect([...world.owned('m1'), ...world.owned('m2')].sort()).toEqual([
      ...Array.from({ length: 8 }, (_, i) => `a${i}`),
      'b0',
      'b1',
    ])
    expect(world.owned('m1')).toHaveLength(5)
    delete world.counts.b
    world.settle()
    expect(world.owned('m1')).toHaveLength(4)
  })

  test('a static member comes back within its session to what it had; another with its name is refused meanwhile', () => {
    const world = new World()
    world.join('m1', { instanceId: 'i' })
    world.join('m2')
    world.settle()
    const had = world.owned('m1')
    expect(world.join('m3', { instanceId: 'i' }).error).toBe('UNRELEASED_INSTANCE_ID')
    world.send({ memberId: 'm1', memberEpoch: -2, instanceId: 'i' })
    world.members.delete('m1')
    world.settle()
    const { epoch } = world.group
    world.join('m4', { instanceId: 'i' })
    world.settle()
    expect(world.owned('m4')).toEqual(had)
    expect(world.group.epoch).toBe(epoch)
    expect(world.send({ memberId: 'm1', memberEpoch: 2, instanceId: 'i' }).error).toBe('UNKNOWN_MEMBER_ID')
  })

  test('a member that missed an answer goes on; one of another epoch has to begin anew', () => {
    const world = new World()
    world.join('m1')
    const { epoch, owned } = world.members.get('m1')!
    world.join('m2')
    world.beat('m1')
    const kept = world.members.get('m1')!.owned
    world.beat('m1')
    expect(world.group.members.get('m1')!.epoch).toBe(2)
    expect(world.send({ memberId: 'm1', memberEpoch: epoch, owned: kept })).toMatchObject({
      error: 'NONE',
      memberEpoch: 2,
    })
    expect(world.send({ memberId: 'm1', memberEpoch: epoch, owned }).error).toBe('FENCED_MEMBER_EPOCH')
    expect(world.send({ memberId: 'm1', memberEpoch: 7 }).error).toBe('FENCED_MEMBER_EPOCH')
    expect(commitFault(world.group, 'm1', 2)).toBe('NONE')
    expect(commitFault(world.group, 'm1', 1)).toBe('STALE_MEMBER_EPOCH')
    expect(commitFault(world.group, 'm9', 1)).toBe('UNKNOWN_MEMBER_ID')
  })

  test.each([
    ['a joining member that says no topics', { subscribedTopics: null }, 'INVALID_REQUEST'],
    ['a bad regular expression', { subscribedRegex: '(' }, 'INVALID_REGULAR_EXPRESSION'],
    ['a joining member without a rebalance timeout', { rebalanceTimeoutMs: -1 }, 'INVALID_REQUEST'],
    ['a joining member that owns something', { owned: grouped([[ids.a!, 0]]) }, 'INVALID_REQUEST'],
    ['an assignor that is not there', { assignor: 'fair' }, 'UNSUPPORTED_ASSIGNOR'],
    ['an empty instance id', { instanceId: '' }, 'INVALID_REQUEST'],
    ['an epoch below −2', { memberEpoch: -3 }, 'INVALID_REQUEST'],
    ['leaving to return without a name', { memberEpoch: -2 }, 'INVALID_REQUEST'],
    ['leaving a group that it is not in', { memberEpoch: -1 }, 'UNKNOWN_MEMBER_ID'],
  ] as const)('%s is refused', (_what, request, error) => {
    const world = new World()
    expect(world.join('m1', request).error).toBe(error)
    expect(world.group).toEqual(newConsumerGroup('g'))
  })

  test('takes no more members than it may', () => {
    const world = new World()
    const { group } = world
    const context = { ...world.context, sizeMax: 0 }
    const first = { memberId: 'm', memberEpoch: 0, instanceId: null, rackId: null, rebalanceTimeoutMs: 1 }
    const rest = {
      subscribedTopics: ['a'],
      subscribedRegex: null,
      assignor: null,
      owned: noPartitions,
      clientId: '',
      clientHost: '',
    }
    expect(heartbeat(group, { ...first, ...rest }, context).answer.error).toBe('GROUP_MAX_SIZE_REACHED')
  })

  test('whatever happens, no partition has two owners, all have one in the end, and what is stored is what is', () => {
    const member = fc.constantFrom('m1', 'm2', 'm3', 'm4')
    const action = fc.oneof(
      fc.record({
        kind: fc.constant('join' as const),
        member,
        assignor: fc.constantFrom(null, 'range', 'uniform'),
      }),
      fc.record({ kind: fc.constant('beat' as const), member }),
      fc.record({ kind: fc.constant('leave' as const), member }),
      fc.record({ kind: fc.constant('lose' as const), member }),
      fc.record({ kind: fc.constant('topics' as const), member, a: fc.nat(9), b: fc.nat(4) }),
      fc.record({
        kind: fc.constant('want' as const),
        member,
        topics: fc.subarray(['a', 'b'], { minLength: 1 }),
      }),
    )
    fc.assert(
      fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
        const world = new World()
        for (const step of actions) {
          const present = world.members.get(step.member)
          if (step.kind === 'join') {
            if (!present) world.join(step.member, { assignor: step.assignor, subscribedTopics: ['a', 'b'] })
          } else if (step.kind === 'topics') {
            world.counts.a = step.a + 1
            world.counts.b = step.b + 1
          } else if (present) {
            if (step.kind === 'beat') world.beat(step.member)
            if (step.kind === 'leave') world.send({ memberId: step.member, memberEpoch: -1 })
            if (step.kind === 'lose') world.take(withoutMember(world.group, step.member))
            if (step.kind === 'leave' || step.kind === 'lose') world.members.delete(step.member)
            if (step.kind === 'want') world.beat(step.member, { subscribedTopics: step.topics })
          }
          expectOneOwnerEach(world)
        }
        world.settle()
        expectOneOwnerEach(world)
        expectAllOwned(world)
        expect(plain(world.stored.get('g') ?? newConsumerGroup('g'))).toEqual(plain(world.group))
      }),
      { numRuns: 300 },
    )
  })

  test('that is removed leaves nothing stored', () => {
    const world = new World()
    world.join('m1')
    world.join('m2')
    for (const { key, value } of recordsBetween(world.group, undefined)) replay(world.stored, key, value)
    expect(world.stored.size).toBe(0)
  })
})

describe('an assignor of the coordinator', () => {
  const subscriptions = fc.array(fc.subarray(['a', 'b', 'c'], { minLength: 1 }), {
    minLength: 1,
    maxLength: 12,
  })
  const counts = fc.tuple(fc.nat(20), fc.nat(20), fc.nat(20))

  test('uniform is even, and moves no more than it has to when a member goes', () => {
    const members = (count: number, current: ReadonlyMap<string, Partitions> = new Map()) =>
      Array.from({ length: count }, (_, i) => ({
        memberId: `m${i}`,
        instanceId: null,
        topicIds: new Set(['t']),
        current: current.get(`m${i}`) ?? noPartitions,
      }))
    const uniform = serverAssignors.get('uniform')!
    const five = uniform(members(5), new Map([['t', 20]]))
    const four = uniform(members(4, five), new Map([['t', 20]]))
    for (const [memberId, partitions] of four) {
      expect([...each(partitions)]).toHaveLength(5)
      for (const [topicId, partition] of each(five.get(memberId)!)) {
        expect(partitions.get(topicId)!.has(partition)).toBe(true)
      }
    }
  })

  test.each(['uniform', 'range'])('%s gives every partition to one of its subscribers', (name) => {
    fc.assert(
      fc.property(subscriptions, counts, (wanted, [a, b, c]) => {
        const members = wanted.map((topics, i) => ({
          memberId: `m${i}`,
          instanceId: null,
          topicIds: new Set(topics),
          current: noPartitions,
        }))
        const partitionCounts = new Map([
          ['a', a],
          ['b', b],
          ['c', c],
        ])
        const target = serverAssignors.get(name)!(members, partitionCounts)
        const given = new Map<string, number>()
        for (const { memberId, topicIds } of members) {
          for (const [topicId, partition] of each(target.get(memberId)!)) {
            expect(topicIds.has(topicId)).toBe(true)
            given.set(`${topicId}${partition}`, (given.get(`${topicId}${partition}`) ?? 0) + 1)
          }
        }
        for (const [topic, count] of partitionCounts) {
          const isWanted = wanted.some((topics) => topics.includes(topic))
          for (let i = 0; i < count; i++) expect(given.get(`${topic}${i}`)).toBe(isWanted ? 1 : undefined)
        }
      }),
    )
  })
})

function expectOneOwnerEach(world: World): void {
  const owners = new Map<string, string>()
  for (const [memberId, { owned }] of world.members) {
    for (const [topicId, partition] of each(owned)) {
      const place = `${topicId}:${partition}`
      expect(owners.get(place), `${place} of ${memberId}`).toBeUndefined()
      owners.set(place, memberId)
    }
  }
}

function expectAllOwned(world: World): void {
  if (world.members.size === 0) return
  const wanted = new Set(
    [...world.group.members.values()].flatMap(({ subscribedTopics }) => subscribedTopics),
  )
  const owned = new Set([...world.members.keys()].flatMap((memberId) => world.owned(memberId)))
  const all = Object.entries(world.counts).flatMap(([name, count]) =>
    wanted.has(name) ? Array.from({ length: count }, (_, i) => `${name}${i}`) : [],
  )
  expect([...owned].sort()).toEqual(all.sort())
}

function plain(group: ConsumerGroup) {
  const list = (partitions: Partitions) => toList(partitions).sort((a, b) => (a.topicId < b.topicId ? -1 : 1))
  return {
    ...group,
    target: [...group.target].map(([id, partitions]) => [id, list(partitions)]).sort(),
    members: [...group.members.values()]
      .map((member) => ({
        ...member,
        assigned: list(member.assigned),
        pendingRevocation: list(member.pendingRevocation),
      }))
      .sort((a, b) => (a.memberId < b.memberId ? -1 : 1)),
  }
}

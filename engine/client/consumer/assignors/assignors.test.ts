import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { AssignorMember, PartitionAssignor, TopicPartition } from '../../api.ts'
import { keyOf } from './balance.ts'
import { cooperativeStickyAssignor } from './cooperative-sticky.ts'
import { rangeAssignor } from './range.ts'
import { roundRobinAssignor } from './round-robin.ts'
import { createStickyAssignor } from './sticky.ts'

function member(memberId: string, topics: string[], owned: TopicPartition[] = []): AssignorMember {
  return { memberId, groupInstanceId: null, topics, owned, userData: null }
}

/** `a: t0 t1` for each member, as text. */
function assigned(
  assignor: PartitionAssignor,
  members: AssignorMember[],
  counts: Record<string, number>,
): string[] {
  const results = assignor.assign(members, new Map(Object.entries(counts)))
  return [...results]
    .map(([id, { partitions }]) => `${id}: ${partitions.map((one) => one.topic + one.partition).join(' ')}`)
    .sort()
}

const places = (topic: string, ...partitions: number[]) =>
  partitions.map((partition) => ({ topic, partition }))

describe('range', () => {
  test('gives runs of each topic, the first members one more', () => {
    const members = ['b', 'a', 'c'].map((id) => member(id, ['t', 'u']))
    expect(assigned(rangeAssignor, members, { t: 4, u: 3 })).toEqual(['a: t0 t1 u0', 'b: t2 u1', 'c: t3 u2'])
  })

  test('static members come first, by their instance id', () => {
    const members = [member('a', ['t']), { ...member('z', ['t']), groupInstanceId: 'one' }]
    expect(assigned(rangeAssignor, members, { t: 3 })).toEqual(['a: t2', 'z: t0 t1'])
  })
})

test('round robin deals out all partitions in turn, to who reads the topic', () => {
  const members = [member('a', ['t']), member('b', ['t', 'u']), member('c', ['t', 'u'])]
  expect(assigned(roundRobinAssignor, members, { t: 2, u: 3 })).toEqual(['a: t0', 'b: t1 u1', 'c: u0 u2'])
})

describe('sticky', () => {
  test('who joins gets what the others can spare, and nothing else moves', () => {
    const members = [
      member('a', ['t'], places('t', 0, 1, 2)),
      member('b', ['t'], places('t', 3, 4, 5)),
      member('c', ['t']),
    ]
    expect(assigned(createStickyAssignor(), members, { t: 6 })).toEqual(['a: t0 t1', 'b: t3 t4', 'c: t2 t5'])
  })

  test('remembers through the user data, of which the newest generation counts', () => {
    const claims = [createStickyAssignor(), createStickyAssignor()]
    claims[0]!.onAssigned?.([], null, 3)
    claims[1]!.onAssigned?.([], null, 4)
    const owned = [places('t', 0, 1, 2), places('t', 1, 3)]
    const members = ['a', 'b'].map((id, index) => {
      return { ...member(id, ['t']), userData: claims[index]!.userData!(owned[index]!) }
    })
    expect(assigned(createStickyAssignor(), members, { t: 4 })).toEqual(['a: t0 t2', 'b: t1 t3'])
  })
})

describe('cooperative-sticky', () => {
  test('takes away first, and gives in the round after', () => {
    const before = [member('a', ['t'], places('t', 0, 1, 2, 3)), member('b', ['t'])]
    expect(assigned(cooperativeStickyAssignor, before, { t: 4 })).toEqual(['a: t0 t1', 'b: '])
    const after = [member('a', ['t'], places('t', 0, 1)), member('b', ['t'])]
    expect(assigned(cooperativeStickyAssignor, after, { t: 4 })).toEqual(['a: t0 t1', 'b: t2 t3'])
  })
})

const assignors: [string, () => PartitionAssignor][] = [
  ['range', () => rangeAssignor],
  ['roundrobin', () => roundRobinAssignor],
  ['sticky', createStickyAssignor],
]

describe.each(assignors)('%s', (_, create) => {
  test('whatever members read and own, every partition goes to exactly one that reads its topic', () => {
    fc.assert(
      fc.property(groups, ({ members, counts }) => {
        const results = create().assign(members, counts)
        const owners = new Map<string, string>()
        for (const [memberId, { partitions }] of results) {
          const topics = members.find((one) => one.memberId === memberId)!.topics
          for (const partition of partitions) {
            expect(topics).toContain(partition.topic)
            expect(partition.partition).toBeLessThan(counts.get(partition.topic)!)
            expect(owners.has(keyOf(partition))).toBe(false)
            owners.set(keyOf(partition), memberId)
          }
        }
        const read = new Set(members.flatMap((one) => one.topics))
        let expected = 0
        for (const [topic, count] of counts) if (read.has(topic)) expected += count
        expect(owners.size).toBe(expected)
      }),
      { numRuns: 300 },
    )
  })
})

test('sticky is balanced to one where all read the same, and a second time changes nothing', () => {
  fc.assert(
    fc.property(groups, ({ members, counts }) => {
      const alike = members.map((one) => ({ ...one, topics: [...counts.keys()] }))
      const first = createStickyAssignor().assign(alike, counts)
      const sizes = [...first.values()].map(({ partitions }) => partitions.length)
      expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1)
      const settled = alike.map((one) => ({ ...one, owned: [...first.get(one.memberId)!.partitions] }))
      const second = createStickyAssignor().assign(settled, counts)
      const keys = (partitions: readonly TopicPartition[]) => partitions.map(keyOf).sort()
      for (const [id, { partitions }] of first)
        expect(keys(second.get(id)!.partitions)).toEqual(keys(partitions))
    }),
    { numRuns: 200 },
  )
})

const names = ['t', 'u', 'v']
const groups = fc.record({
  members: fc.uniqueArray(
    fc.record({
      memberId: fc.string({ minLength: 1, maxLength: 4 }),
      groupInstanceId: fc.constant(null),
      topics: fc.uniqueArray(fc.constantFrom(...names), { minLength: 1 }),
      owned: fc.array(
        fc.record({ topic: fc.constantFrom(...names, 'gone'), partition: fc.integer({ min: 0, max: 12 }) }),
        { maxLength: 8 },
      ),
      userData: fc.constant(null),
    }),
    { minLength: 1, maxLength: 6, selector: (one) => one.memberId },
  ),
  counts: fc
    .tuple(...names.map(() => fc.integer({ min: 0, max: 10 })))
    .map((sizes) => new Map(names.map((name, index) => [name, sizes[index]!]))),
})

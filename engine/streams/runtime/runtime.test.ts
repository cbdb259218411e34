import { describe, expect, test } from 'vitest'
import type { AssignorMember } from '../../client/api.ts'
import { createBuilder } from '../index.ts'
import { builtTopology } from '../topology.ts'
import { streamsAssignor } from './assignor.ts'
import { LagClock } from './lag.ts'
import { planPartitions } from './partition-plan.ts'

function twoParts(partitions?: number) {
  const builder = createBuilder()
  const keyed = builder
    .stream<string, string>('in', { name: 'in' })
    .selectKey(({ value }) => value, { name: 'key' })
  keyed.repartition({ name: 'again', partitions }).groupByKey({ name: 'group' }).count({ name: 'count' })
  return builtTopology(builder.build())
}

describe('partitions', () => {
  test('of repartition topics and changelogs come from upstream, unless they are given', () => {
    expect(planPartitions(twoParts(), 'app', new Map([['in', 4]]))).toEqual({
      taskCounts: [4, 4],
      repartitionTopics: new Map([['app-again-repartition', 4]]),
      changelogTopics: new Map([['app-count-changelog', 4]]),
    })
    expect(planPartitions(twoParts(7), 'app', new Map([['in', 4]])).taskCounts).toEqual([4, 7])
  })

  test('of a join’s repartition are those of its other side', () => {
    const builder = createBuilder()
    const names = builder.table<string, string>('names', { name: 'names' })
    builder
      .stream<string, string>('in', { name: 'in' })
      .selectKey(({ value }) => value, { name: 'key' })
      .joinTable(names, (left) => left, { name: 'join', type: 'inner' })
      .to('out', { name: 'out' })
    const counts = new Map([
      ['in', 2],
      ['names', 5],
    ])
    const plan = planPartitions(builtTopology(builder.build()), 'app', counts)
    expect(plan.repartitionTopics).toEqual(new Map([['app-join-left-repartition', 5]]))
  })
})

describe('the assignment of tasks', () => {
  const assignor = streamsAssignor(twoParts(), 'app', () => [])
  const counts = new Map([
    ['in', 4],
    ['app-again-repartition', 4],
  ])
  const member = (memberId: string, tasks: readonly string[] = []): AssignorMember => ({
    memberId,
    groupInstanceId: null,
    topics: [...counts.keys()],
    owned: [],
    userData: Buffer.from(JSON.stringify({ tasks })),
  })
  const assign = (members: readonly AssignorMember[]) => {
    const results = assignor.assign(members, counts)
    return new Map(
      [...results].map(([id, { partitions }]) => [
        id,
        partitions.map(({ topic, partition }) => `${topic === 'in' ? 0 : 1}_${partition}`),
      ]),
    )
  }

  test('gives every partition to one member, evenly', () => {
    const placed = assign([member('b'), member('a'), member('c')])
    expect([...placed.values()].flat().sort()).toEqual(
      [0, 1].flatMap((sub) => [0, 1, 2, 3].map((partition) => `${sub}_${partition}`)),
    )
    expect([...placed.values()].map((tasks) => tasks.length).sort()).toEqual([2, 3, 3])
  })

  test('leaves tasks where they were, and moves no more than balance needs', () => {
    const before = assign([member('a'), member('b')])
    const after = assign([member('a', before.get('a')), member('b', before.get('b')), member('c')])
    for (const id of ['a', 'b']) {
      const kept = after.get(id)!.filter((task) => before.get(id)!.includes(task))
      expect(kept.length).toBe(after.get(id)!.length)
    }
    expect(after.get('c')!.length).toBe(2)
  })

  test('takes bytes that it does not know as no knowledge', () => {
    const odd = { ...member('a'), userData: Buffer.from('not json') }
    expect(assign([odd]).get('a')).toHaveLength(8)
  })
})

describe('lag in time', () => {
  test('is how long ago the log end passed the committed offset', () => {
    const clock = new LagClock()
    expect(clock.lagMs(0, 0)).toBeUndefined()
    clock.sample(0, 10, 10)
    expect(clock.lagMs(50, 10)).toBe(0)
    clock.sample(100, 20, 10)
    clock.sample(200, 30, 10)
    expect(clock.lagMs(300, 10)).toBe(200)
    clock.sample(400, 30, 20)
    expect(clock.lagMs(450, 20)).toBe(250)
    clock.sample(500, 30, 30)
    expect(clock.lagMs(500, 30)).toBe(0)
  })

  test('stays right and small under many samples', () => {
    const clock = new LagClock()
    for (let i = 1; i <= 10_000; i++) clock.sample(i, i, 0)
    expect(clock.lagMs(10_000, 0)).toBe(9_999)
    expect(clock.lagMs(10_000, 5_000)).toBeGreaterThan(4_900)
  })
})

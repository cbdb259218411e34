import { expect, test } from 'vitest'
import { type Group, type GroupInput, type GroupOutput, type JoinRequest, newGroup } from './group.ts'
import { groupDeadlineMs, stepGroup } from './group-machine.ts'

const limits = { initialDelayMs: 0, sizeMax: 100 }

function joinOf(overrides: Partial<JoinRequest> = {}): JoinRequest {
  return {
    memberId: '',
    instanceId: null,
    clientId: 'c',
    clientHost: '/127.0.0.1',
    sessionTimeoutMs: 10_000,
    rebalanceTimeoutMs: 30_000,
    protocolType: 'consumer',
    protocols: [{ name: 'range', metadata: Buffer.from('m') }],
    needsKnownMemberId: false,
    canSkipAssignment: true,
    newMemberId: 'm1',
    ...overrides,
  }
}

/** A group whose every store succeeds at once, unless told otherwise. */
class Driver {
  nowMs = 0
  readonly group: Group = newGroup('g', 0)
  storeError: 'NONE' | 'COORDINATOR_NOT_AVAILABLE' = 'NONE'
  private ticket = 0

  give(input: GroupInput): GroupOutput[] {
    const outputs = stepGroup(this.group, input, this.nowMs, limits)
    return outputs.flatMap((output) => {
      if (output.kind !== 'store') return [output]
      return this.give({ kind: 'stored', generation: output.generation, error: this.storeError })
    })
  }

  join(overrides: Partial<JoinRequest> = {}) {
    return joins(this.give({ kind: 'join', ticket: ++this.ticket, request: joinOf(overrides) }))
  }

  sync(memberId: string, generation: number, assignments: Record<string, string> = {}) {
    const request = {
      memberId,
      instanceId: null,
      generation,
      protocolType: null,
      protocolName: null,
      assignments: Object.entries(assignments).map(([id, text]) => ({
        memberId: id,
        assignment: Buffer.from(text),
      })),
    }
    const outputs = this.give({ kind: 'sync', ticket: ++this.ticket, request })
    return outputs.flatMap((output) => (output.kind === 'synced' ? [output.answer] : []))
  }

  claim(kind: 'heartbeat' | 'commit', memberId: string, generation: number) {
    const claim = { memberId, instanceId: null, generation }
    const [output] = this.give({ kind, ticket: ++this.ticket, claim })
    return output?.kind === 'answered' ? output.error : undefined
  }

  leave(memberId: string) {
    return this.give({ kind: 'leave', ticket: ++this.ticket, members: [{ memberId, instanceId: null }] })
  }

  tick(nowMs: number): GroupOutput[] {
    this.nowMs = nowMs
    return this.give({ kind: 'tick' })
  }

  /** Two members, m1 leading, each with its assignment. */
  twoMembers(): void {
    this.join({ newMemberId: 'm1' })
    this.join({ newMemberId: 'm2' })
    this.join({ memberId: 'm1' })
    this.sync('m2', 2)
    this.sync('m1', 2, { m1: 'one', m2: 'two' })
    expect(this.group.state).toBe('Stable')
  }
}

function joins(outputs: readonly GroupOutput[]) {
  return outputs.flatMap((output) => (output.kind === 'joined' ? [output.answer] : []))
}

test('the first member leads and hears of all members; the assignment comes with its sync', () => {
  const driver = new Driver()
  const [answer] = driver.join()
  expect(answer).toMatchObject({
    error: 'NONE',
    memberId: 'm1',
    generation: 1,
    leaderId: 'm1',
    protocolName: 'range',
  })
  expect(answer!.members.map(({ memberId }) => memberId)).toEqual(['m1'])
  const [sync] = driver.sync('m1', 1, { m1: 'all' })
  expect(sync).toMatchObject({ error: 'NONE', protocolName: 'range' })
  expect(sync!.assignment.toString()).toBe('all')
})

test('a second member makes the first one join again, and both get the next generation', () => {
  const driver = new Driver()
  driver.join({ newMemberId: 'm1' })
  driver.sync('m1', 1, { m1: 'all' })
  expect(driver.join({ newMemberId: 'm2' })).toEqual([])
  expect(driver.claim('heartbeat', 'm1', 1)).toBe('REBALANCE_IN_PROGRESS')
  const answers = driver.join({ memberId: 'm1' })
  expect(answers.map(({ memberId, generation }) => [memberId, generation])).toEqual([
    ['m1', 2],
    ['m2', 2],
  ])
  expect(driver.claim('commit', 'm1', 2)).toBe('REBALANCE_IN_PROGRESS')
})

test('a follower’s sync waits for the leader’s', () => {
  const driver = new Driver()
  driver.join({ newMemberId: 'm1' })
  driver.join({ newMemberId: 'm2' })
  driver.join({ memberId: 'm1' })
  expect(driver.sync('m2', 2)).toEqual([])
  const answers = driver.sync('m1', 2, { m1: 'one', m2: 'two' })
  expect(answers.map(({ assignment }) => assignment.toString())).toEqual(['one', 'two'])
})

test('a stale generation neither syncs, nor commits, nor keeps the session', () => {
  const driver = new Driver()
  driver.twoMembers()
  expect(driver.sync('m1', 1)[0]!.error).toBe('ILLEGAL_GENERATION')
  expect(driver.claim('commit', 'm1', 1)).toBe('ILLEGAL_GENERATION')
  expect(driver.claim('heartbeat', 'm1', 1)).toBe('ILLEGAL_GENERATION')
  expect(driver.claim('commit', 'm1', 2)).toBe('NONE')
  expect(driver.claim('commit', 'stranger', 2)).toBe('UNKNOWN_MEMBER_ID')
})

test('a silent member is removed, and the others rebalance', () => {
  const driver = new Driver()
  driver.twoMembers()
  driver.nowMs = 9000
  driver.claim('heartbeat', 'm1', 2)
  driver.tick(10_000)
  expect([...driver.group.members.keys()]).toEqual(['m1'])
  expect(driver.claim('heartbeat', 'm1', 2)).toBe('REBALANCE_IN_PROGRESS')
  expect(driver.join({ memberId: 'm1' })[0]).toMatchObject({ generation: 3, leaderId: 'm1' })
})

test('who does not come back within the rebalance timeout is left out', () => {
  const driver = new Driver()
  driver.twoMembers()
  driver.join({ newMemberId: 'm3' })
  driver.join({ memberId: 'm1' })
  for (driver.nowMs = 5000; driver.nowMs < 30_000; driver.nowMs += 5000) driver.claim('heartbeat', 'm2', 2)
  const answers = joins(driver.tick(30_000))
  expect(answers.map(({ memberId }) => memberId).sort()).toEqual(['m1', 'm3'])
})

test('when the leader leaves, another one leads', () => {
  const driver = new Driver()
  driver.twoMembers()
  driver.leave('m1')
  expect(driver.join({ memberId: 'm2' })[0]).toMatchObject({ generation: 3, leaderId: 'm2' })
})

test('when the last member leaves, the group is empty and takes commits without a member', () => {
  const driver = new Driver()
  driver.join()
  expect(driver.claim('commit', '', -1)).toBe('UNKNOWN_MEMBER_ID')
  driver.leave('m1')
  expect(driver.group.state).toBe('Empty')
  expect(groupDeadlineMs(driver.group)).toBe(Number.POSITIVE_INFINITY)
  expect(driver.claim('commit', '', -1)).toBe('NONE')
})

test('a member that must be known gets its id first, and is awaited until it comes back (KIP-394)', () => {
  const driver = new Driver()
  const [answer] = driver.join({ needsKnownMemberId: true })
  expect(answer).toMatchObject({ error: 'MEMBER_ID_REQUIRED', memberId: 'm1', generation: -1 })
  expect(driver.join({ needsKnownMemberId: true, memberId: 'm1' })[0]).toMatchObject({ generation: 1 })
  expect(driver.join({ memberId: 'never-given' })[0]!.error).toBe('UNKNOWN_MEMBER_ID')
})

test('a static member that is back gets its assignment without a rebalance, and its old self is fenced (KIP-345)', () => {
  const driver = new Driver()
  driver.join({ newMemberId: 'm1', instanceId: 'i1' })
  driver.sync('m1', 1, { m1: 'all' })
  const [back] = driver.join({ newMemberId: 'm1b', instanceId: 'i1' })
  expect(back).toMatchObject({ error: 'NONE', memberId: 'm1b', generation: 1, skipAssignment: true })
  expect(driver.group.state).toBe('Stable')
  expect(driver.sync('m1b', 1)[0]!.assignment.toString()).toBe('all')
  const claim = { memberId: 'm1', instanceId: 'i1', generation: 1 }
  expect(driver.give({ kind: 'heartbeat', ticket: 99, claim })).toEqual([
    { kind: 'answered', ticket: 99, error: 'FENCED_INSTANCE_ID' },
  ])
})

test('an older client that is back as a static leader does not take itself for the leader', () => {
  const driver = new Driver()
  driver.join({ newMemberId: 'm1', instanceId: 'i1' })
  driver.sync('m1', 1, { m1: 'all' })
  const [back] = driver.join({ newMemberId: 'm1b', instanceId: 'i1', canSkipAssignment: false })
  expect(back).toMatchObject({ memberId: 'm1b', leaderId: 'm1', members: [] })
})

test('a member without a protocol in common is refused', () => {
  const driver = new Driver()
  driver.join()
  const protocols = [{ name: 'other', metadata: Buffer.alloc(0) }]
  expect(driver.join({ newMemberId: 'm2', protocols })[0]!.error).toBe('INCONSISTENT_GROUP_PROTOCOL')
  expect(driver.join({ newMemberId: 'm2', protocolType: 'connect' })[0]!.error).toBe(
    'INCONSISTENT_GROUP_PROTOCOL',
  )
})

test('an assignment that cannot be stored is not given out', () => {
  const driver = new Driver()
  driver.join()
  driver.storeError = 'COORDINATOR_NOT_AVAILABLE'
  expect(driver.sync('m1', 1, { m1: 'all' })[0]!.error).toBe('COORDINATOR_NOT_AVAILABLE')
  expect(driver.group.state).toBe('PreparingRebalance')
})

test('the protocol that most members prefer is chosen among those that all have', () => {
  const driver = new Driver()
  const named = (...names: string[]) => names.map((name) => ({ name, metadata: Buffer.from(name) }))
  driver.join({ newMemberId: 'm1', protocols: named('a', 'b') })
  driver.join({ newMemberId: 'm2', protocols: named('b', 'a') })
  driver.join({ newMemberId: 'm3', protocols: named('b', 'a', 'c') })
  const answers = driver.join({ memberId: 'm1', protocols: named('a', 'b') })
  expect(answers.map(({ protocolName }) => protocolName)).toEqual(['b', 'b', 'b'])
})

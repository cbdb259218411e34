import { expect, test } from 'vitest'
import type { Random } from '../../../environment/index.ts'
import { createSeededRandom } from '../../../sim/seeded-random.ts'
import type { RaftEffects, RaftEntry, RaftInput, RaftMessage } from './messages.ts'
import { type RaftDurableState, RaftNode } from './node.ts'

const ids = [1, 2, 3]

interface Flying {
  readonly from: number
  readonly to: number
  readonly message: RaftMessage
}

/** Members, what their disks hold, and messages in flight, which are lost, doubled and overtaken. */
class Members {
  nowMs = 0
  readonly nodes = new Map<number, RaftNode>()
  readonly leaderOf = new Map<number, number>()
  readonly committed: RaftEntry[] = []
  private readonly disks = new Map<
    number,
    { epoch: number; votedFor: number | undefined; entries: RaftEntry[] }
  >()
  private flying: Flying[] = []
  private readonly random: Random
  private lives = 0

  constructor(seed: number) {
    this.random = createSeededRandom(seed)
    for (const id of ids) this.disks.set(id, { epoch: 0, votedFor: undefined, entries: [] })
    for (const id of ids) this.start(id)
  }

  start(id: number): void {
    const disk: RaftDurableState = { ...this.disks.get(id)!, snapshot: undefined }
    const options = { id, voters: ids, electionTimeoutMs: 100, heartbeatMs: 20 }
    const random = this.random.fork(`member ${id} ${this.lives++}`)
    this.nodes.set(id, new RaftNode(options, disk, random, this.nowMs))
  }

  stop(id: number): void {
    this.nodes.delete(id)
  }

  step(id: number, input: RaftInput): void {
    const node = this.nodes.get(id)
    if (!node) return
    const effects = node.step(input, this.nowMs)
    this.persist(id, effects)
    for (const { to, message } of effects.send) this.flying.push({ from: id, to, message })
    if (effects.store) {
      const index = effects.store.fromIndex + effects.store.entries.length - 1
      this.step(id, { kind: 'persisted', index, epoch: effects.store.entries.at(-1)!.epoch })
    }
    this.check(id, node)
  }

  /** One thing happens. */
  turn(isCalm: boolean): void {
    this.nowMs += this.random.int(5)
    const { random } = this
    const id = ids[random.int(ids.length)]!
    if (!isCalm && random.int(200) === 0) this.stop(id)
    if (!this.nodes.has(id) && (isCalm || random.int(30) === 0)) this.start(id)
    this.step(id, { kind: 'tick' })
    const node = this.nodes.get(id)
    if (node?.role === 'leader' && random.int(4) === 0)
      this.step(id, { kind: 'propose', payload: `[${this.nowMs}]` })
    for (let i = 0; i < 3 && this.flying.length > 0; i++) this.deliver(isCalm)
  }

  private deliver(isCalm: boolean): void {
    const { random } = this
    const [flight] = this.flying.splice(isCalm ? 0 : random.int(this.flying.length), 1)
    if (!isCalm && random.int(8) === 0) return
    if (!isCalm && random.int(20) === 0) this.flying.push(flight!)
    this.step(flight!.to, { kind: 'message', from: flight!.from, message: flight!.message })
  }

  private persist(id: number, effects: RaftEffects): void {
    const disk = this.disks.get(id)!
    if (effects.vote) {
      disk.epoch = effects.vote.epoch
      disk.votedFor = effects.vote.votedFor === -1 ? undefined : effects.vote.votedFor
    }
    if (effects.store) {
      disk.entries.length = effects.store.fromIndex - 1
      disk.entries.push(...effects.store.entries)
    }
  }

  private check(id: number, node: RaftNode): void {
    if (node.role === 'leader') {
      const leader = this.leaderOf.get(node.epoch) ?? id
      this.leaderOf.set(node.epoch, leader)
      if (leader !== id) throw new Error(`epoch ${node.epoch} has two leaders, ${leader} and ${id}`)
    }
    for (let index = 1; index <= node.commitIndex; index++) {
      const entry = node.log.entry(index)
      const committed = this.committed[index - 1] ?? entry
      this.committed[index - 1] = committed
      if (entry.epoch !== committed.epoch || entry.payload !== committed.payload) {
        throw new Error(`entry ${index} of member ${id} is not the one that was committed`)
      }
    }
  }
}

test('members never disagree about what is committed, nor about an epoch’s leader, and agree in the end', () => {
  let elections = 0
  for (let seed = 1; seed <= 40; seed++) {
    const members = new Members(seed)
    for (let i = 0; i < 1500; i++) members.turn(false)
    for (let i = 0; i < 1500; i++) members.turn(true)
    const commits = [...members.nodes.values()].map((node) => node.commitIndex)
    expect(commits).toHaveLength(ids.length)
    expect(Math.min(...commits), `seed ${seed}`).toBeGreaterThan(20)
    elections += members.leaderOf.size
  }
  expect(elections).toBeGreaterThan(80)
})

test('a member that is alone in its cluster leads at once', () => {
  const durable = { epoch: 0, votedFor: undefined, snapshot: undefined, entries: [] }
  const options = { id: 1, voters: [1], electionTimeoutMs: 100, heartbeatMs: 20 }
  const node = new RaftNode(options, durable, createSeededRandom(1), 0)
  const effects = node.step({ kind: 'tick' }, 0)
  expect(node.role).toBe('leader')
  expect(effects.vote).toEqual({ epoch: 1, votedFor: 1 })
  expect(effects.store?.entries).toEqual([{ epoch: 1, payload: '' }])
  node.step({ kind: 'persisted', index: 1, epoch: 1 }, 0)
  expect(node.commitIndex).toBe(1)
})

test('an entry counts only once it is durable', () => {
  const durable = { epoch: 0, votedFor: undefined, snapshot: undefined, entries: [] }
  const options = { id: 1, voters: [1], electionTimeoutMs: 100, heartbeatMs: 20 }
  const node = new RaftNode(options, durable, createSeededRandom(1), 0)
  node.step({ kind: 'tick' }, 0)
  expect(node.commitIndex).toBe(0)
})

test('a member that has heard of its leader lately grants no pre-vote', () => {
  const durable = { epoch: 3, votedFor: undefined, snapshot: undefined, entries: [{ epoch: 3, payload: '' }] }
  const options = { id: 1, voters: ids, electionTimeoutMs: 100, heartbeatMs: 20 }
  const node = new RaftNode(options, durable, createSeededRandom(1), 0)
  const append = {
    kind: 'append',
    epoch: 3,
    prevIndex: 1,
    prevEpoch: 3,
    entries: [],
    commitIndex: 1,
  } as const
  node.step({ kind: 'message', from: 2, message: append }, 1)
  const ask = { kind: 'vote', epoch: 4, pre: true, lastIndex: 1, lastEpoch: 3 } as const
  const early = node.step({ kind: 'message', from: 3, message: ask }, 50)
  expect(early.send).toEqual([
    { to: 3, message: { kind: 'vote-reply', epoch: 3, pre: true, granted: false } },
  ])
  // The way to the leader broke: no reason to wait.
  node.step({ kind: 'peer-lost', peer: 2 }, 51)
  const late = node.step({ kind: 'message', from: 3, message: ask }, 52)
  expect(late.send.find(({ to }) => to === 3)?.message).toEqual({
    kind: 'vote-reply',
    epoch: 4,
    pre: true,
    granted: true,
  })
})

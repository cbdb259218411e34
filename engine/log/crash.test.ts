import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { createCodeLoader, drainJobs, nodeCodecs } from '../node/environment/index.ts'
import { World } from '../sim/index.ts'
import type { PartitionLog } from './partition-log.ts'
import { buildBatch, openLog, readAll } from './test-log.ts'

/** What is done to a log, and to the list of values that it has to equal. */
type Action =
  | { readonly kind: 'append'; readonly counts: readonly number[] }
  | { readonly kind: 'truncate' | 'retain'; readonly part: number }
  | { readonly kind: 'read'; readonly part: number; readonly bytesMax: number }
  | { readonly kind: 'find time'; readonly part: number }
  | { readonly kind: 'pass time'; readonly durationMs: number }
  | { readonly kind: 'flush' | 'new epoch' | 'restart' | 'kill' | 'crash' }

const part = fc.double({ min: 0, max: 1, noNaN: true })
const action: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('append' as const),
      counts: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 5 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constantFrom('truncate' as const, 'retain' as const), part }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('read' as const),
      part,
      bytesMax: fc.integer({ min: 1, max: 2000 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('find time' as const), part }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('pass time' as const),
      durationMs: fc.double({ min: 0, max: 8, noNaN: true }),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constantFrom('flush' as const, 'new epoch', 'restart', 'kill', 'crash'),
    }),
  },
)

/** Timestamps grow with every append, so that a value's time tells which of two appends at one offset it is from. */
interface Kept {
  readonly value: string
  readonly timestampMs: number
}

class Harness {
  readonly world: World
  log!: PartitionLog
  /** By offset; holes before the start of the log. */
  model: Kept[] = []
  batchStarts: number[] = []
  start = 0
  durable = 0
  epoch = 0
  count = 0
  losses = 0

  constructor(seed: number, reordersWrites: boolean) {
    this.world = new World({
      seed,
      drain: drainJobs,
      codecs: nodeCodecs,
      code: createCodeLoader(),
      tearing: { reordersWrites },
    })
  }

  settle<T>(promise: Promise<T> | T): Promise<T> {
    return this.world.scheduler.settle(Promise.resolve(promise))
  }

  async open(): Promise<void> {
    const config = { segmentBytesMax: 600, indexIntervalBytes: 150, retentionMs: -1, retentionBytes: 1500 }
    const environment = this.world.node('a')
    this.log = await this.settle(openLog(environment, '/logs/orders-0', { config, memoryBytes: 700 }))
  }

  append(counts: readonly number[]): void {
    for (const count of counts) {
      const timestampMs = 1000 + this.count++ * 10
      const values = Array.from({ length: count }, (_, i) => `${timestampMs}/${i}`)
      this.log.appendAsLeader(buildBatch(nodeCodecs, { values, timestampMs }), this.epoch)
      this.batchStarts.push(this.model.length)
      for (const [i, value] of values.entries()) this.model.push({ value, timestampMs: timestampMs + i })
    }
  }

  async truncate(wanted: number): Promise<void> {
    const offset = Math.max(this.start, Math.floor(this.start + wanted * (this.model.length - this.start)))
    const border = this.batchStarts.findLast((begin) => begin <= offset) ?? 0
    const isWithin = offset < this.model.length
    const end = await this.settle(this.log.truncateTo(offset))
    expect(end).toBe(isWithin && offset > this.start ? Math.max(border, this.start) : offset)
    this.cut(end)
    this.epoch++
  }

  cut(end: number): void {
    this.model.length = end
    this.batchStarts = this.batchStarts.filter((begin) => begin < end)
    this.durable = Math.min(this.durable, end)
    this.start = Math.min(this.start, end)
  }

  /** The log after a crash is what it was, but for an end that was not durable. */
  async comeBack(): Promise<void> {
    await this.open()
    const end = this.log.logEndOffset
    expect(end).toBeGreaterThanOrEqual(this.durable)
    expect(end).toBeLessThanOrEqual(this.model.length)
    if (end < this.model.length) this.losses++
    // Removed segments may be back.
    this.start = this.log.logStartOffset
    this.cut(end)
    // What recovery found it has made durable.
    this.durable = end
    this.epoch++
    await this.compare()
  }

  async compare(): Promise<void> {
    expect([this.log.logStartOffset, this.log.logEndOffset]).toEqual([this.start, this.model.length])
    const values = await this.settle(readAll(this.log, nodeCodecs, 500))
    const expected = this.model.map(({ value }) => value)
    expect(values.slice(this.start)).toEqual(expected.slice(this.start))
  }

  async run(action: Action): Promise<void> {
    const span = this.model.length - this.start
    switch (action.kind) {
      case 'append':
        return this.append(action.counts)
      case 'truncate':
        return this.truncate(action.part)
      case 'retain': {
        await this.settle(this.log.written())
        await this.settle(this.log.applyRetention(this.start + Math.floor(span * action.part)))
        expect(this.log.logStartOffset).toBeGreaterThanOrEqual(this.start)
        expect(this.log.logStartOffset).toBeLessThanOrEqual(this.start + Math.floor(span * action.part))
        this.start = this.log.logStartOffset
        return
      }
      case 'read': {
        const offset = this.start + Math.floor(span * action.part)
        const read = await this.settle(this.log.read(offset, action.bytesMax))
        const expected =
          offset < this.model.length ? this.batchStarts.findLast((begin) => begin <= offset) : undefined
        expect(read.baseOffset).toBe(expected)
        return
      }
      case 'find time': {
        const wantedMs = 1000 + Math.floor(action.part * this.count * 10)
        const offset = this.model.findIndex((kept, at) => at >= this.start && kept.timestampMs >= wantedMs)
        const found = await this.settle(this.log.offsetForTimestamp(wantedMs))
        expect(found?.offset ?? -1).toBe(offset)
        return
      }
      case 'pass time':
        return this.world.scheduler.runFor(action.durationMs)
      case 'flush':
        await this.settle(this.log.flush())
        this.durable = this.model.length
        return
      case 'new epoch':
        this.epoch++
        return
      case 'restart':
        await this.settle(this.log.close({ clean: true }))
        this.durable = this.model.length
        await this.open()
        expect(this.log.recovery.wasClean).toBe(true)
        return this.compare()
      case 'kill':
        // The process dies: what was handed to the operating system stays.
        this.durable = Math.max(this.durable, this.log.writtenEndOffset)
        this.world.crash('a', { keepsDisk: true })
        return this.comeBack()
      case 'crash':
        this.world.crash('a')
        return this.comeBack()
    }
  }
}

async function makeFolders(harness: Harness): Promise<void> {
  const { disk } = harness.world.node('a')
  await harness.settle(disk.makeFolder('/logs/orders-0'))
  await harness.settle(disk.syncFolder('/'))
  await harness.settle(disk.syncFolder('/logs'))
}

test.each([
  ['torn at the end', false],
  ['written in any order', true],
])(
  'a log equals its model over any actions and crashes, unsynced bytes %s',
  async (_name, reordersWrites) => {
    let losses = 0
    await fc.assert(
      fc.asyncProperty(
        fc.integer(),
        fc.array(action, { minLength: 5, maxLength: 40 }),
        async (seed, actions) => {
          const harness = new Harness(seed, reordersWrites)
          await makeFolders(harness)
          await harness.open()
          for (const next of actions) await harness.run(next)
          await harness.compare()
          losses += harness.losses
        },
      ),
      { numRuns: 300 },
    )
    // Otherwise the crashes did not crash.
    expect(losses).toBeGreaterThan(10)
  },
)

import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { createCodeLoader, drainJobs, nodeCodecs } from '../node/environment/index.ts'
import { splitBatches } from '../protocol/record-batch.ts'
import { World } from '../sim/index.ts'
import type { PartitionLog } from './partition-log.ts'
import { buildBatch, openLog } from './test-log.ts'
import { appendInTransaction, appendMarker, spans, transactionsIn } from './test-transactions.ts'

type Action =
  | { readonly kind: 'write'; readonly producerId: number; readonly count: number }
  | {
      readonly kind: 'end'
      readonly producerId: number
      readonly isCommit: boolean
      readonly isBumped: boolean
    }
  | { readonly kind: 'truncate'; readonly percent: number }
  | { readonly kind: 'flush' | 'restart' | 'kill' | 'crash' }

const producerId = fc.integer({ min: 1, max: 3 })
const action: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('write' as const),
      producerId,
      count: fc.integer({ min: 1, max: 3 }),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('end' as const),
      producerId,
      isCommit: fc.boolean(),
      isBumped: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('truncate' as const),
      percent: fc.integer({ min: 0, max: 100 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constantFrom('flush' as const, 'restart', 'kill', 'crash') }),
  },
)

/** A leader's log under faults, and what a follower's makes of the same batches. */
class Harness {
  readonly world: World
  log!: PartitionLog
  readonly next = new Map<number, { epoch: number; sequence: number }>()

  constructor(seed: number) {
    this.world = new World({ seed, drain: drainJobs, codecs: nodeCodecs, code: createCodeLoader() })
  }

  settle<T>(promise: Promise<T> | T): Promise<T> {
    return this.world.scheduler.settle(Promise.resolve(promise))
  }

  async open(): Promise<void> {
    const config = { segmentBytesMax: 700, indexIntervalBytes: 150, retentionMs: -1 }
    this.log = await this.settle(
      openLog(this.world.node('a'), '/logs/orders-0', { config, memoryBytes: 700 }),
    )
    // Its producers go on from what is left of what they wrote.
    this.next.clear()
    for (const { producerId, producerEpoch, batches } of this.log.producers.entries()) {
      const sequence = (batches.at(-1)?.lastSequence ?? -1) + 1
      this.next.set(producerId, { epoch: producerEpoch, sequence })
    }
  }

  async run(action: Action): Promise<void> {
    switch (action.kind) {
      case 'write': {
        const { epoch, sequence } = this.next.get(action.producerId) ?? { epoch: 0, sequence: 0 }
        const batch = buildBatch(nodeCodecs, {
          values: Array.from({ length: action.count }, () => 'value'),
          producerId: action.producerId,
          producerEpoch: epoch,
          baseSequence: sequence,
          isTransactional: true,
        })
        appendInTransaction(this.log, batch, action.producerId)
        this.next.set(action.producerId, { epoch, sequence: sequence + action.count })
        return
      }
      case 'end': {
        const { epoch, sequence } = this.next.get(action.producerId) ?? { epoch: 0, sequence: 0 }
        const { isCommit, isBumped, producerId } = action
        const producerEpoch = isBumped ? epoch + 1 : epoch
        const kind = isCommit ? 'commit' : 'abort'
        appendMarker(this.log, { kind, producerId, producerEpoch, isBumped }, nodeCodecs)
        this.next.set(producerId, { epoch: producerEpoch, sequence: isBumped ? 0 : sequence })
        return
      }
      case 'truncate': {
        await this.settle(this.log.truncateTo(Math.floor((this.log.logEndOffset * action.percent) / 100)))
        await this.settle(this.log.close({ clean: true }))
        return this.open()
      }
      case 'flush':
        return this.settle(this.log.flush())
      case 'restart':
        await this.settle(this.log.close({ clean: true }))
        return this.open()
      default:
        this.world.crash('a', { keepsDisk: action.kind === 'kill' })
        return this.open()
    }
  }

  async compare(): Promise<void> {
    const { log } = this
    const end = log.logEndOffset
    const { open, aborted } = await this.settle(transactionsIn(log))
    const expected = aborted.filter(({ firstOffset }) => firstOffset < end)
    expect(spans(log.abortedBetween(log.logStartOffset, end))).toEqual(expected)
    expect(log.lastStableOffset(end)).toBe(Math.min(end, ...open))
  }

  /** A follower that fetches the batches one by one ends up with the same state. */
  async compareFollower(): Promise<void> {
    const { log } = this
    const follower = await this.settle(openLog(this.world.node('b'), '/logs/orders-0'))
    const read = log.logEndOffset > 0 ? await this.settle(log.read(0, 1_000_000)) : { pieces: [] }
    for (const piece of read.pieces) {
      for (const batch of splitBatches(piece)) follower.appendAsFollower(Buffer.from(batch.bytes))
    }
    const end = follower.logEndOffset
    const { open, aborted } = await this.settle(transactionsIn(follower))
    expect(spans(follower.abortedBetween(0, end))).toEqual(aborted)
    expect(follower.lastStableOffset(end)).toBe(Math.min(end, ...open))
    await this.settle(follower.close({ clean: true }))
  }
}

test('open and aborted transactions equal what the batches say, over any actions and crashes', async () => {
  let found = 0
  await fc.assert(
    fc.asyncProperty(
      fc.integer(),
      fc.array(action, { minLength: 5, maxLength: 40 }),
      async (seed, actions) => {
        const harness = new Harness(seed)
        for (const name of ['a', 'b']) {
          const { disk } = harness.world.node(name)
          await harness.settle(disk.makeFolder('/logs/orders-0'))
          await harness.settle(disk.syncFolder('/'))
          await harness.settle(disk.syncFolder('/logs'))
        }
        await harness.open()
        for (const next of actions) {
          await harness.run(next)
          await harness.compare()
        }
        await harness.compareFollower()
        found += harness.log.abortedBetween(0, harness.log.logEndOffset).length
      },
    ),
    { numRuns: 200 },
  )
  expect(found).toBeGreaterThan(50)
})

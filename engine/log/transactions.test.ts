import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createNodeEnvironment } from '../node/environment/index.ts'
import type { PartitionLog } from './partition-log.ts'
import { buildBatch, openLog } from './test-log.ts'
import { appendInTransaction, appendMarker, type MarkerInput, spans } from './test-transactions.ts'

const environment = createNodeEnvironment()
const { codecs, disk } = environment

let root: string
let folder: string
let log: PartitionLog
beforeEach(async () => {
  root = await disk.temporaryFolder('millrace-log-')
  folder = `${root}/orders-0`
  log = await openLog(environment, folder)
})
afterEach(async () => {
  await log.abandon()
  await disk.remove(root)
})

const nextSequences = new Map<string, number>()
beforeEach(() => nextSequences.clear())

function inTransaction(producerId: number, producerEpoch = 0, isTransactional = true): Buffer {
  const key = `${producerId}/${producerEpoch}`
  const baseSequence = nextSequences.get(key) ?? 0
  nextSequences.set(key, baseSequence + 1)
  return buildBatch(codecs, { values: ['v'], producerId, producerEpoch, baseSequence, isTransactional })
}

const write = (producerId: number, producerEpoch = 0) =>
  appendInTransaction(log, inTransaction(producerId, producerEpoch), producerId)
const mark = (input: MarkerInput) => appendMarker(log, input, codecs)
const plain = () => log.appendAsLeader(buildBatch(codecs, { values: ['v'] }), 0)
const stable = () => log.lastStableOffset(log.logEndOffset)
const reopen = async (clean: boolean) => {
  await log.written()
  if (clean) await log.close({ clean })
  else await log.abandon()
  log = await openLog(environment, folder)
}

describe('the last stable offset', () => {
  test('stays where the earliest open transaction begins, and moves on with its marker', () => {
    plain()
    expect(stable()).toBe(1)
    write(7)
    write(8)
    plain()
    expect(stable()).toBe(1)
    mark({ kind: 'commit', producerId: 7, producerEpoch: 0 })
    expect(stable()).toBe(2)
    mark({ kind: 'abort', producerId: 8, producerEpoch: 0 })
    expect(stable()).toBe(log.logEndOffset)
  })

  test('does not pass a transaction whose marker is above the high watermark: it could be cut off', () => {
    write(7)
    write(7)
    mark({ kind: 'commit', producerId: 7, producerEpoch: 0 })
    plain()
    expect(log.lastStableOffset(2)).toBe(0)
    expect(log.lastStableOffset(3)).toBe(3)
  })

  test.each([true, false])('is what it was after the log was opened again, clean: %s', async (clean) => {
    plain()
    write(7)
    write(8)
    mark({ kind: 'commit', producerId: 8, producerEpoch: 0 })
    await reopen(clean)
    expect(stable()).toBe(1)
    expect(log.producers.hasOpenTransaction(7)).toBe(true)
    mark({ kind: 'commit', producerId: 7, producerEpoch: 0 })
    await reopen(clean)
    expect(log.lastStableOffset(4)).toBe(1)
    expect(stable()).toBe(log.logEndOffset)
  })

  test('goes back when the marker is cut off', async () => {
    write(7)
    mark({ kind: 'abort', producerId: 7, producerEpoch: 0 })
    await log.truncateTo(1)
    expect(stable()).toBe(0)
    expect(log.abortedBetween(0, 100)).toEqual([])
    mark({ kind: 'commit', producerId: 7, producerEpoch: 0 })
    expect(stable()).toBe(2)
    expect(log.abortedBetween(0, 100)).toEqual([])
  })

  test('an idle producer is not forgotten while its transaction is open', () => {
    write(7)
    plain()
    log.producers.expire(Number.MAX_SAFE_INTEGER, 1)
    expect(stable()).toBe(0)
    mark({ kind: 'commit', producerId: 7, producerEpoch: 0 })
    log.producers.expire(Number.MAX_SAFE_INTEGER, 1)
    expect(log.producers.get(7)).toBeUndefined()
  })

  test('is at the start of the log when older records of an open transaction are gone', async () => {
    write(7)
    plain()
    await log.advanceLogStart(1)
    expect(stable()).toBe(1)
  })
})

describe('aborted transactions', () => {
  test('are found for every range that has records of them, and only then', () => {
    plain() // 0
    write(7) // 1
    write(8) // 2
    mark({ kind: 'abort', producerId: 7, producerEpoch: 0 }) // 3
    mark({ kind: 'commit', producerId: 8, producerEpoch: 0 }) // 4
    write(8) // 5
    mark({ kind: 'abort', producerId: 8, producerEpoch: 0 }) // 6
    const first = { producerId: 7, firstOffset: 1, lastOffset: 3 }
    const second = { producerId: 8, firstOffset: 5, lastOffset: 6 }
    expect(spans(log.abortedBetween(0, 7))).toEqual([first, second])
    expect(spans(log.abortedBetween(0, 1))).toEqual([])
    expect(spans(log.abortedBetween(3, 5))).toEqual([first])
    expect(spans(log.abortedBetween(4, 7))).toEqual([second])
    expect(spans(log.abortedBetween(6, 7))).toEqual([second])
  })

  test('whose records lie segments before the marker are found', async () => {
    log.config = { ...log.config, segmentBytesMax: 300 }
    write(7)
    for (let i = 0; i < 20; i++) plain()
    mark({ kind: 'abort', producerId: 7, producerEpoch: 0 })
    for (let i = 0; i < 20; i++) plain()
    const found = [{ producerId: 7, firstOffset: 0, lastOffset: 21 }]
    expect(log.segmentCount).toBeGreaterThan(5)
    expect(spans(log.abortedBetween(0, 1))).toEqual(found)
    await reopen(true)
    expect(log.recovery.wasClean).toBe(true)
    expect(spans(log.abortedBetween(0, 1))).toEqual(found)
    expect(spans(log.abortedBetween(22, 40))).toEqual([])
  })

  test.each(['missing', 'damaged'])('are found again when their index file is %s', async (what) => {
    write(7)
    mark({ kind: 'abort', producerId: 7, producerEpoch: 0 })
    await log.close({ clean: true })
    const path = `${folder}/00000000000000000000.txnindex`
    if (what === 'missing') await disk.remove(path)
    else await disk.writeFileAtomic(path, Buffer.alloc(34, 1))
    log = await openLog(environment, folder)
    expect(log.recovery.wasClean).toBe(false)
    expect(spans(log.abortedBetween(0, 2))).toEqual([{ producerId: 7, firstOffset: 0, lastOffset: 1 }])
  })
})

describe('markers', () => {
  test('are refused from an older coordinator, and for an older epoch', () => {
    write(7, 3)
    mark({ kind: 'commit', producerId: 7, producerEpoch: 3, coordinatorEpoch: 5 })
    const older = { kind: 'abort', producerId: 7, producerEpoch: 3, coordinatorEpoch: 4 } as const
    expect(() => mark(older)).toThrow('coordinator epoch 4')
    expect(() => mark({ ...older, producerEpoch: 2, coordinatorEpoch: 9 })).toThrow('epoch 2')
  })

  test('with a bumped epoch never end the transaction that began under that epoch', () => {
    write(7, 0)
    const end = { kind: 'commit', producerId: 7, producerEpoch: 1, isBumped: true } as const
    mark(end)
    // A repeated one is harmless as long as nothing has begun.
    mark(end)
    write(7, 1)
    expect(() => mark({ ...end, kind: 'abort' })).toThrow('epoch 1')
    expect(log.producers.hasOpenTransaction(7)).toBe(true)
  })

  test('with a bumped epoch start the sequence anew; with the same they do not', () => {
    write(7, 0)
    mark({ kind: 'commit', producerId: 7, producerEpoch: 0 })
    write(7, 0)
    mark({ kind: 'commit', producerId: 7, producerEpoch: 1 })
    expect(() => write(7, 0)).toThrow('epoch 0')
    const late = buildBatch(codecs, {
      values: ['v'],
      producerId: 7,
      producerEpoch: 1,
      baseSequence: 2,
      isTransactional: true,
    })
    expect(() => appendInTransaction(log, late, 7)).toThrow('sequence 2')
    write(7, 1)
  })

  test('cannot be written by clients', () => {
    const marker = { kind: 'commit', producerId: 7, producerEpoch: 0 } as const
    write(7)
    mark(marker)
    const read = log.read(1, 1000)
    if (read instanceof Promise) throw new Error('it is in memory')
    expect(() => log.appendAsLeader(Buffer.from(read.pieces[0]!), 0)).toThrow('control')
  })
})

describe('a transactional batch', () => {
  test('opens a transaction only when the coordinator has confirmed it since the last marker', () => {
    const verification = log.producers.beginVerification(7)
    expect(() => log.appendAsLeader(inTransaction(7), 0)).toThrow('has ended')
    // While the coordinator was asked, the transaction was aborted.
    mark({ kind: 'abort', producerId: 7, producerEpoch: 0 })
    nextSequences.clear()
    expect(() => log.appendAsLeader(inTransaction(7), 0, { verification })).toThrow('has ended')
    nextSequences.clear()
    log.appendAsLeader(inTransaction(7), 0, { verification: log.producers.beginVerification(7) })
    log.appendAsLeader(inTransaction(7), 0)
  })

  test('is refused after the coordinator has refused', () => {
    const verification = log.producers.beginVerification(7)
    log.producers.endVerification(7, verification)
    expect(() => log.appendAsLeader(inTransaction(7), 0, { verification })).toThrow('has ended')
  })

  test('is known again after its transaction has ended', () => {
    const first = inTransaction(7)
    const again = Buffer.from(first)
    expect(appendInTransaction(log, first, 7).baseOffset).toBe(0)
    mark({ kind: 'commit', producerId: 7, producerEpoch: 0 })
    expect(log.appendAsLeader(again, 0)).toMatchObject({ baseOffset: 0, isDuplicate: true })
  })

  test('is refused without a transaction by a producer that has one open', () => {
    write(7)
    expect(() => log.appendAsLeader(inTransaction(7, 0, false), 0)).toThrow('outside')
  })
})

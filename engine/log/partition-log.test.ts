import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createNodeEnvironment } from '../node/environment/index.ts'
import { BatchView } from '../protocol/record-batch-header.ts'
import { defaultLogConfig } from './log-config.ts'
import { PartitionLog } from './partition-log.ts'
import { TailMemory } from './tail-memory.ts'
import { type BatchInput, buildBatch, openLog, readAll, valuesOf } from './test-log.ts'

const environment = createNodeEnvironment()
const { codecs, disk } = environment
const batch = (input: BatchInput) => buildBatch(codecs, input)
const small = { segmentBytesMax: 1000, indexIntervalBytes: 100 }

let root: string
let folder: string
beforeEach(async () => {
  root = await disk.temporaryFolder('millrace-log-')
  folder = `${root}/orders-0`
})
afterEach(() => disk.remove(root))

const open0 = (options: Parameters<typeof openLog>[2] = {}) => openLog(environment, folder, options)

/** Batches of one record `0`, `1`, … with timestamps 1000, 1010, … */
function appendMany(log: Awaited<ReturnType<typeof open0>>, count: number, leaderEpoch = 0): void {
  for (let i = 0; i < count; i++) {
    const offset = log.logEndOffset
    log.appendAsLeader(batch({ values: [`${offset}`], timestampMs: 1000 + offset * 10 }), leaderEpoch)
  }
}

describe('appending as leader', () => {
  test('assigns offsets and leader epoch in place, at once visible, then written', async () => {
    const log = await open0()
    const sent = batch({ values: ['a', 'b'] })
    expect(log.appendAsLeader(sent, 4)).toEqual({
      baseOffset: 0,
      lastOffset: 1,
      logAppendTimeMs: -1,
      isDuplicate: false,
    })
    const two = Buffer.concat([batch({ values: ['c'] }), batch({ values: ['d', 'e'] })])
    expect(log.appendAsLeader(two, 4)).toMatchObject({ baseOffset: 2, lastOffset: 4 })
    expect([log.logEndOffset, log.writtenEndOffset]).toEqual([5, 0])
    const read = log.read(1, 10_000)
    if (read instanceof Promise) throw new Error('what is in memory is read at once')
    expect(read.baseOffset).toBe(0)
    expect(valuesOf(read, codecs)).toEqual(['a', 'b', 'c', 'd', 'e'])
    expect(new BatchView(read.pieces[0]!).leaderEpoch).toBe(4)
    let written = 0
    log.onWritten(() => {
      written = log.writtenEndOffset
    })
    await log.written()
    expect(written).toBe(5)
    expect((await disk.stat(`${folder}/00000000000000000000.log`))?.sizeBytes).toBe(log.sizeBytes)
    await log.close({ clean: true })
  })

  test('refuses damaged, oversized and foreign batches whole, and appends nothing of them', async () => {
    const log = await open0({ config: { batchBytesMax: 500 } })
    const good = batch({ values: ['good'] })
    const damaged = Buffer.from(good)
    damaged[damaged.length - 1]! ^= 1
    const cases: [Buffer, string][] = [
      [Buffer.concat([good, damaged]), 'CORRUPT_BATCH'],
      [good.subarray(0, 70), 'CORRUPT_BATCH'],
      [batch({ values: ['x'.repeat(600)] }), 'MESSAGE_TOO_LARGE'],
      [Buffer.alloc(0), 'INVALID_RECORD'],
    ]
    for (const [records, code] of cases) {
      expect(() => log.appendAsLeader(records, 0)).toThrow(expect.objectContaining({ code }))
    }
    expect(log.logEndOffset).toBe(0)
    await log.close({ clean: true })
  })

  test('with LogAppendTime stamps the batches and keeps their CRC right', async () => {
    const log = await open0({ config: { timestampType: 'log-append' } })
    const before = Date.now()
    const { logAppendTimeMs } = log.appendAsLeader(batch({ values: ['a', 'b'], timestampMs: 5 }), 0)
    expect(logAppendTimeMs).toBeGreaterThanOrEqual(before)
    await log.written()
    await log.abandon()
    const again = await open0()
    expect(again.recovery).toMatchObject({ wasClean: false, loss: undefined })
    expect(await again.offsetForTimestamp(before)).toMatchObject({ offset: 0, timestampMs: logAppendTimeMs })
    await again.close({ clean: true })
  })
})

describe('idempotent producers', () => {
  const produced = (baseSequence: number, values: string[], producerEpoch = 0) =>
    batch({ values, producerId: 7, producerEpoch, baseSequence })

  test('get the old offsets for a batch sent again, also after failover and restart, and errors for gaps', async () => {
    let log = await open0()
    log.appendAsLeader(produced(0, ['a', 'b']), 0)
    log.appendAsLeader(produced(2, ['c']), 0)
    expect(log.appendAsLeader(produced(0, ['a', 'b']), 0)).toMatchObject({ baseOffset: 0, isDuplicate: true })
    expect(() => log.appendAsLeader(produced(4, ['e']), 0)).toThrow(
      expect.objectContaining({ code: 'OUT_OF_ORDER_SEQUENCE_NUMBER' }),
    )
    for (const clean of [true, false]) {
      await (clean ? log.close({ clean }) : log.written().then(() => log.abandon()))
      log = await open0()
      expect(log.recovery.wasClean).toBe(clean)
      expect(log.appendAsLeader(produced(2, ['c']), 1)).toMatchObject({ baseOffset: 2, isDuplicate: true })
      const next = log.logEndOffset
      expect(log.appendAsLeader(produced(next, ['d']), 1)).toMatchObject({
        baseOffset: next,
        isDuplicate: false,
      })
    }
    expect(await readAll(log, codecs)).toEqual(['a', 'b', 'c', 'd', 'd'])
    await log.close({ clean: true })
  })

  test('of an older epoch are fenced, and a new epoch begins at sequence 0', async () => {
    const log = await open0()
    log.appendAsLeader(produced(0, ['a'], 3), 0)
    expect(() => log.appendAsLeader(produced(1, ['b'], 2), 0)).toThrow(
      expect.objectContaining({ code: 'INVALID_PRODUCER_EPOCH' }),
    )
    expect(() => log.appendAsLeader(produced(1, ['b'], 4), 0)).toThrow(
      expect.objectContaining({ code: 'OUT_OF_ORDER_SEQUENCE_NUMBER' }),
    )
    expect(log.appendAsLeader(produced(0, ['b'], 4), 0).baseOffset).toBe(1)
    await log.close({ clean: true })
  })

  test('are known again for their last five batches, and sequences wrap', async () => {
    const log = await open0()
    const last = 0x7fffffff
    log.appendAsLeader(produced(last - 1, ['a', 'b']), 0)
    for (let i = 0; i < 5; i++) log.appendAsLeader(produced(i, [`${i}`]), 0)
    expect(log.appendAsLeader(produced(0, ['0']), 0)).toMatchObject({ baseOffset: 2, isDuplicate: true })
    expect(() => log.appendAsLeader(produced(last - 1, ['a', 'b']), 0)).toThrow(
      expect.objectContaining({ code: 'OUT_OF_ORDER_SEQUENCE_NUMBER' }),
    )
    await log.close({ clean: true })
  })

  test('that the truncation cut off are forgotten', async () => {
    const log = await open0()
    log.appendAsLeader(produced(0, ['a']), 0)
    log.appendAsLeader(produced(1, ['b']), 0)
    await log.truncateTo(1)
    expect(log.appendAsLeader(produced(1, ['b']), 1)).toMatchObject({ baseOffset: 1, isDuplicate: false })
    await log.close({ clean: true })
  })
})

describe('appending as follower', () => {
  test('keeps offsets and epochs, leaves out a cut-off end, and refuses what goes back', async () => {
    const log = await open0()
    const first = batch({ values: ['a', 'b'], baseOffset: 0, leaderEpoch: 2 })
    const second = batch({ values: ['c'], baseOffset: 2, leaderEpoch: 3 })
    expect(log.appendAsFollower(Buffer.concat([first, second, first.subarray(0, 40)]))).toBe(3)
    expect(log.leaderEpochs.list()).toEqual([
      { leaderEpoch: 2, startOffset: 0 },
      { leaderEpoch: 3, startOffset: 2 },
    ])
    expect(() => log.appendAsFollower(second)).toThrow(
      expect.objectContaining({ code: 'OFFSETS_OUT_OF_ORDER' }),
    )
    expect(await readAll(log, codecs)).toEqual(['a', 'b', 'c'])
    await log.close({ clean: true })
  })

  test('takes over a gap that compaction left, and reads across it from memory and file', async () => {
    let log = await open0({ config: small })
    log.appendAsFollower(batch({ values: ['a'], baseOffset: 0, leaderEpoch: 0 }))
    log.appendAsFollower(batch({ values: ['z'], baseOffset: 100, leaderEpoch: 0 }))
    for (const isReopened of [false, true]) {
      if (isReopened) {
        await log.close({ clean: true })
        log = await open0({ config: small })
      }
      expect((await log.read(50, 1000)).baseOffset).toBe(100)
      expect(log.logEndOffset).toBe(101)
    }
    await log.close({ clean: true })
  })
})

describe.each([
  ['memory', 1024 * 1024],
  ['files', 1],
])('reading from %s', (_name, memoryBytes) => {
  test('finds every offset, in whole batches, across segments', async () => {
    const log = await open0({ config: small, memoryBytes })
    for (let i = 0; i < 60; i++) log.appendAsLeader(batch({ values: [`${i}a`, `${i}b`, `${i}c`] }), 0)
    await log.written()
    expect(log.segmentCount).toBeGreaterThan(4)
    for (let offset = 0; offset < 180; offset++) {
      const read = await log.read(offset, 10)
      expect(read.baseOffset).toBe(offset - (offset % 3))
      expect(valuesOf(read, codecs).filter(Boolean)).toHaveLength(3)
    }
    expect(await readAll(log, codecs, 400)).toHaveLength(180)
    await log.close({ clean: true })
  })

  test('keeps to the limits: bytes, but for the first batch if wanted, and the end offset', async () => {
    const log = await open0({ memoryBytes })
    for (let i = 0; i < 10; i++) log.appendAsLeader(batch({ values: [`${i}`, `${i}`] }), 0)
    await log.written()
    const size = log.sizeBytes / 10
    expect((await log.read(0, size * 3 + 1)).sizeBytes).toBe(size * 3)
    expect((await log.read(0, 1)).sizeBytes).toBe(size)
    expect((await log.read(0, 1, { minOneBatch: false })).sizeBytes).toBe(0)
    expect((await log.read(0, 1e6, { endOffset: 8 })).sizeBytes).toBe(size * 4)
    expect((await log.read(0, 1e6, { endOffset: 7 })).sizeBytes).toBe(size * 3)
    expect((await log.read(20, 1e6)).pieces).toEqual([])
    for (const offset of [-1, 21]) {
      expect(() => log.read(offset, 100)).toThrow(expect.objectContaining({ code: 'OFFSET_OUT_OF_RANGE' }))
    }
    await log.close({ clean: true })
  })

  test('gives a batch that is larger than everything else whole', async () => {
    const log = await open0({ memoryBytes })
    appendMany(log, 5)
    log.appendAsLeader(batch({ values: ['x'.repeat(300_000)] }), 0)
    appendMany(log, 5)
    await log.written()
    expect((await log.read(5, 100)).sizeBytes).toBeGreaterThan(300_000)
    expect(valuesOf(await log.read(6, 100), codecs)[6]).toBe('6')
    await log.close({ clean: true })
  })

  test('finds records by time, the first of several, also when times go back', async () => {
    const log = await open0({ config: small, memoryBytes })
    const times = Array.from({ length: 80 }, (_, i) => 1000 + i * 10 + (i % 7 === 0 ? -300 : 0))
    for (const timestampMs of times) log.appendAsLeader(batch({ values: ['a', 'b'], timestampMs }), 5)
    await log.written()
    const all = times.flatMap((timestampMs) => [timestampMs, timestampMs + 1])
    for (let wantedMs = 690; wantedMs < 1795; wantedMs += 3) {
      const offset = all.findIndex((timestampMs) => timestampMs >= wantedMs)
      const expected = offset < 0 ? undefined : { offset, timestampMs: all[offset], leaderEpoch: 5 }
      expect(await log.offsetForTimestamp(wantedMs)).toEqual(expected)
    }
    const highest = Math.max(...all)
    expect(await log.maxTimestampOffset()).toMatchObject({
      offset: all.indexOf(highest),
      timestampMs: highest,
    })
    await log.close({ clean: true })
  })
})

describe('the memory of the tails', () => {
  test('is shared, bounded, and never gives up what is not written', async () => {
    const memory = new TailMemory(100_000)
    const logs = await Promise.all(
      [0, 1].map((n) =>
        PartitionLog.open(environment, `${root}/m-${n}`, {
          name: `m-${n}`,
          config: defaultLogConfig,
          memory,
        }),
      ),
    )
    for (let i = 0; i < 100; i++) logs[i % 2]!.appendAsLeader(batch({ values: ['x'.repeat(20_000)] }), 0)
    expect(memory.bytes).toBeGreaterThan(1_000_000)
    await Promise.all(logs.map((log) => log.written()))
    expect(memory.bytes).toBeLessThanOrEqual(100_000)
    for (const log of logs) expect(await readAll(log, codecs, 100_000)).toHaveLength(50)
    await Promise.all(logs.map((log) => log.close({ clean: true })))
    expect(memory.bytes).toBe(0)
  })

  test('is not what the caller does to its buffer afterwards, for small batches', async () => {
    const log = await open0()
    const sent = batch({ values: ['kept'] })
    log.appendAsLeader(sent, 0)
    sent.fill(0)
    expect(await readAll(log, codecs)).toEqual(['kept'])
    await log.close({ clean: true })
  })
})

describe('truncation', () => {
  test('cuts at any offset, in any segment, and appending goes on from there', async () => {
    for (const offset of [0, 1, 29, 30, 59, 60, 100]) {
      const path = `${root}/t-${offset}`
      let log = await openLog(environment, path, { config: small })
      appendMany(log, 60)
      expect(await log.truncateTo(offset)).toBe(Math.min(offset, 60))
      const kept = log.logEndOffset
      log.appendAsLeader(batch({ values: ['new'], timestampMs: 9e6 }), 1)
      for (const reopen of ['no', 'unclean', 'clean']) {
        if (reopen === 'unclean') await log.written().then(() => log.abandon())
        if (reopen === 'clean') await log.close({ clean: true })
        if (reopen !== 'no') log = await openLog(environment, path, { config: small })
        const values = await readAll(log, codecs)
        expect(values).toEqual([...Array.from({ length: kept }, (_, i) => `${i}`), 'new'])
        expect(await log.maxTimestampOffset()).toMatchObject({ offset: kept, timestampMs: 9e6 })
        expect(log.endOffsetFor(0)?.endOffset ?? 0).toBe(kept)
      }
      await log.close({ clean: true })
    }
  })

  test('in the middle of a batch removes that batch', async () => {
    const log = await open0()
    for (let i = 0; i < 4; i++) log.appendAsLeader(batch({ values: ['a', 'b', 'c'] }), 0)
    expect(await log.truncateTo(7)).toBe(6)
    await log.close({ clean: true })
  })

  test('of everything starts at the offset given, also after reopening', async () => {
    let log = await open0({ config: small })
    appendMany(log, 60)
    await log.truncateFullyAndStartAt(1000)
    expect([log.logStartOffset, log.logEndOffset, log.sizeBytes]).toEqual([1000, 1000, 0])
    await log.abandon()
    log = await open0({ config: small })
    expect([log.logStartOffset, log.logEndOffset]).toEqual([1000, 1000])
    appendMany(log, 1)
    expect((await readAll(log, codecs))[1000]).toBe('1000')
    await log.close({ clean: true })
  })
})

describe('leader epochs', () => {
  test('tell where an epoch ends, that of the next lower one for unknown ones, and nothing for newer ones', async () => {
    const log = await open0()
    appendMany(log, 3, 2)
    appendMany(log, 4, 5)
    log.assignEpoch(8)
    expect(log.endOffsetFor(1)).toEqual({ leaderEpoch: 1, endOffset: 0 })
    expect(log.endOffsetFor(2)).toEqual({ leaderEpoch: 2, endOffset: 3 })
    expect(log.endOffsetFor(4)).toEqual({ leaderEpoch: 2, endOffset: 3 })
    expect(log.endOffsetFor(5)).toEqual({ leaderEpoch: 5, endOffset: 7 })
    expect(log.endOffsetFor(8)).toEqual({ leaderEpoch: 8, endOffset: 7 })
    expect(log.endOffsetFor(9)).toBeUndefined()
    await log.close({ clean: true })
  })
})

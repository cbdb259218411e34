/** Compacted logs on simulated disks that crash, against what was appended; and on a real one. */
import { expect, test } from 'vitest'
import type { Environment } from '../../environment/index.ts'
import {
  createCodeLoader,
  createNodeEnvironment,
  drainJobs,
  nodeCodecs,
} from '../../node/environment/index.ts'
import { BatchBuilder } from '../../protocol/batch-builder.ts'
import { splitBatches } from '../../protocol/record-batch.ts'
import { RecordCursor } from '../../protocol/record-cursor.ts'
import { World } from '../../sim/index.ts'
import type { CompactionConfig } from '../log-config.ts'
import type { PartitionLog } from '../partition-log.ts'
import { openLog } from '../test-log.ts'

const compaction: CompactionConfig = {
  dirtyRatioMin: 0,
  deleteRetentionMs: 50,
  lagMsMin: 0,
  lagMsMax: Number.MAX_SAFE_INTEGER,
}
const config = { segmentBytesMax: 700, indexIntervalBytes: 200, retentionMs: -1, compaction }
const compressions = ['none', 'none', 'gzip', 'zstd'] as const

interface Appended {
  readonly key: string
  readonly value: string | null
  readonly timestampMs: number
}

/** What was appended, by offset, and how to append more of it at random. */
class Model {
  readonly records: Appended[] = []
  private readonly environment: Environment
  private readonly random: ReturnType<Environment['random']['fork']>
  private batches: { readonly producerId: number; readonly endOffset: number; readonly sequence: number }[] =
    []

  constructor(environment: Environment) {
    this.environment = environment
    this.random = environment.random.fork('model')
  }

  append(log: PartitionLog, leaderEpoch = 1): void {
    const { random } = this
    const builder = new BatchBuilder()
    const count = 1 + random.int(4)
    for (let i = 0; i < count; i++) {
      const key = `k${random.int(12)}`
      const value = random.int(4) === 0 ? null : `${this.records.length} `.padEnd(5 + random.int(40), 'x')
      const timestampMs = 1000 + this.records.length
      builder.append(timestampMs, Buffer.from(key), value === null ? null : Buffer.from(value))
      this.records.push({ key, value, timestampMs })
    }
    const producerId = random.int(4) - 1
    const baseSequence = producerId < 0 ? -1 : (new Map(this.nextSequences()).get(producerId) ?? 0)
    this.batches.push({ producerId, endOffset: this.records.length, sequence: baseSequence + count })
    const compression = compressions[random.int(compressions.length)]!
    const producer = producerId < 0 ? {} : { producerId, producerEpoch: 0, baseSequence }
    log.appendAsLeader(
      builder.build({ codecs: this.environment.codecs, compression, ...producer }),
      leaderEpoch,
    )
  }

  /** The sequence that each producer goes on with. */
  nextSequences(): [number, number][] {
    const known = this.batches.filter(({ producerId }) => producerId >= 0)
    return [...new Map(known.map(({ producerId, sequence }) => [producerId, sequence]))].sort()
  }

  /** What a crash has taken from the end is no part of it any more. */
  cutTo(endOffset: number): void {
    this.records.length = endOffset
    this.batches = this.batches.filter((batch) => batch.endOffset <= endOffset)
  }

  /** By key, what a reader of all records has in the end. */
  latest(): Map<string, string> {
    const latest = new Map<string, string>()
    for (const { key, value } of this.records) {
      if (value === null) latest.delete(key)
      else latest.set(key, value)
    }
    return latest
  }
}

async function read(log: PartitionLog): Promise<Map<number, Appended>> {
  const found = new Map<number, Appended>()
  let offset = log.logStartOffset
  while (offset < log.logEndOffset) {
    const { pieces } = await log.read(offset, 300)
    const before = offset
    for (const piece of pieces) {
      for (const batch of splitBatches(piece)) {
        const cursor = new RecordCursor(batch, nodeCodecs)
        while (cursor.next()) {
          const key = String(cursor.key)
          const value = cursor.value === null ? null : String(cursor.value)
          found.set(cursor.offset, { key, value, timestampMs: cursor.timestampMs })
        }
        offset = batch.nextOffset
      }
    }
    expect(offset, 'a read that leads nowhere').toBeGreaterThan(before)
  }
  return found
}

/** What every reader may rely on: before `cleanedOffset` no key comes twice, from `wholeOffset` on nothing is missing. */
async function check(
  log: PartitionLog,
  model: Model,
  cleanedOffset: number,
  wholeOffset = cleanedOffset,
): Promise<void> {
  const found = await read(log)
  const latest = new Map<string, string>()
  const seen = new Map<string, number>()
  for (const [offset, record] of [...found].sort(([a], [b]) => a - b)) {
    expect(record, `offset ${offset}`).toEqual(model.records[offset])
    const earlier = seen.get(record.key)
    if (offset < cleanedOffset) expect(earlier, `key ${record.key} twice, also at ${offset}`).toBeUndefined()
    seen.set(record.key, offset)
    if (record.value === null) latest.delete(record.key)
    else latest.set(record.key, record.value)
  }
  expect(latest).toEqual(model.latest())
  for (let offset = wholeOffset; offset < log.logEndOffset; offset++) {
    expect(found.has(offset), `offset ${offset} is missing`).toBe(true)
  }
}

function sequencesOf(log: PartitionLog): [number, number][] {
  return [...log.producers.entries()]
    .map(({ producerId, batches }): [number, number] => [producerId, batches.at(-1)!.lastSequence + 1])
    .sort()
}

const seeds = Array.from({ length: 30 }, (_, seed) => seed)

test.each(seeds)('a reader sees the latest of every key, and everything behind (seed %i)', async (seed) => {
  const world = new World({ seed, drain: drainJobs, codecs: nodeCodecs, code: createCodeLoader() })
  const environment = world.node('a')
  const { scheduler } = world
  let log = await scheduler.settle(openLog(environment, '/log', { config, memoryBytes: 500 }))
  const model = new Model(environment)
  const random = environment.random.fork('choices')
  let cleanedOffset = 0
  let compactions = 0
  for (let round = 0; round < 60; round++) {
    for (let count = random.int(6); count > 0; count--) model.append(log)
    if (random.int(3) === 0) {
      const stableOffset = log.logEndOffset - random.int(10)
      const running = log.compact(stableOffset)
      // Appends and reads go on while it runs.
      if (random.int(2) === 0) model.append(log)
      const reading = async () => {
        if (random.int(2) === 0) model.append(log)
        await check(log, model, 0, log.logEndOffset)
      }
      const report = await scheduler.settle(readingUntil(running, reading))
      if (report) {
        compactions++
        cleanedOffset = report.cleanedOffset
      }
      await scheduler.settle(check(log, model, cleanedOffset))
    }
    if (random.int(10) === 0) {
      const isClean = random.int(2) === 0
      await scheduler.settle(log.close({ clean: isClean }))
      const hasSnapshots = random.int(2) === 0
      if (!hasSnapshots) await scheduler.settle(withoutSnapshots(environment))
      log = await scheduler.settle(openLog(environment, '/log', { config, memoryBytes: 500 }))
      expect(log.recovery.loss).toBeUndefined()
      // What the snapshots say of compacted segments is still so: at most the active one is read.
      if (hasSnapshots) expect(log.recovery.scannedBytes).toBeLessThanOrEqual(isClean ? 0 : 700)
      expect(sequencesOf(log)).toEqual(model.nextSequences())
      await scheduler.settle(check(log, model, cleanedOffset))
    }
    await scheduler.runFor(random.int(20))
  }
  expect(compactions).toBeGreaterThan(3)
  expect(log.segmentCount).toBeLessThan(25)
})

test.each(seeds)('a log that is cut while it is compacted is as it was cut (seed %i)', async (seed) => {
  const world = new World({ seed, drain: drainJobs, codecs: nodeCodecs, code: createCodeLoader() })
  const environment = world.node('a')
  const { scheduler } = world
  let log = await scheduler.settle(openLog(environment, '/log', { config, memoryBytes: 500 }))
  const model = new Model(environment)
  const random = environment.random.fork('choices')
  let cuts = 0
  for (let round = 0; round < 40; round++) {
    for (let count = 4 + random.int(12); count > 0; count--) model.append(log)
    await scheduler.settle(log.written())
    const running = log.compact(log.logEndOffset)
    await scheduler.runFor(random.float() * 12)
    // As a follower does after an unclean election: anywhere behind the start, also below what was compacted.
    const wanted = Math.floor(log.logEndOffset * (0.5 + random.float() / 2))
    const before = log.logEndOffset
    const end = await scheduler.settle(log.truncateTo(wanted))
    if (end < before) cuts++
    model.cutTo(end)
    model.append(log)
    await scheduler.settle(running)
    await scheduler.settle(checkPresent(log, model, end))
    if (random.int(4) > 0) continue
    await scheduler.settle(log.close({ clean: random.int(2) === 0 }))
    log = await scheduler.settle(openLog(environment, '/log', { config, memoryBytes: 500 }))
    await scheduler.settle(checkPresent(log, model, end))
  }
  expect(cuts).toBeGreaterThan(10)
})

/** What is there is what was appended, and from the offset on nothing is missing. */
async function checkPresent(log: PartitionLog, model: Model, wholeOffset: number): Promise<void> {
  const found = await read(log)
  for (const [offset, record] of found) expect(record, `offset ${offset}`).toEqual(model.records[offset])
  for (let offset = wholeOffset; offset < log.logEndOffset; offset++) {
    expect(found.has(offset), `offset ${offset} is missing`).toBe(true)
  }
}

/** What comes of the one, with the other done over and over meanwhile. */
async function readingUntil<T>(running: Promise<T>, reading: () => Promise<void>): Promise<T> {
  let isOver = false
  const ended = running.finally(() => {
    isOver = true
  })
  while (!isOver) await reading()
  return ended
}

/** So that everything is told from the batches alone. */
async function withoutSnapshots({ disk }: Environment): Promise<void> {
  for (const name of await disk.list('/log')) {
    if (/\.(snapshot|index|timeindex|txnindex)$/.test(name)) await disk.remove(`/log/${name}`)
  }
}

test.each(seeds)('a crash at any moment leaves the old segments or the new ones (seed %i)', async (seed) => {
  const tearing = { reordersWrites: seed % 2 === 0 }
  const world = new World({ seed, drain: drainJobs, codecs: nodeCodecs, code: createCodeLoader(), tearing })
  const { scheduler } = world
  let environment = world.node('a')
  let log = await scheduler.settle(openLog(environment, '/log', { config, memoryBytes: 500 }))
  const model = new Model(environment)
  const random = world.random.fork('choices')
  for (let round = 0; round < 12; round++) {
    for (let count = 5 + random.int(15); count > 0; count--) model.append(log)
    await scheduler.settle(log.flush())
    const durable = log.logEndOffset
    log.compact(durable).catch(() => undefined)
    if (random.int(3) === 0) model.append(log)
    await scheduler.runFor(random.float() * 60)
    world.crash('a', { keepsDisk: random.int(3) === 0 })
    environment = world.restart('a')
    log = await scheduler.settle(openLog(environment, '/log', { config, memoryBytes: 500 }))
    expect(log.logEndOffset).toBeGreaterThanOrEqual(durable)
    model.cutTo(log.logEndOffset)
    expect(sequencesOf(log)).toEqual(model.nextSequences())
    await scheduler.settle(check(log, model, 0, durable))
    const names = await scheduler.settle(environment.disk.list('/log'))
    expect(names.filter((name) => /\.(cleaned|swap)$/.test(name))).toEqual([])
  }
  await scheduler.settle(log.compact(log.logEndOffset))
  expect((await scheduler.settle(read(log))).size).toBeLessThan(model.records.length)
})

test('on a real disk a hot log shrinks, tombstones go when their time is over, and a restart finds it so', async () => {
  const environment = createNodeEnvironment({ log: { write: () => undefined } })
  const folder = await environment.disk.temporaryFolder('millrace-compaction-')
  try {
    const options = { config: { ...config, segmentBytesMax: 50_000 }, memoryBytes: 1000 }
    let log = await openLog(environment, folder, options)
    const model = new Model(environment)
    for (let count = 0; count < 5000; count++) model.append(log)
    await log.written()
    const report = (await log.compact(log.logEndOffset))!
    expect(report.bytesAfter).toBeLessThan(report.bytesBefore / 20)
    await check(log, model, report.cleanedOffset)
    const tombstones = async () =>
      [...(await read(log))].filter(([at, { value }]) => value === null && at < report.cleanedOffset).length
    expect(await tombstones()).toBeGreaterThan(0)
    await environment.timers.sleep(100)
    for (let count = 0; count < 5000; count++) model.append(log)
    await log.written()
    const second = (await log.compact(log.logEndOffset))!
    expect(await tombstones()).toBe(0)
    await log.close({ clean: true })
    log = await openLog(environment, folder, options)
    expect(log.recovery.wasClean).toBe(true)
    await check(log, model, second.cleanedOffset)
    expect(await log.compact(log.logEndOffset)).toBeUndefined()
    await log.close({ clean: true })
  } finally {
    await environment.disk.remove(folder)
  }
})

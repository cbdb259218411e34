import { open } from 'node:fs/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createNodeEnvironment } from '../node/environment/index.ts'
import { BatchView } from '../protocol/record-batch-header.ts'
import { type BatchInput, buildBatch, openLog, readAll } from './test-log.ts'

const lines: string[] = []
const environment = createNodeEnvironment({
  log: { write: (level, source, text) => lines.push(`${level} ${source}: ${text}`) },
})
const { codecs, disk } = environment
const batch = (input: BatchInput) => buildBatch(codecs, input)
const small = { segmentBytesMax: 1000, indexIntervalBytes: 100 }

let root: string
let folder: string
beforeEach(async () => {
  lines.length = 0
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

describe('retention', () => {
  const contents = async () => (await disk.list(folder)).filter((name) => name.endsWith('.log'))

  test('by size removes whole old segments, below the high watermark only, and survives reopening', async () => {
    let log = await open0({ config: { ...small, retentionMs: -1, retentionBytes: 2000 } })
    appendMany(log, 60)
    await log.written()
    expect(await log.applyRetention(0)).toBe(0)
    expect(await log.applyRetention(60)).toBeGreaterThan(1)
    expect(log.sizeBytes).toBeGreaterThanOrEqual(2000)
    expect(log.sizeBytes).toBeLessThan(3000)
    expect(await contents()).toHaveLength(log.segmentCount)
    const start = log.logStartOffset
    expect(() => log.read(start - 1, 100)).toThrow(expect.objectContaining({ code: 'OFFSET_OUT_OF_RANGE' }))
    expect((await readAll(log, codecs)).findIndex(Boolean)).toBe(start)
    await log.close({ clean: true })
    log = await open0()
    expect(log.logStartOffset).toBe(start)
    expect(log.recovery.loss).toBeUndefined()
    await log.close({ clean: true })
  })

  test('by age may remove everything, and offsets go on, also after an unclean stop', async () => {
    let log = await open0({ config: { ...small, retentionMs: 60_000 } })
    appendMany(log, 60)
    await log.written()
    await log.applyRetention(60)
    expect([log.logStartOffset, log.logEndOffset, log.sizeBytes]).toEqual([60, 60, 0])
    expect(await contents()).toHaveLength(1)
    await log.abandon()
    log = await open0()
    expect([log.logStartOffset, log.logEndOffset]).toEqual([60, 60])
    await log.close({ clean: true })
  })

  test('never of −1 keeps records of any age', async () => {
    const log = await open0({ config: { ...small, retentionMs: -1 } })
    appendMany(log, 60)
    expect(await log.applyRetention(60)).toBe(0)
    await log.close({ clean: true })
  })

  test('the start can be moved forward within a segment', async () => {
    let log = await open0({ config: small })
    appendMany(log, 60)
    await log.advanceLogStart(31)
    await log.close({ clean: true })
    log = await open0({ config: small })
    expect(log.logStartOffset).toBe(31)
    expect(log.segmentCount).toBeLessThan(5)
    await log.close({ clean: true })
  })
})

describe('opening', () => {
  test('after a clean close reads no segment', async () => {
    let log = await open0({ config: small })
    appendMany(log, 60)
    await log.close({ clean: true })
    log = await open0({ config: small })
    expect(log.recovery).toMatchObject({ wasClean: true, scannedBytes: 0 })
    expect(await readAll(log, codecs)).toHaveLength(60)
    await log.close({ clean: true })
  })

  test('after an unclean stop reads only what came after the last full segment', async () => {
    let log = await open0({ config: small })
    appendMany(log, 60)
    await log.flush()
    const total = log.sizeBytes
    await log.abandon()
    log = await open0({ config: small })
    expect(log.recovery.wasClean).toBe(false)
    expect(log.recovery.scannedBytes).toBeLessThan(total / 3)
    expect(await readAll(log, codecs)).toHaveLength(60)
    await log.close({ clean: true })
  })

  test.each([
    ['torn at its end', 2, (size: number) => size - 3, 60],
    ['cut in the middle', 0.5, (size: number) => Math.floor(size / 2), 60],
  ])(
    'a last segment %s ends the log before the first bad batch, says so, and the rest is there',
    async (_, __, cut) => {
      let log = await open0()
      appendMany(log, 60)
      await log.close({ clean: true })
      const path = `${folder}/00000000000000000000.log`
      const size = (await disk.stat(path))!.sizeBytes
      const file = await open(path, 'r+')
      await file.truncate(cut(size))
      await file.close()
      log = await open0()
      const end = Math.floor((cut(size) / size) * 60)
      expect(Math.abs(log.logEndOffset - end)).toBeLessThanOrEqual(2)
      expect(log.recovery.loss).toMatchObject({ offset: log.logEndOffset, path })
      expect(lines.join()).toContain(`the log now ends at offset ${log.logEndOffset}`)
      expect(await readAll(log, codecs)).toEqual(Array.from({ length: log.logEndOffset }, (_x, i) => `${i}`))
      await log.close({ clean: true })
      expect(
        (await open0().then((again) => again.close({ clean: true }).then(() => again))).recovery.wasClean,
      ).toBe(true)
    },
  )

  test('a segment in the middle that was cut ends the log there, even at the border of a batch', async () => {
    for (const kept of [100, undefined]) {
      const path = `${root}/c-${kept}`
      let log = await openLog(environment, path, { config: small })
      appendMany(log, 60)
      await log.close({ clean: true })
      const names = (await disk.list(path)).filter((name) => name.endsWith('.log'))
      const victim = `${path}/${names[2]}`
      const first = new BatchView(await disk.readFile(victim))
      const file = await open(victim, 'r+')
      await file.truncate(kept ?? first.sizeBytes)
      await file.close()
      log = await openLog(environment, path, { config: small })
      expect(log.logEndOffset).toBe(first.baseOffset + 1)
      expect(log.recovery.loss?.droppedBytes).toBeGreaterThan(500)
      expect(await readAll(log, codecs)).toHaveLength(log.logEndOffset)
      await log.close({ clean: true })
    }
  })

  test('lost or damaged index files are made again', async () => {
    let log = await open0({ config: small })
    appendMany(log, 60)
    await log.close({ clean: true })
    await disk.remove(`${folder}/00000000000000000000.index`)
    await disk.writeFileAtomic(`${folder}/00000000000000000000.timeindex`, 'garbage')
    log = await open0({ config: small })
    expect(await readAll(log, codecs)).toHaveLength(60)
    expect(await log.offsetForTimestamp(1051)).toMatchObject({ offset: 6 })
    await log.close({ clean: true })
  })

  test.each([
    ['a record', 65, 'CRC'],
    ['the base offset, which no CRC covers', 5, 'stands where 10 comes next'],
  ])('a flipped bit in %s of what was not synced ends the log there', async (_what, position, reason) => {
    let log = await open0()
    appendMany(log, 20)
    await log.written()
    await log.abandon()
    const path = `${folder}/00000000000000000000.log`
    const bytes = await disk.readFile(path)
    let start = 0
    while (new BatchView(bytes, start).baseOffset < 10) start += new BatchView(bytes, start).sizeBytes
    bytes[start + position]! ^= 4
    await disk.writeFileAtomic(path, bytes)
    log = await open0()
    expect(log.recovery.loss?.reason).toContain(reason)
    expect(await readAll(log, codecs)).toHaveLength(10)
    await log.close({ clean: true })
  })
})

describe('a failing disk', () => {
  test('fails the log: appends are refused with the reason, waiters are told, once', async () => {
    const failing = {
      ...environment,
      disk: {
        ...disk,
        open: async (...args: Parameters<typeof disk.open>) => {
          const file = await disk.open(...args)
          file.write = () => Promise.reject(Object.assign(new Error('no space'), { code: 'ENOSPC' }))
          return file
        },
      },
    }
    const log = await openLog(failing, folder)
    let failures = 0
    log.onFailed(() => failures++)
    log.appendAsLeader(batch({ values: ['a'] }), 0)
    await expect(log.written()).rejects.toMatchObject({ code: 'KAFKA_STORAGE_ERROR' })
    expect(() => log.appendAsLeader(batch({ values: ['b'] }), 0)).toThrow(
      expect.objectContaining({ code: 'KAFKA_STORAGE_ERROR' }),
    )
    expect(failures).toBe(1)
    await log.abandon()
  })
})

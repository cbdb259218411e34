import { describe, expect, test } from 'vitest'
import { createBuilder, TestDriver, tumbling } from './index.ts'

describe('joins of tables that cannot work are refused:', () => {
  test('grace in front of a table without versions, or with a shorter history', () => {
    const joined = (versionedHistoryMs: number | undefined) => () => {
      const builder = createBuilder()
      const table = builder.table('rows', { name: 'rows', versionedHistoryMs })
      builder
        .stream('in', { name: 'in' })
        .joinTable(table, (left) => left, { name: 'join', type: 'left', graceMs: 10 })
    }
    expect(joined(undefined)).toThrow(expect.objectContaining({ code: 'BAD_GRACE', where: 'join' }))
    expect(joined(9)).toThrow(expect.objectContaining({ code: 'BAD_GRACE', where: 'join' }))
    expect(joined(10)).not.toThrow()
  })

  test('a topic that is read as a whole and by partition', () => {
    const builder = createBuilder()
    builder.globalTable('rows', { name: 'all-rows' })
    builder.stream('rows', { name: 'rows' }).to('out', { name: 'out' })
    expect(() => builder.build()).toThrow(expect.objectContaining({ code: 'TOPIC_READ_TWICE' }))
  })
})

describe('what waits in a join with grace', () => {
  test('keeps its order and its headers over a restart, without a key too', async () => {
    const builder = createBuilder()
    const table = builder.table('rows', { name: 'rows', versionedHistoryMs: 1000 })
    builder
      .stream('in', { name: 'in' })
      .joinTable(table, (left, right) => [left, right], { name: 'join', type: 'left', graceMs: 100 })
      .to('out', { name: 'out' })
    const driver = new TestDriver(builder.build())
    const headers = [['trace', Buffer.from('t-1')]] as const
    driver.pipe('in', { key: 'a', value: 'later', timestampMs: 60 })
    driver.pipe('in', { key: 'a', value: 'first', timestampMs: 50, headers })
    driver.pipe('in', { key: null, value: 'keyless', timestampMs: 55 })
    await driver.restart()
    driver.pipe('rows', { key: 'a', value: 'row', timestampMs: 50 })
    const outputs = driver.pipe('in', { key: 'a', value: 'closing', timestampMs: 160 })
    expect(outputs.map(({ key, value, timestampMs }) => [key, value, timestampMs])).toEqual([
      ['a', ['first', 'row'], 50],
      [null, ['keyless', null], 55],
      ['a', ['later', 'row'], 60],
    ])
    expect(outputs[0]!.headers).toEqual([['trace', Buffer.from('t-1')]])
  })
})

describe('a foreign-key join', () => {
  test('drops an answer to a left row that has changed meanwhile, and counts it', () => {
    const builder = createBuilder()
    const right = builder.table<string, string>('right', { name: 'right' })
    const left = builder.stream<string, string>('in', { name: 'in' })
    // Both updates of a left row lie in front of the first answer.
    left
      .flatMap(({ key, value }) => [[key, value] as const, [key, `${value}!`] as const], { name: 'twice' })
      .toTable({ name: 'left' })
      .joinForeignKey(
        right,
        () => 'r',
        (a, b) => `${a} ${b}`,
        { name: 'join', type: 'left' },
      )
      .toStream({ name: 'updates' })
      .to('out', { name: 'out' })
    const driver = new TestDriver(builder.build())
    driver.pipe('right', { key: 'r', value: 'row', timestampMs: 0 })
    const outputs = driver.pipe('in', { key: 'k', value: 'v', timestampMs: 1 })
    expect(outputs.map(({ value }) => value)).toEqual(['v! row'])
    expect(driver.counters('join-respond').dropped).toBe(1)
  })
})

describe('a cogroup over windows', () => {
  test('judges lateness in each of its inputs by that input alone, after a restart too', async () => {
    const builder = createBuilder()
    const grouped = (topic: string) =>
      builder.stream<string, number>(topic, { name: topic }).groupByKey({ name: `${topic}-by-key` })
    grouped('a')
      .cogroup<number>((sum, value) => sum + value)
      .cogroup(grouped('b'), (sum, value) => sum - value)
      .aggregateWindows(tumbling({ sizeMs: 10 }), () => 0, { name: 'sums', retentionMs: 1000 })
      .toStream({ name: 'updates' })
      .to('out', { name: 'out' })
    const driver = new TestDriver(builder.build())
    driver.pipe('a', { key: 'k', value: 1, timestampMs: 100 })
    await driver.restart()
    expect(driver.pipe('b', { key: 'k', value: 2, timestampMs: 5 }).map(({ value }) => value)).toEqual([-2])
    expect(driver.pipe('a', { key: 'k', value: 3, timestampMs: 5 })).toEqual([])
    expect(driver.counters('sums').dropped).toBe(1)
  })
})

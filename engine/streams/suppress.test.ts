import { describe, expect, test } from 'vitest'
import { createBuilder, type SuppressRule, TestDriver, tumbling } from './index.ts'

function heldBack(rule: SuppressRule) {
  const builder = createBuilder()
  builder
    .table<string, string>('in', { name: 'in' })
    .suppress({ name: 'held', ...rule })
    .toStream({ name: 'updates' })
    .to('out', { name: 'out' })
  const driver = new TestDriver(builder.build())
  const send = (key: string, value: string | null, timestampMs: number) =>
    driver
      .pipe('in', { key, value, timestampMs, headers: [['of', Buffer.from(`${value}`)]] })
      .map((sent) => `${sent.key} ${sent.value} at ${sent.timestampMs}, ${sent.headers.flat().join(' ')}`)
  return { driver, send }
}

describe('a buffer that is full', () => {
  test('lets the earliest go on early', () => {
    const { send } = heldBack({ until: 'time-limit', limitMs: 1000, buffer: { recordsMax: 2 } })
    expect(send('a', '1', 5)).toEqual([])
    expect(send('b', '2', 3)).toEqual([])
    expect(send('a', '3', 8)).toEqual([])
    expect(send('c', '4', 9)).toEqual(['b 2 at 3, of 2'])
    expect(send('d', '5', 4)).toEqual(['d 5 at 4, of 5'])
  })

  test('counts bytes when asked to: many small updates fit, one large one does not', () => {
    const { send } = heldBack({ until: 'time-limit', limitMs: 1000, buffer: { bytesMax: 300 } })
    for (const key of ['a', 'b', 'c']) expect(send(key, 'x', 5)).toEqual([])
    expect(send('a', 'x'.repeat(40), 5)).toEqual([])
    expect(send('d', 'x'.repeat(100), 6).map((text) => text[0])).toEqual(['a', 'b'])
  })

  test('ends the run when that is wanted, and always where windows must not be cut short', () => {
    const { send } = heldBack({
      until: 'time-limit',
      limitMs: 1000,
      buffer: { recordsMax: 1, whenFull: 'shut-down' },
    })
    send('a', '1', 5)
    expect(() => send('b', '2', 5)).toThrow('2 records (at most 1)')

    const builder = createBuilder()
    builder
      .stream<string, string>('in', { name: 'in' })
      .groupByKey({ name: 'by-key' })
      .windowedBy(tumbling({ sizeMs: 10 }))
      .count({ name: 'count' })
      .suppress({ name: 'final', until: 'window-closes', buffer: { recordsMax: 1 } })
    const driver = new TestDriver(builder.build())
    driver.pipe('in', { key: 'a', value: 'x', timestampMs: 1 })
    expect(() => driver.pipe('in', { key: 'b', value: 'x', timestampMs: 2 })).toThrow('at most 1')
  })
})

test('a restart keeps what waits: values, headers, places in the order, stream time, and what others see meanwhile', async () => {
  const builder = createBuilder()
  const table = builder.table<string, string>('in', { name: 'in', store: 'rows' })
  const held = table.suppress({ name: 'held', until: 'time-limit', limitMs: 100, buffer: { bytesMax: 400 } })
  held.toStream({ name: 'updates' }).to('out', { name: 'out' })
  builder
    .stream<string, string>('asks', { name: 'asks' })
    .joinTable(held, (_, row) => row, { name: 'answers', type: 'left' })
    .to('answers', { name: 'to-answers' })
  const driver = new TestDriver(builder.build())
  const update = (key: string, value: string | null, timestampMs: number) =>
    driver.pipe('in', { key, value, timestampMs, headers: [['of', Buffer.from(`${value}`)]] })
  const seen = (key: string) => driver.pipe('asks', { key, value: 'ask', timestampMs: 0 })[0]!.value
  update('a', 'first', 0)
  update('z', 'now', 100)
  update('a', 'second', 150)
  update('a', 'third', 140)
  update('b', null, 145)
  for (let i = 0; i < 2; i++) {
    expect([seen('a'), seen('z'), seen('b')]).toEqual(['first', null, null])
    await driver.restart()
  }
  const sent = update('c', 'late', 250)
  expect(sent.map(({ key, value, timestampMs }) => [key, value, timestampMs])).toEqual([
    ['z', 'now', 100],
    ['b', null, 145],
    ['a', 'third', 140],
  ])
  expect(sent[2]!.headers.map(([name, value]) => `${name} ${value}`)).toEqual(['of third'])
  expect([seen('a'), seen('z')]).toEqual(['third', 'now'])
})

describe('what cannot be held back is refused', () => {
  const table = () => createBuilder().table<string, string>('in', { name: 'in' })
  test('a table without windows until they close', () => {
    expect(() => table().suppress({ name: 's', until: 'window-closes' })).toThrow('no windows')
  })
  test('by a limit below 0', () => {
    expect(() => table().suppress({ name: 's', until: 'time-limit', limitMs: -1 })).toThrow('the limit is -1')
  })
})

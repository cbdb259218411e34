import { describe, expect, test } from 'vitest'
import {
  avg,
  count,
  createBuilder,
  hopping,
  max,
  min,
  processor,
  session,
  sliding,
  sum,
  summarize,
  TestDriver,
  tumbling,
} from './index.ts'

interface Flight {
  readonly origin: string
  readonly delay: number | null
}

function delays() {
  const builder = createBuilder()
  builder
    .stream<string, Flight>('flights', { name: 'flights' })
    .groupBy(({ value }) => value.origin, { name: 'by-origin' })
    .windowedBy(tumbling({ sizeMs: 100, graceMs: 50 }))
    .aggregate(
      summarize({
        flights: count(),
        total: sum<Flight>((flight) => flight.delay),
        mean: avg<Flight>((flight) => flight.delay),
        least: min<Flight>((flight) => flight.delay),
        most: max<Flight>((flight) => flight.delay),
      }),
      { name: 'delay' },
    )
    .toStream({ name: 'updates' })
    .to('delays', { name: 'out' })
  return builder.build()
}

describe('several figures of one window', () => {
  test('are shown together, while what is kept for the mean stays inside', () => {
    const driver = new TestDriver(delays())
    driver.pipe('flights', { key: null, value: { origin: 'SFO', delay: 10 }, timestampMs: 5 })
    const [update] = driver.pipe('flights', {
      key: null,
      value: { origin: 'SFO', delay: 40 },
      timestampMs: 3,
    })
    expect(update).toMatchObject({
      topic: 'delays',
      key: { key: 'SFO', windowStartMs: 0, windowEndMs: 100 },
      value: { flights: 2, total: 50, mean: 25, least: 10, most: 40 },
      timestampMs: 5,
    })
  })

  test('leave out what is not a number', () => {
    const driver = new TestDriver(delays())
    const [update] = driver.pipe('flights', {
      key: null,
      value: { origin: 'SFO', delay: null },
      timestampMs: 0,
    })
    expect(update!.value).toEqual({ flights: 1, total: 0, mean: null, least: null, most: null })
  })

  test('survive a restart', async () => {
    const driver = new TestDriver(delays())
    driver.pipe('flights', { key: null, value: { origin: 'SFO', delay: 10 }, timestampMs: 5 })
    await driver.restart()
    const [update] = driver.pipe('flights', {
      key: null,
      value: { origin: 'SFO', delay: 20 },
      timestampMs: 6,
    })
    expect(update!.value).toMatchObject({ flights: 2, mean: 15 })
  })
})

describe('windows emitted when they close', () => {
  const counts = (retentionMs?: number) => {
    const builder = createBuilder()
    builder
      .stream<string, number>('in', { name: 'in' })
      .groupByKey({ name: 'group' })
      .windowedBy(tumbling({ sizeMs: 10 }))
      .count({ name: 'count', emit: 'on-window-close', retentionMs })
      .toStream({ name: 'closed' })
      .to('out', { name: 'out' })
    return new TestDriver(builder.build())
  }

  test('come once, however long the silence after them was, as long as the store keeps them', () => {
    const driver = counts(10_000)
    expect(driver.pipe('in', { key: 'a', value: 1, timestampMs: 1 })).toEqual([])
    expect(driver.pipe('in', { key: 'a', value: 1, timestampMs: 2 })).toEqual([])
    const closed = driver.pipe('in', { key: 'b', value: 1, timestampMs: 5000 })
    expect(closed).toMatchObject([{ key: { key: 'a', windowStartMs: 0 }, value: 2, timestampMs: 2 }])
    expect(driver.pipe('in', { key: 'b', value: 1, timestampMs: 5001 })).toEqual([])
  })

  test('are lost, as in Kafka Streams, when the record that closes them makes the store forget them', () => {
    const [justIn, tooFar] = [counts(), counts()]
    for (const driver of [justIn, tooFar]) driver.pipe('in', { key: 'a', value: 1, timestampMs: 1 })
    expect(justIn.pipe('in', { key: 'b', value: 1, timestampMs: 19 })).toHaveLength(1)
    expect(tooFar.pipe('in', { key: 'b', value: 1, timestampMs: 20 })).toEqual([])
  })
})

describe('the topology', () => {
  test('is described the same way each time, with repartitions between its parts', () => {
    expect(delays().describe()).toBe(delays().describe())
    expect(delays().describe()).toBe(`Sub-topology 0
  stream flights (topic flights) → by-origin
  groupBy by-origin → by-origin-repartition-sink
  repartition-sink by-origin-repartition-sink (topic by-origin-repartition)

Sub-topology 1
  repartition-source by-origin-repartition-source (topic by-origin-repartition) → delay
  aggregate delay (tumbling 100 ms, grace 50 ms, on-update) [delay] → updates
  toStream updates → out
  to out (topic delays)
`)
  })

  test('refuses two steps of one name, names that topics cannot have, and nothing at all', () => {
    const builder = createBuilder()
    builder.stream('in', { name: 'in' })
    expect(() => builder.stream('in2', { name: 'in' })).toThrow('two steps are named "in"')
    expect(() => builder.stream('in3', { name: 'a b' })).toThrow('"a b" cannot be a step\'s name')
    expect(() => createBuilder().build()).toThrow('the topology has no source')
  })

  test('refuses windows that cannot be', () => {
    const grouped = createBuilder().stream('in', { name: 'in' }).groupByKey({ name: 'g' })
    expect(() => grouped.windowedBy(tumbling({ sizeMs: 0 })).count({ name: 'a' })).toThrow(
      "the window's size is 0",
    )
    const sparse = hopping({ sizeMs: 10, advanceMs: 20 })
    expect(() => grouped.windowedBy(sparse).count({ name: 'b' })).toThrow('larger than the size')
    const short = { name: 'c', retentionMs: 5 }
    expect(() => grouped.windowedBy(tumbling({ sizeMs: 10 })).count(short)).toThrow(
      'less than size and grace',
    )
  })

  test('refuses a join whose sides write their keys differently, unless one side is keyed anew', () => {
    const builder = createBuilder()
    const names = builder.table<string, string>('names', { name: 'names' })
    const text = { name: 'string', serialize: () => Buffer.alloc(0), deserialize: () => '' }
    const orders = builder.stream<string, number>('orders', { name: 'orders', key: text })
    const joiner = (left: number, right: string | null) => [left, right]
    expect(() => orders.joinTable(names, joiner, { name: 'join', type: 'inner' })).toThrow('they never meet')
    const keyed = orders.selectKey(({ key }) => key, { name: 'key' })
    expect(() => keyed.joinTable(names, joiner, { name: 'join-2', type: 'inner' })).not.toThrow()
  })
})

describe('a processor', () => {
  const topology = () => {
    const builder = createBuilder()
    builder
      .stream<string, number>('in', { name: 'in' })
      .process(
        processor<number, number>((record, ctx) => {
          const totals = ctx.store<string, number>('totals')
          const total = (totals.get(record.key) ?? 0) + record.value
          totals.put(record.key, total)
          if (total > 10) ctx.store('unknown').get(record.key)
          ctx.forward({ ...record, value: total })
        }),
        { name: 'total', stores: [{ name: 'totals' }] },
      )
      .to('out', { name: 'out' })
    return builder.build()
  }

  test('keeps its store per key', () => {
    const driver = new TestDriver(topology())
    driver.pipe('in', { key: 'a', value: 1, timestampMs: 0 })
    driver.pipe('in', { key: 'b', value: 5, timestampMs: 0 })
    expect(driver.pipe('in', { key: 'a', value: 2, timestampMs: 7 })).toMatchObject([
      { key: 'a', value: 3, timestampMs: 7 },
    ])
    expect(driver.store('total-totals')).toEqual([
      { key: 'a', value: 3, timestampMs: 7 },
      { key: 'b', value: 5, timestampMs: 0 },
    ])
  })

  test('that asks for a store it did not declare fails at its step, with the names that there are', () => {
    const driver = new TestDriver(topology())
    expect(() => driver.pipe('in', { key: 'a', value: 11, timestampMs: 0 })).toThrow(
      expect.objectContaining({
        code: 'PROCESSING_FAILED',
        what: expect.stringContaining('it has totals'),
        where: 'total, at in record 0',
      }),
    )
  })

  test('whose error is passed over leaves out only that record, and it is counted', () => {
    const driver = new TestDriver(topology(), { onError: () => 'continue' })
    expect(driver.pipe('in', { key: 'a', value: 11, timestampMs: 0 })).toEqual([])
    expect(driver.counters('total')).toMatchObject({ in: 1, out: 0, failed: 1 })
    expect(driver.pipe('in', { key: 'b', value: 1, timestampMs: 0 })).toHaveLength(1)
  })
})

test('what a feed notes beside its records reaches neither steps nor the topics behind them', () => {
  const builder = createBuilder()
  const seen: string[] = []
  builder
    .stream<string, Flight>('flights', { name: 'flights' })
    .filter(
      ({ headers }) => {
        seen.push(...headers.map(([name]) => name))
        return true
      },
      { name: 'all' },
    )
    .groupBy(({ value }) => value.origin, { name: 'by-origin' })
    .count({ name: 'count' })
    .toStream({ name: 'updates' })
    .to('counts', { name: 'out' })
  const driver = new TestDriver(builder.build())
  const headers = ['millrace-number', 'kind', 'millrace-position', 'millrace-mine'].map(
    (name) => [name, Buffer.from('7')] as const,
  )
  const [update] = driver.pipe('flights', {
    key: null,
    value: { origin: 'SFO', delay: 10 },
    timestampMs: 5,
    headers,
  })
  expect(seen).toEqual(['kind', 'millrace-mine'])
  expect(update!.headers.map(([name]) => name)).toEqual(['kind', 'millrace-mine'])
})

describe('sessions', () => {
  test('merge every figure of a summary', () => {
    const builder = createBuilder()
    const pick = (value: number) => value
    builder
      .stream<string, number>('in', { name: 'in' })
      .groupByKey({ name: 'by-key' })
      .windowedBy(session({ gapMs: 10, graceMs: 100 }))
      .aggregate(
        summarize({ times: count(), total: sum(pick), mean: avg(pick), least: min(pick), most: max(pick) }),
        { name: 'figures' },
      )
      .toStream({ name: 'updates' })
      .to('out', { name: 'out' })
    const driver = new TestDriver(builder.build())
    const send = (value: number, timestampMs: number) => driver.pipe('in', { key: 'k', value, timestampMs })
    send(4, 0)
    send(9, 20)
    const [first, second, merged] = send(2, 10)
    expect([first!.value, second!.value]).toEqual([null, null])
    expect(merged).toMatchObject({
      key: { key: 'k', windowStartMs: 0, windowEndMs: 20 },
      value: { times: 3, total: 15, mean: 5, least: 2, most: 9 },
      timestampMs: 20,
    })
  })

  test('refuse an aggregate that cannot merge, and times below 0', () => {
    const grouped = createBuilder().stream<string, number>('in', { name: 'in' }).groupByKey({ name: 'g' })
    const without = { init: () => 0, add: (sum: number, value: number) => sum + value }
    const sessions = grouped.windowedBy(session({ gapMs: 1 }))
    // @ts-expect-error it has no merge
    expect(() => sessions.aggregate(without, { name: 'a' })).toThrow('no merge function')
    expect(() => grouped.windowedBy(session({ gapMs: -1 })).count({ name: 'b' })).toThrow('gap is -1')
    expect(() =>
      grouped.windowedBy(sliding({ differenceMs: 10 })).count({ name: 'c', retentionMs: 19 }),
    ).toThrow('twice the time difference and grace (20 ms)')
  })
})

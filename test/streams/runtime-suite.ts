/** What the runtime promises over any cluster that speaks the protocol: run against the embedded one and against Apache Kafka. */
import { afterEach, expect, test } from 'vitest'
import {
  createBuilder,
  createStreams,
  type KafkaStreams,
  type ProcessingError,
  type ProcessingGuarantee,
  processor,
  type StreamRecord,
  type StreamsOptions,
  type Topology,
  tumbling,
} from '../../engine/streams/index.ts'
import { createTopics, latest, produce, readAll, type Site, until as untilHolds } from './topics.ts'

interface Order {
  readonly user: string
  readonly amount: number
}

let runs = 0
/** Of the test that runs. */
let failed: (ProcessingError | undefined)[] = []
const open: KafkaStreams[] = []

/** Gives up at once when an instance has failed. */
function until(what: string, holds: () => boolean): Promise<void> {
  return untilHolds(what, () => {
    if (holds()) return true
    if (failed.length > 0) throw new Error(`failed while waiting for: ${what}`, { cause: failed[0]?.error })
    return false
  })
}

afterEach(async () => {
  failed = []
  for (const streams of open.splice(0)) await streams.close()
})

/** `breakBroker` ends a broker as a crash would, on clusters of several. */
export function runtimeSuite(
  site: () => Site,
  processingGuarantee: ProcessingGuarantee,
  breakBroker?: () => Promise<void>,
): void {
  const isExactlyOnce = processingGuarantee === 'exactly_once_v2'

  /** Where every update is written once, a user's counts are 1, 2, 3 … without a gap or a repetition. */
  async function expectCounts(output: string, each: number): Promise<void> {
    const records = await readAll(site(), output)
    expect([...latest(records).values()]).toEqual(Array(20).fill(each))
    if (!isExactlyOnce) return
    const perUser = Map.groupBy(records, ({ key }) => key)
    for (const updates of perUser.values()) {
      expect(updates.map(({ value }) => value)).toEqual(Array.from({ length: each }, (_, i) => i + 1))
    }
  }

  /** Names that no other test uses. */
  function names() {
    const app = `app-${++runs}-${Math.random().toString(36).slice(2, 8)}`
    return { app, input: `${app}-in`, table: `${app}-users`, output: `${app}-out` }
  }

  function begin(topology: Topology, applicationId: string, options: Partial<StreamsOptions> = {}) {
    const { environment, bootstrap } = site()
    const streams = createStreams(environment, topology, {
      applicationId,
      bootstrap,
      processingGuarantee,
      ...options,
    })
    streams.onStateChange((state, error) => {
      if (state === 'failed') failed.push(error)
    })
    open.push(streams)
    return streams
  }

  const orders = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, i) => ({
      key: `order-${from + i}`,
      value: { user: `u${(from + i) % 20}`, amount: from + i },
      timestampMs: 1000 + from + i,
    }))

  function countPerUser({ input, output }: ReturnType<typeof names>): Topology {
    const builder = createBuilder()
    builder
      .stream<string, Order>(input, { name: 'orders' })
      .groupBy(({ value }) => value.user, { name: 'by-user' })
      .count({ name: 'per-user' })
      .toStream({ name: 'updates' })
      .to(output, { name: 'out' })
    return builder.build()
  }

  test('repartition, table join and windowed count over four partitions give the exact results', async () => {
    const { app, input, table, output } = names()
    await createTopics(site(), { [input]: 4, [table]: 4, [output]: 2 })
    const users = Array.from({ length: 20 }, (_, i) => ({
      key: `u${i}`,
      value: { city: `c${i % 3}` },
      timestampMs: 0,
    }))
    await produce(site(), table, users)
    await produce(site(), input, orders(0, 5000))
    const builder = createBuilder()
    const cities = builder.table<string, { city: string }>(table, { name: 'users' })
    builder
      .stream<string, Order>(input, { name: 'orders' })
      .filter(({ value }) => value.amount % 2 === 0, { name: 'even' })
      .selectKey(({ value }) => value.user, { name: 'user' })
      .joinTable(cities, (order, user) => ({ ...order, city: user?.city }), {
        name: 'with-city',
        type: 'inner',
      })
      .groupBy(({ value }) => value.city, { name: 'by-city' })
      .windowedBy(tumbling({ sizeMs: 1000, graceMs: 60_000 }))
      .count({ name: 'per-city' })
      .toStream({ name: 'updates' })
      .to(output, { name: 'out' })
    const streams = begin(builder.build(), app)
    await streams.start()
    await until('all counted', () => streams.metrics().steps['per-city']!.in === 2500)
    await until('no lag', () => streams.metrics().lag.every((lag) => lag.committedOffset === lag.endOffset))
    expect(streams.metrics().lag.every(({ lagMs }) => lagMs === 0)).toBe(true)
    await streams.close()

    const wanted = new Map<string, number>()
    for (const { value, timestampMs } of orders(0, 5000)) {
      if (value.amount % 2 !== 0) continue
      const windowStartMs = Math.floor(timestampMs / 1000) * 1000
      const city = `c${Number(value.user.slice(1)) % 3}`
      const key = JSON.stringify({ key: city, windowStartMs, windowEndMs: windowStartMs + 1000 })
      wanted.set(key, (wanted.get(key) ?? 0) + 1)
    }
    expect(latest(await readAll(site(), output))).toEqual(wanted)
  })

  test('a stopped application goes on where it was, with its state from the changelog', async () => {
    const all = names()
    await createTopics(site(), { [all.input]: 3, [all.output]: 1 })
    await produce(site(), all.input, orders(0, 1000))
    const first = begin(countPerUser(all), all.app)
    await first.start()
    await until('the first half', () => first.metrics().steps['per-user']!.in === 1000)
    await first.close()
    expect(first.state).toBe('stopped')
    await produce(site(), all.input, orders(1000, 2000))
    const second = begin(countPerUser(all), all.app)
    await second.start()
    await until('the second half', () => second.metrics().steps['per-user']!.in === 1000)
    await second.close()
    await expectCounts(all.output, 100)
  })

  test('tasks move between two instances and back, and nothing is lost or counted twice', async () => {
    const all = names()
    await createTopics(site(), { [all.input]: 4, [all.output]: 1 })
    const a = begin(countPerUser(all), all.app)
    await a.start()
    await until('a runs', () => a.state === 'running')
    await produce(site(), all.input, orders(0, 1000))
    const b = begin(countPerUser(all), all.app)
    await b.start()
    await until('both have partitions', () => a.metrics().lag.length === 4 && b.metrics().lag.length === 4)
    await produce(site(), all.input, orders(1000, 2000))
    const counted = () => a.metrics().steps['per-user']!.in + b.metrics().steps['per-user']!.in
    await until('all counted', () => counted() === 2000)
    await b.close()
    await until('a has all', () => a.metrics().lag.length === 8)
    await produce(site(), all.input, orders(2000, 3000))
    await until('the rest', () => counted() === 3000)
    await a.close()
    await expectCounts(all.output, 150)
  })

  test('a processor keeps its store, and forwards what it likes', async () => {
    const { app, input, output } = names()
    await createTopics(site(), { [input]: 2, [output]: 1 })
    const builder = createBuilder()
    const firstOnly = processor<Order, string>((record, ctx) => {
      const seen = ctx.store<string, number>('seen')
      const times = (seen.get(record.value.user) ?? 0) + 1
      seen.put(record.value.user, times)
      if (times === 3) ctx.forward({ key: record.value.user, value: `third at ${ctx.streamTimeMs}` })
    })
    builder
      .stream<string, Order>(input, { name: 'orders' })
      .process(firstOnly, { name: 'third', stores: [{ name: 'seen' }] })
      .to(output, { name: 'out' })
    const topology = builder.build()
    const feed = (from: number, to: number) =>
      produce(
        site(),
        input,
        orders(from, to).map((order) => ({ ...order, partition: 0 })),
      )
    await feed(0, 40)
    const first = begin(topology, app)
    await first.start()
    await until('forty', () => first.metrics().steps.third!.in === 40)
    await first.close()
    await feed(40, 60)
    const second = begin(topology, app)
    await second.start()
    await until('twenty more', () => second.metrics().steps.third!.in === 20)
    await second.close()
    const thirds = await readAll(site(), output)
    expect(thirds.map(({ key, value }) => `${key}: ${value}`)).toEqual(
      Array.from({ length: 20 }, (_, i) => `u${i}: third at ${1040 + i}`),
    )
  })

  test('rows on disk are restored from the changelog too, and leave no folder behind', async () => {
    const { app, input, output } = names()
    const { environment } = site()
    const stateFolder = await environment.disk.temporaryFolder('millrace-state-')
    await createTopics(site(), { [input]: 2, [output]: 1 })
    const builder = createBuilder()
    builder
      .stream<string, Order>(input, { name: 'orders' })
      .groupBy(({ value }) => value.user, { name: 'by-user' })
      .count({ name: 'per-user', kind: 'disk' })
      .toStream({ name: 'updates' })
      .to(output, { name: 'out' })
    const topology = builder.build()
    for (const half of [0, 1]) {
      await produce(site(), input, orders(half * 500, half * 500 + 500))
      const streams = begin(topology, app, { stateFolder })
      await streams.start()
      await until('half', () => streams.metrics().steps['per-user']!.in === 500)
      expect(await environment.disk.list(stateFolder)).toHaveLength(2)
      await streams.close()
      expect(await environment.disk.list(stateFolder)).toEqual([])
    }
    await environment.disk.remove(stateFolder)
    const counts = latest(await readAll(site(), output))
    expect([...counts.values()]).toEqual(Array(20).fill(50))
  })

  test('a step that throws fails the run with the record it was at, or leaves it out and goes on', async () => {
    const { app, input, output } = names()
    await createTopics(site(), { [input]: 1, [output]: 1 })
    await produce(site(), input, orders(0, 10))
    const builder = createBuilder()
    builder
      .stream<string, Order>(input, { name: 'orders' })
      .mapValues(({ value }) => (value.amount === 4 ? broken() : value.amount), { name: 'amount' })
      .to(output, { name: 'out' })
    const topology = builder.build()
    const strict = begin(topology, app)
    await strict.start()
    await until('failed', () => strict.state === 'failed')
    expect(failed).toMatchObject([
      {
        stage: 'processing',
        step: 'amount',
        topic: input,
        partition: 0,
        offset: 4,
        error: { message: 'four' },
      },
    ])
    failed = []
    const lenient = begin(topology, app, { onError: () => 'continue' })
    await lenient.start()
    // Exactly once, what went well before the failure is done again, as the whole transaction was given up.
    const rest = isExactlyOnce ? 9 : 5
    await until('the rest', () => lenient.metrics().steps.out!.in === rest)
    await lenient.close()
    expect(lenient.metrics().steps.amount!.failed).toBe(1)
    expect((await readAll(site(), output)).map(({ value }) => value)).toEqual([0, 1, 2, 3, 5, 6, 7, 8, 9])
  })

  test('bytes that are not of the format are told as such, and left out if the handler says so', async () => {
    const { app, input, output } = names()
    await createTopics(site(), { [input]: 1, [output]: 1 })
    const builder = createBuilder()
    builder.stream(input, { name: 'orders' }).to(output, { name: 'out' })
    const { createProducer } = await import('../../engine/client/index.ts')
    const producer = createProducer(site().environment, site())
    for (const text of ['1', '{broken', '2'])
      await producer.send({ topic: input, key: null, value: Buffer.from(text) })
    await producer.close()
    const told: ProcessingError[] = []
    const streams = begin(builder.build(), app, {
      onError(error) {
        told.push(error)
        return 'continue'
      },
    })
    await streams.start()
    await until('two', () => streams.metrics().steps.out!.in === 2)
    await streams.close()
    expect(told).toMatchObject([
      { stage: 'deserialization', step: 'orders', topic: input, partition: 0, offset: 1 },
    ])
    expect((await readAll(site(), output)).map(({ value }) => value)).toEqual([1, 2])
  })

  test('a join of differently partitioned topics is refused with their names', async () => {
    const { app, input, table, output } = names()
    await createTopics(site(), { [input]: 2, [table]: 3, [output]: 1 })
    const builder = createBuilder()
    const users = builder.table(table, { name: 'users' })
    builder
      .stream(input, { name: 'orders' })
      .joinTable(users, (left) => left, { name: 'with-user', type: 'left' })
      .to(output, { name: 'out' })
    await expect(begin(builder.build(), app).start()).rejects.toMatchObject({
      code: 'CO_PARTITIONING',
      where: 'with-user',
      what: `the inputs of the join have different numbers of partitions: ${input} has 2, ${table} has 3`,
    })
  })

  test('an external sink gets records in order, and offsets are committed only after it took them', async () => {
    const { app, input } = names()
    await createTopics(site(), { [input]: 1 })
    await produce(site(), input, orders(0, 300))
    const taken: unknown[] = []
    let refusing = true
    const builder = createBuilder()
    builder.stream<string, Order>(input, { name: 'orders' }).toExternal(
      () => ({
        async deliver(records: readonly StreamRecord<string, Order>[]) {
          if (refusing) throw new Error('not now')
          taken.push(...records.map(({ value }) => value.amount))
        },
      }),
      { name: 'file' },
    )
    const topology = builder.build()
    const failing = begin(topology, app)
    await failing.start()
    await until('failed', () => failing.state === 'failed')
    refusing = false
    failed = []
    const working = begin(topology, app)
    await working.start()
    await until('all', () => taken.length >= 300)
    await working.close()
    expect(taken).toEqual(Array.from({ length: 300 }, (_, i) => i))
  })

  test.skipIf(breakBroker === undefined)(
    'a killed broker neither stops the run nor loses a record',
    async () => {
      const all = names()
      await createTopics(site(), { [all.input]: 6, [all.output]: 3 })
      const streams = begin(countPerUser(all), all.app, { replicationFactor: 3 })
      await streams.start()
      await until('running', () => streams.state === 'running')
      const total = 20_000
      const slowly = async () => {
        for (let from = 0; from < total; from += 500) {
          await produce(site(), all.input, orders(from, from + 500))
          if (from === total / 4) await breakBroker!()
        }
      }
      await slowly()
      const counted = () => streams.metrics().steps['per-user']!.in
      await untilHolds('all counted', () => counted() >= total, 60_000)
      await streams.close()
      expect(failed).toEqual([])
      if (isExactlyOnce) return expectCounts(all.output, total / 20)
      const counts = latest(await readAll(site(), all.output))
      expect(counts.size).toBe(20)
      for (const count of counts.values()) expect(count).toBeGreaterThanOrEqual(total / 20)
    },
    120_000,
  )
}

function broken(): never {
  throw new Error('four')
}

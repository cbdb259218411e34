import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ConsumerRecord, Producer } from '../../engine/client/api.ts'
import { createAdmin, createConsumer, createProducer } from '../../engine/client/index.ts'
import { EmbeddedCluster } from '../../engine/cluster/index.ts'
import { createNodeEnvironment } from '../../engine/node/environment/index.ts'
import { numberHeader } from '../../engine/nodes/feed-position.ts'
import { type FeedEvents, runFeeds } from '../../engine/nodes/feeding.ts'
import { nodeKinds } from '../../engine/nodes/kinds.ts'
import { configWithDefaults, type NodeConfig } from '../../engine/pipeline/index.ts'
import type { Feed } from '../../engine/streams/index.ts'

const environment = createNodeEnvironment({ seed: 'feeding' })
let cluster: EmbeddedCluster
let folder: string
beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'millrace-feeding-'))
  cluster = await EmbeddedCluster.start(() => createNodeEnvironment(), { brokers: 1 })
}, 60_000)
afterAll(async () => {
  await cluster.stop()
  rmSync(folder, { recursive: true, force: true })
}, 60_000)

function feedOf(kind: string, topic: string, config: NodeConfig, first = false): Feed {
  const definition = nodeKinds.get(kind)!.definition
  return {
    id: `${topic}-feed`,
    node: topic,
    kind,
    topic,
    config: configWithDefaults(definition, config),
    first,
  }
}

interface RunOptions {
  readonly events?: FeedEvents
  readonly stop?: AbortController
  /** The producer is closed without a chance to send what waits. */
  readonly crash?: boolean
}

async function run(feeds: readonly Feed[], options: RunOptions = {}): Promise<void> {
  const connection = { bootstrap: cluster.bootstrap }
  const admin = createAdmin(environment, connection)
  const producer: Producer = createProducer(environment, {
    ...connection,
    acks: 'all',
    lingerMs: 1,
    stopAtFailure: true,
  })
  try {
    const known = new Set((await admin.listTopics()).map(({ name }) => name))
    const missing = feeds.filter(({ topic }) => !known.has(topic))
    await admin.createTopics(missing.map(({ topic }) => ({ name: topic, partitions: 3 })))
    await runFeeds(environment, feeds, {
      kinds: nodeKinds,
      folder,
      producer,
      admin,
      newConsumer: () => createConsumer(environment, connection),
      signal: (options.stop ?? new AbortController()).signal,
      unpaced: true,
      events: options.events,
    })
  } finally {
    await producer.close(options.crash ? 0 : undefined)
    await admin.close()
  }
}

async function contentOf(topic: string): Promise<ConsumerRecord[]> {
  const connection = { bootstrap: cluster.bootstrap }
  const admin = createAdmin(environment, connection)
  const consumer = createConsumer(environment, { ...connection, autoOffsetReset: 'earliest' })
  try {
    const partitions = [0, 1, 2].map((partition) => ({ topic, partition }))
    const ends = await admin.listOffsets(
      partitions.map((partition) => ({ ...partition, spec: 'latest' as const })),
    )
    const total = ends.reduce((sum, { offset }) => sum + offset, 0)
    consumer.assign(partitions)
    for (const partition of partitions) consumer.seek(partition, 0)
    const records: ConsumerRecord[] = []
    while (records.length < total) records.push(...(await consumer.poll(1000)))
    return records
  } finally {
    await consumer.close()
    await admin.close()
  }
}

const textOf = (bytes: Uint8Array | null | undefined) => Buffer.from(bytes ?? []).toString()
const values = (records: readonly ConsumerRecord[]) => records.map(({ value }) => JSON.parse(textOf(value)))

describe('a feed', () => {
  const lines = 4000
  const expected = Array.from({ length: lines }, (_, n) => n)

  it.each([false, true])(
    'that is stopped (crash: %s) goes on where its topic ends: each line once, in order',
    { timeout: 60_000 },
    async (crash) => {
      const topic = `lines-${crash}`
      writeFileSync(path.join(folder, `${topic}.ndjson`), expected.map((n) => `{"n":${n}}\n`).join(''))
      const feed = feedOf('file-source', topic, { file: `${topic}.ndjson`, key: "'k' + (value.n % 7)" })
      for (const stopAfter of [500, 1300, 2500]) {
        const stop = new AbortController()
        let sent = 0
        await run([feed], {
          stop,
          crash,
          events: { sent: () => void (++sent === stopAfter && stop.abort()) },
        })
      }
      await run([feed])
      const records = await contentOf(topic)
      expect(
        values(records)
          .map(({ n }) => n)
          .sort((a, b) => a - b),
      ).toEqual(expected)
      for (const partition of [0, 1, 2]) {
        const own = records.filter((record) => record.partition === partition)
        const numbers = own.map(({ headers }) =>
          Number(textOf(headers.find(({ key }) => key === numberHeader)?.value)),
        )
        expect(numbers).toEqual(own.map((_, i) => i + 1))
        const read = values(own).map(({ n }) => n)
        expect(read).toEqual([...read].sort((a, b) => a - b))
      }
    },
  )

  it('that has ended adds nothing when it runs again, and takes lines that came after', {
    timeout: 60_000,
  }, async () => {
    const file = path.join(folder, 'growing.ndjson')
    const feed = feedOf('file-source', 'growing', { file: 'growing.ndjson' })
    writeFileSync(file, '{"n":0}\n{"n":1}\n')
    await run([feed])
    await run([feed])
    expect(await contentOf('growing')).toHaveLength(2)
    writeFileSync(file, '{"n":0}\n{"n":1}\n{"n":2}\n')
    await run([feed])
    expect(
      values(await contentOf('growing'))
        .map(({ n }) => n)
        .sort(),
    ).toEqual([0, 1, 2])
  })

  it('of generated records makes the same ones after a stop', { timeout: 60_000 }, async () => {
    const config = {
      value: '({ index, dice: int(1, 6), who: pick("ann", "ben") })',
      count: 900,
      seed: 3,
      time: 'stepped',
    }
    await run([feedOf('generator-source', 'whole', config)])
    const stop = new AbortController()
    let sent = 0
    await run([feedOf('generator-source', 'halved', config)], {
      stop,
      events: { sent: () => void (++sent === 400 && stop.abort()) },
    })
    await run([feedOf('generator-source', 'halved', config)])
    const byIndex = (a: { index: number }, b: { index: number }) => a.index - b.index
    const whole = values(await contentOf('whole')).sort(byIndex)
    expect(whole).toHaveLength(900)
    expect(values(await contentOf('halved')).sort(byIndex)).toEqual(whole)
  })
})

it('a record that is refused ends its feed with one error, and nothing behind it comes into its partition: mended, the next run has every line once', {
  timeout: 60_000,
}, async () => {
  const lines = 3000
  const big = 700
  const write = (size: number) =>
    writeFileSync(
      path.join(folder, 'big.ndjson'),
      Array.from({ length: lines }, (_, n) =>
        JSON.stringify(n === big ? { n, text: 'x'.repeat(size) } : { n }),
      ).join('\n'),
    )
  const feed = feedOf('file-source', 'big', { file: 'big.ndjson', key: "'k' + (value.n % 7)" })
  const admin = createAdmin(environment, { bootstrap: cluster.bootstrap })
  await admin.createTopics([{ name: 'big', partitions: 3, configs: { 'max.message.bytes': '20000' } }])
  await admin.close()
  write(30_000)
  const failed: string[] = []
  const ended: string[] = []
  const events: FeedEvents = {
    failed: ({ node }, error) => failed.push(`${node} ${error.code}`),
    ended: ({ node }) => ended.push(node),
  }
  await run([feed], { events })
  expect({ failed, ended }).toEqual({ failed: ['big RECORD_TOO_LARGE'], ended: [] })
  write(10)
  await run([feed], { events })
  expect(ended).toEqual(['big'])
  const read = values(await contentOf('big')).map(({ n }) => n)
  expect(read.sort((a, b) => a - b)).toEqual(Array.from({ length: lines }, (_, n) => n))
})

describe('a feed whose position means nothing any more fails at its node, and writes nothing', () => {
  const text = (from: number, count: number) =>
    Array.from({ length: count }, (_, n) => `{"n":${from + n},"text":"${'x'.repeat(50)}"}\n`).join('')
  const failuresOf = async (feed: Feed) => {
    const failed: string[] = []
    await run([feed], {
      events: { failed: ({ node }, { code, remedy }) => failed.push(`${node} ${code}: ${remedy}`) },
    })
    return failed
  }
  const changed = (topic: string) => [`${topic} FEED_CHANGED: run from start`]

  it.each<[how: string, text: string]>([
    ['another', text(100, 100)],
    ['a shorter', text(0, 50)],
    ['one with longer lines behind the first KB of the', text(0, 40) + text(1_000_000, 80)],
  ])('for %s file', async (how, replaced) => {
    const topic = `replaced-${how.replaceAll(' ', '-')}`
    const file = path.join(folder, `${topic}.ndjson`)
    const feed = feedOf('file-source', topic, { file: `${topic}.ndjson`, key: 'value.n' })
    writeFileSync(file, text(0, 100))
    expect(await failuresOf(feed)).toEqual([])
    writeFileSync(file, replaced)
    expect(await failuresOf(feed)).toEqual(changed(topic))
    expect(await contentOf(topic)).toHaveLength(100)
    writeFileSync(file, text(0, 101))
    expect(await failuresOf(feed)).toEqual([])
    expect(await contentOf(topic)).toHaveLength(101)
  })

  it('for another key, or more partitions', async () => {
    writeFileSync(path.join(folder, 'keyed.ndjson'), text(0, 30))
    const keyed = (key: string) => feedOf('file-source', 'keyed', { file: 'keyed.ndjson', key })
    expect(await failuresOf(keyed('value.n'))).toEqual([])
    expect(await failuresOf(keyed('value.n + 1'))).toEqual(changed('keyed'))
    const admin = createAdmin(environment, { bootstrap: cluster.bootstrap })
    await admin.createPartitions('keyed', 4)
    await admin.close()
    expect(await failuresOf(keyed('value.n'))).toEqual(changed('keyed'))
    expect(await contentOf('keyed')).toHaveLength(30)
  })

  it('for another seed, and for another kind of source', async () => {
    const seeded = (seed: number) => feedOf('generator-source', 'seeded', { count: 10, seed, rate: 1000 })
    expect(await failuresOf(seeded(1))).toEqual([])
    expect(await failuresOf(seeded(2))).toEqual(changed('seeded'))
    writeFileSync(path.join(folder, 'seeded.ndjson'), text(0, 30))
    expect(await failuresOf(feedOf('file-source', 'seeded', { file: 'seeded.ndjson' }))).toEqual(
      changed('seeded'),
    )
  })
})

it('lookup data is in its topic before other feeds begin', { timeout: 60_000 }, async () => {
  writeFileSync(path.join(folder, 'rows.ndjson'), '{"id":"a"}\n{"id":"b"}\n')
  writeFileSync(path.join(folder, 'facts.ndjson'), '{"n":1}\n')
  const happened: string[] = []
  await run(
    [
      feedOf('file-source', 'facts', { file: 'facts.ndjson' }),
      feedOf(
        'file-source',
        'rows',
        { file: 'rows.ndjson', readAs: 'table', key: 'value.id', time: 'beginning' },
        true,
      ),
    ],
    {
      events: {
        sent: (feed) => happened.push(`sent ${feed.node}`),
        acknowledged: (feed) => happened.push(`acknowledged ${feed.node}`),
      },
    },
  )
  expect(happened.indexOf('sent facts')).toBeGreaterThan(happened.lastIndexOf('acknowledged rows'))
})

it('a missing file fails its own feed alone, and a bad line is told and passed over', {
  timeout: 60_000,
}, async () => {
  writeFileSync(path.join(folder, 'mixed.ndjson'), '{"n":1}\nnot json\n{"n":2}\n')
  const failed: string[] = []
  const bad: number[] = []
  const ended: string[] = []
  await run(
    [
      feedOf('file-source', 'missing', { file: 'nowhere.ndjson' }),
      feedOf('file-source', 'mixed', { file: 'mixed.ndjson' }),
    ],
    {
      events: {
        failed: (feed, error) => failed.push(`${feed.node} ${error.code}`),
        badLine: (_, { line }) => bad.push(line),
        ended: (feed) => ended.push(feed.node),
      },
    },
  )
  expect({ failed, bad, ended }).toEqual({ failed: ['missing FILE_NOT_FOUND'], bad: [2], ended: ['mixed'] })
  expect(
    values(await contentOf('mixed'))
      .map(({ n }) => n)
      .sort(),
  ).toEqual([1, 2])
})

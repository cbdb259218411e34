import { writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { RunState, Sample } from '../../engine/host/contract.ts'
import { startBrowserShell } from '../../engine/node/browser-shell/index.ts'
import { numbersPipeline } from '../runner/a-run.ts'
import { AStudio } from './a-studio.ts'

const studio = new AStudio()
beforeAll(() => studio.start(), 30_000)
afterAll(() => studio.stop(), 30_000)

const double = `import { processor } from 'millrace'

export default processor<{ n: number }, { n: number; double: number }>((record, ctx) => {
  ctx.forward({ ...record, value: { n: record.value.n, double: record.value.n * 2 } })
})
`

function numbers(count: number): string {
  return Array.from({ length: count }, (_, index) => `${JSON.stringify({ n: index + 1 })}\n`).join('')
}

function writePipeline(id: string, count: number, rate?: number, trusted = true): string {
  const files = { 'processors/work.ts': double, 'numbers.ndjson': numbers(count) }
  return studio.write(numbersPipeline(id, 'fail', rate), files, trusted)
}

/** Samples until one satisfies, or the run is over. */
async function sampleWhere(run: RunState, satisfies: (sample: Sample) => boolean): Promise<Sample> {
  for (let after = 0; ; ) {
    const { sample } = await studio.client.call('run.nextSample', { runId: run.runId, after })
    if (!sample)
      throw new Error(`no more samples: ${JSON.stringify(await studio.client.call('run.state', {}))}`)
    if (satisfies(sample)) return sample
    after = sample.sequence
  }
}

/** The value's numbers in the topic, sorted, in all partitions. */
async function numbersIn(topic: string): Promise<number[]> {
  const { records } = await studio.client.call('records.read', { topic, from: { at: 'start' }, limit: 1000 })
  return records.map((row) => JSON.parse(row.value.text).n).sort((a, b) => a - b)
}

const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1)

describe('a run in the studio', () => {
  it('moves, comes to its end, and leaves every record in its topic once', async () => {
    const path = writePipeline('whole', 250)
    const opened = await studio.client.call('pipeline.open', { path })
    expect(opened).toMatchObject({ trusted: true, assets: ['numbers.ndjson'] })
    const run = await studio.client.call('run.start', { path, fromStart: false })
    expect(Object.keys(run.nodeVersions).sort()).toEqual(['numbers', 'out', 'work'])
    const last = await sampleWhere(run, (sample) => sample.state === 'idle')
    expect(last.edges).toMatchObject({ a: { total: 250 }, b: { total: 250 } })
    expect(last.nodes.numbers).toMatchObject({ lagRecords: 0, topic: 'whole-numbers-source' })
    expect(last.verdict).toMatchObject({ acknowledged: 250, lost: 0, duplicates: 0 })
    expect(await numbersIn('whole-out')).toEqual(upTo(250))
    await studio.client.call('run.stop', { runId: run.runId })
    expect((await studio.client.call('run.state', {})).run?.state).toBe('stopped')
  }, 60_000)

  it('goes on where it stopped, and from the start where that is asked for', async () => {
    const path = writePipeline('stopped', 300, 100)
    const first = await studio.client.call('run.start', { path, fromStart: false })
    await sampleWhere(first, (sample) => sample.edges.b!.total >= 60)
    await studio.client.call('run.stop', { runId: first.runId })
    const stoppedAt = (await numbersIn('stopped-out')).length
    expect(stoppedAt).toBeLessThan(300)
    const second = await studio.client.call('run.start', { path, fromStart: false })
    const last = await sampleWhere(second, (sample) => sample.state === 'idle')
    expect(last.verdict).toMatchObject({ lost: 0, duplicates: 0 })
    expect(await numbersIn('stopped-out')).toEqual(upTo(300))
    expect(last.nodes.out!.in).toBe(300 - stoppedAt)
    const third = await studio.client.call('run.start', { path, fromStart: true })
    await sampleWhere(third, (sample) => sample.edges.b!.total >= 20)
    await studio.client.call('run.stop', { runId: third.runId })
    const source = await studio.client.call('topics.bounds', { topic: 'stopped-numbers-source' })
    const produced = source.partitions.reduce((sum, { endOffset }) => sum + endOffset, 0)
    expect(produced).toBeLessThan(300)
    expect((await numbersIn('stopped-out')).length).toBeGreaterThan(300)
  }, 90_000)

  it('keeps going while the leaders’ broker is killed, and loses nothing', async () => {
    const path = writePipeline('killed', 500, 80)
    const run = await studio.client.call('run.start', { path, fromStart: false })
    await sampleWhere(run, (sample) => sample.edges.b!.total > 60)
    const { cluster } = await studio.client.call('cluster.state', {})
    const topic = cluster!.topics.find(({ name }) => name === 'killed-numbers-source')!
    const leader = topic.partitions[0]!.leader
    await studio.client.call('cluster.killBroker', { broker: leader })
    const last = await sampleWhere(run, (sample) => sample.state === 'idle')
    expect(last.verdict).toMatchObject({ acknowledged: 500, lost: 0 })
    expect([...new Set(await numbersIn('killed-out'))]).toEqual(upTo(500))
    const { cluster: without } = await studio.client.call('cluster.state', {})
    expect(without!.brokers.find(({ id }) => id === leader)!.state).toBe('killed')
    expect(without!.underReplicatedPartitions).toBeGreaterThan(0)
    await studio.client.call('cluster.startBroker', { broker: leader })
    await expect
      .poll(async () => (await studio.client.call('cluster.state', {})).cluster!.underReplicatedPartitions, {
        timeout: 15_000,
      })
      .toBe(0)
    await studio.client.call('run.stop', { runId: run.runId })
  }, 90_000)
})

describe('the log', () => {
  const entries = async () => (await studio.client.call('studio.log', { after: 0 })).entries

  it('tells of a run’s start and end, and why it failed', async () => {
    const path = writePipeline('broken', 10)
    writeFileSync(`${path}/numbers.ndjson`, '{"n": 1}\n')
    writeFileSync(
      `${path}/processors/work.ts`,
      double.replace('ctx.forward', 'throw new Error("no more"); ctx.forward'),
    )
    const run = await studio.client.call('run.start', { path, fromStart: false })
    await expect
      .poll(async () => (await studio.client.call('run.state', {})).run?.state, { timeout: 20_000 })
      .toBe('failed')
    await studio.client.call('run.stop', { runId: run.runId })
    const told = (await entries())
      .filter(({ source }) => source === 'run')
      .map(({ level, text }) => [level, text])
    expect(told).toContainEqual(['info', 'whole: started'])
    expect(told).toContainEqual(['info', 'whole: stopped'])
    expect(told).toContainEqual(['info', 'broken: started'])
    expect(told).toContainEqual(['error', expect.stringMatching(/^broken: failed at work: .*no more/)])
  }, 60_000)

  it('names the broker in each line of a broker’s', async () => {
    const told = (await entries()).map(({ source, text }) => `${source}| ${text}`)
    expect(told).toContainEqual(expect.stringMatching(/^broker-[123]\| controller: active, epoch \d+/))
  })
})

describe('looking at records', () => {
  it('reads a page by offset, time, start and end, of one partition or all', async () => {
    const read = (input: object) =>
      studio.client.call('records.read', { topic: 'whole-out', from: { at: 'start' }, limit: 5, ...input })
    const { records, bounds } = await read({ partitions: [1], from: { at: 'offset', offset: 10 } })
    expect(records.map(({ partition, offset }) => [partition, offset])).toEqual(
      [10, 11, 12, 13, 14].map((o) => [1, o]),
    )
    expect(records[0]).toMatchObject({ key: { format: 'json' }, value: { format: 'json', cut: false } })
    const end = bounds[0]!.endOffset
    const last = await read({ partitions: [1], from: { at: 'end' }, backwards: true, limit: 2 })
    expect(last.records.map(({ offset }) => offset)).toEqual([end - 2, end - 1])
    const later = await read({ from: { at: 'time', timestampMs: records[4]!.timestampMs + 60_000 } })
    expect(later.records).toEqual([])
    const cut = await read({ textMax: 4, limit: 1 })
    expect(cut.records[0]!.value).toMatchObject({ cut: true, text: '{"n"' })
  })

  it('gives one record whole, and says when it is not there', async () => {
    const { record } = await studio.client.call('records.full', {
      topic: 'whole-out',
      partition: 1,
      offset: 3,
    })
    expect(JSON.parse(record.value.text)).toHaveProperty('double')
    const missing = studio.client.call('records.full', { topic: 'whole-out', partition: 1, offset: 99_999 })
    await expect(missing).rejects.toMatchObject({ code: 'NO_SUCH_RECORD' })
    const unknown = studio.client.call('topics.bounds', { topic: 'nothing-of-that-name' })
    await expect(unknown).rejects.toMatchObject({ code: 'UNKNOWN_TOPIC_OR_PARTITION' })
  })

  it('finds a text in a topic’s past, with progress until it is done', async () => {
    const { searchId } = await studio.client.call('records.searchOpen', {
      topic: 'whole-out',
      text: '"N":24',
      from: { at: 'start' },
      limit: 100,
    })
    const found: number[] = []
    for (let done = false; !done; ) {
      const next = await studio.client.call('records.searchNext', { searchId })
      found.push(...next.records.map((row) => JSON.parse(row.value.text).n))
      done = next.done
      if (done) expect([next.scanned, next.total]).toEqual([250, 250])
    }
    expect(found.sort((a, b) => a - b)).toEqual([24, 240, 241, 242, 243, 244, 245, 246, 247, 248, 249])
    await studio.client.call('records.searchClose', { searchId })
  })

  it('follows a topic’s end', async () => {
    const path = writePipeline('followed', 200, 50)
    const run = await studio.client.call('run.start', { path, fromStart: false })
    await sampleWhere(run, (sample) => sample.edges.b!.total > 10)
    const { tailId } = await studio.client.call('records.tailOpen', { topic: 'followed-out' })
    const { records } = await studio.client.call('records.tailNext', { tailId, limit: 100 })
    expect(records.length).toBeGreaterThan(0)
    await studio.client.call('records.tailClose', { tailId })
    await expect(studio.client.call('records.tailNext', { tailId, limit: 1 })).rejects.toMatchObject({
      code: 'UNKNOWN_TAIL',
    })
    const { groups } = await studio.client.call('groups.list', {})
    expect(groups.find(({ groupId }) => groupId === 'followed')).toMatchObject({
      state: 'Stable',
      members: 2,
    })
    await studio.client.call('run.stop', { runId: run.runId })
  }, 60_000)
})

describe('a pipeline from elsewhere', () => {
  it('opens and is checked, but does not run or export until it is trusted', async () => {
    const path = writePipeline('elsewhere', 10, undefined, false)
    const opened = await studio.client.call('pipeline.open', { path })
    expect(opened.trusted).toBe(false)
    const { document, files } = opened
    const { problems, edges } = await studio.client.call('pipeline.analyze', { path, document, files })
    expect(problems).toEqual([])
    expect(edges.b!.value).toContain('double')
    const start = studio.client.call('run.start', { path, fromStart: false })
    await expect(start).rejects.toMatchObject({ code: 'NOT_TRUSTED' })
    const out = `${studio.folder}/exported`
    const exported = studio.client.call('pipeline.export', { path, target: 'node', out })
    await expect(exported).rejects.toMatchObject({ code: 'NOT_TRUSTED' })
    await studio.client.call('pipeline.trust', { path })
    const run = await studio.client.call('run.start', { path, fromStart: false })
    await sampleWhere(run, (sample) => sample.edges.b!.total === 10)
    await studio.client.call('run.stop', { runId: run.runId })
  }, 60_000)
})

describe('the data folder', () => {
  it('belongs to one studio at a time: a second one says who has it', async () => {
    const second = startBrowserShell({
      port: 0,
      rendererFolder: studio.folder,
      host: {
        shell: 'browser',
        version: '0',
        platform: process.platform,
        dataFolder: studio.dataFolder,
        homeFolder: studio.folder,
      },
    })
    await expect(second).rejects.toMatchObject({
      code: 'DATA_IN_USE',
      what: expect.stringContaining('process'),
    })
  }, 30_000)
})

describe('the host process', () => {
  it('is started again when it dies; the window connects again, and the draft is still there', async () => {
    const path = writePipeline('drafted', 10)
    const { document } = await studio.client.call('pipeline.open', { path })
    const changed = { ...document, description: 'not saved' }
    await studio.client.call('pipeline.saveDraft', { path, document: changed, files: [] })
    studio.hosts.at(-1)!.kill()
    await expect.poll(() => studio.client.connection).toBe('lost')
    await expect.poll(() => studio.client.connection, { timeout: 20_000 }).toBe('connected')
    expect((await studio.client.call('pipeline.open', { path })).draft?.document.description).toBe(
      'not saved',
    )
    await expect
      .poll(async () => (await studio.client.call('cluster.start', {})).brokers.map(({ state }) => state), {
        timeout: 20_000,
      })
      .toEqual(['running', 'running', 'running'])
    expect(await numbersIn('whole-out')).toEqual(upTo(250))
  }, 60_000)
})

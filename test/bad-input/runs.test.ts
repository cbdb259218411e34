import { afterAll, describe, expect, it } from 'vitest'
import type { PipelineDocument } from '../../engine/pipeline/document.ts'
import { Pipelines, type Wrong } from './a-pipeline.ts'
import { Command, errorLine, jsonLines, millrace } from './command.ts'

const pipelines = new Pipelines()
afterAll(() => pipelines.remove())

const nodesOf = (out: string) => {
  const last = jsonLines(out).at(-1)
  expect(last).toMatchObject({ event: 'summary' })
  return last as { reason: string; nodes: Record<string, Record<string, number>> }
}

const skippingAtWork = (document: PipelineDocument) => ({
  ...document,
  nodes: document.nodes.map((node) => (node.id === 'work' ? { ...node, onError: 'skip' } : node)),
})

describe('a processor that, on the command line,', () => {
  it.each<[does: string, wrong: Wrong, said: RegExp]>([
    [
      'throws',
      { body: "  if (record.value.n === 300) throw new Error('three hundred is too much')" },
      /^error PROCESSING_FAILED: three hundred is too much, .+processors\/work\.ts:4:\d+, .+ at offset \d+: correct/,
    ],
    [
      'ends its process',
      { body: '  if (record.value.n === 300) process.exit(7)' },
      /^error PROCESSING_FAILED: the code called process\.exit\(7\), .+processors\/work\.ts:4:\d+, .+: correct/,
    ],
    [
      'loops forever',
      { body: '  while (record.value.n === 300) kept.length = 0' },
      /^error PROCESSOR_STUCK: one record has kept the code busy for .+ s, .+processors\/work\.ts:4: look for a loop/,
    ],
    [
      'keeps more than there is memory',
      { body: '  kept.push(new Array(600_000).fill(record.value.n))' },
      /^error MEMORY_EXHAUSTED: .+, .+: look for (something that grows|a loop that keeps adding)/,
    ],
  ])(
    '%s ends the run with its line, the figures until then, and status 1',
    async (does, wrong, said) => {
      const folder = pipelines.write(does.replaceAll(' ', '-'), wrong)
      const { status, out, err, left } = await millrace(['run', folder, '--json'])
      expect(err).toMatch(said)
      expect(err).toMatch(errorLine)
      expect({ status, left }).toEqual({ status: 1, left: [] })
      const { reason, nodes } = nodesOf(out)
      expect(reason).toBe('failed')
      expect(nodes.numbers!.out).toBeGreaterThan(0)
    },
    60_000,
  )

  it('fails for many records that its node skips is told a few times, and all of them are counted', async () => {
    const folder = pipelines.write('skipping', {
      document: skippingAtWork,
      body: "  if (record.value.n % 20 === 0) throw new Error('no twenties')",
    })
    const { status, out, err } = await millrace(['run', folder, '--json', '--until-idle'])
    const lines = err.trimEnd().split('\n')
    expect(lines).toHaveLength(6)
    for (const line of lines.slice(0, 5)) {
      expect(line).toMatch(
        /^error PROCESSING_FAILED: no twenties, .+work\.ts:4:.+: correct .+; it was left out$/,
      )
    }
    expect(lines[5]).toMatch(/^error MORE_PROBLEMS: .+ only counted, work: /)
    const { reason, nodes } = nodesOf(out)
    expect(nodes.work).toMatchObject({ in: 600, out: 570, failed: 30 })
    expect(nodes.out).toMatchObject({ in: 570 })
    expect({ status, reason }).toEqual({ status: 0, reason: 'idle' })
  }, 60_000)
})

describe('a run', () => {
  it('goes on past bad lines of its file, which it shows with their numbers and counts', async () => {
    const folder = pipelines.write('bad-lines', { input: '{"n":1}\nno JSON\n{"n":3}\n{"n":4\n{"n":5}\n' })
    const { status, out, err } = await millrace(['run', folder, '--json', '--until-idle'])
    expect(
      err.match(/^error BAD_LINE: not JSON: .+, numbers\.ndjson:\d: correct that line; it was left out$/gm),
    ).toHaveLength(2)
    expect(err).toContain('numbers.ndjson:2:')
    expect(err).toContain('numbers.ndjson:4:')
    const { reason, nodes } = nodesOf(out)
    expect(nodes.numbers).toMatchObject({ in: 5, out: 3, dropped: 2, lagRecords: 0 })
    expect(nodes.out).toMatchObject({ in: 3 })
    expect({ status, reason }).toEqual({ status: 0, reason: 'idle' })
  }, 60_000)

  it('ends at Ctrl+C with a summary and without a word of a crash, wherever it is, and leaves nothing', async () => {
    const folder = pipelines.write('interrupted')
    const running = new Command(['run', folder, '--json'])
    await running.says(/"event":"metrics"/)
    const { status, out, err, left } = await running.interrupt()
    expect({ status, err, left }).toEqual({ status: 0, err: '', left: [] })
    expect(nodesOf(out).reason).toBe('signal')
    const starting = new Command(['run', folder, '--json'])
    await new Promise((resolve) => setTimeout(resolve, 700))
    const early = await starting.interrupt()
    expect(early).toMatchObject({ err: '', left: [] })
    // Before the command has been read there is nothing to stop, and the signal has its usual effect.
    if (early.signal === null) expect(nodesOf(early.out).reason).toBe('signal')
  }, 60_000)

  it('goes on with its data where it stopped, for the time that it is given, on any cluster', async () => {
    const folder = pipelines.write('resumed')
    const broker = new Command(['broker', '--port', '0'])
    const [, bootstrap] = await broker.says(/^ready (\S+)\n/)
    const args = ['run', folder, '--json', '--bootstrap', bootstrap!]
    const first = await millrace([...args, '--until-idle'])
    expect(nodesOf(first.out)).toMatchObject({ reason: 'idle', nodes: { out: { in: 600 } } })
    const second = await millrace([...args, '--for', '500ms'])
    // All 600 are in the source topic, and done with.
    expect(nodesOf(second.out)).toMatchObject({ reason: 'time', nodes: { out: { in: 0 } } })
    expect([first.err, second.err, first.status, second.status]).toEqual(['', '', 0, 0])
    await broker.end()
  }, 60_000)
})

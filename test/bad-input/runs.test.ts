import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { Pipelines } from './a-pipeline.ts'
import { Command, errorLine, millrace, summaryOf } from './command.ts'

const pipelines = new Pipelines()
afterAll(() => pipelines.remove())

describe('a run', () => {
  it('goes on past bad lines of its file, which it shows with their numbers and counts', async () => {
    const folder = pipelines.write('bad-lines', { input: '{"n":1}\nno JSON\n{"n":3}\n{"n":4\n{"n":5}\n' })
    const { status, out, err } = await millrace(['run', folder, '--json', '--until-idle'])
    expect(
      err.match(/^error BAD_LINE: not JSON: .+, numbers\.ndjson:\d: correct that line; it was left out$/gm),
    ).toHaveLength(2)
    expect(err).toContain('numbers.ndjson:2:')
    expect(err).toContain('numbers.ndjson:4:')
    const { reason, nodes } = summaryOf(out)
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
    expect(summaryOf(out).reason).toBe('signal')
    const starting = new Command(['run', folder, '--json'])
    await new Promise((resolve) => setTimeout(resolve, 700))
    const early = await starting.interrupt()
    expect(early).toMatchObject({ err: '', left: [] })
    // Before the command has been read there is nothing to stop, and the signal has its usual effect.
    if (early.signal === null) expect(summaryOf(early.out).reason).toBe('signal')
  }, 60_000)

  it('goes on with its data where it stopped, for the time that it is given, on any cluster', async () => {
    const folder = pipelines.write('resumed')
    const broker = new Command(['broker', '--port', '0'])
    const [, bootstrap] = await broker.says(/^ready (\S+)\n/)
    const args = ['run', folder, '--json', '--bootstrap', bootstrap!]
    const first = await millrace([...args, '--until-idle'])
    expect(summaryOf(first.out)).toMatchObject({ reason: 'idle', nodes: { out: { in: 600 } } })
    const second = await millrace([...args, '--for', '500ms'])
    // All 600 are in the source topic, and done with.
    expect(summaryOf(second.out)).toMatchObject({ reason: 'time', nodes: { out: { in: 0 } } })
    expect([first.err, second.err, first.status, second.status]).toEqual(['', '', 0, 0])
    await broker.end()
  }, 60_000)

  it('of a file that was replaced says so at its node, and takes the new one from the start', async () => {
    const folder = pipelines.write('replaced', { input: '{"n":1}\n{"n":2}\n' })
    const run = ['run', folder, '--json', '--until-idle', '--data', path.join(folder, 'data')]
    expect(await millrace(run)).toMatchObject({ status: 0, err: '' })
    writeFileSync(path.join(folder, 'numbers.ndjson'), '{"n":7}\n{"n":8}\n{"n":9}\n')
    const { status, out, err, left } = await millrace(run)
    expect(err).toMatch(/^error FEED_CHANGED: what it reads .+, replaced-numbers-source: run from start$/m)
    expect(err).toMatch(errorLine)
    expect({ status, left, reason: summaryOf(out).reason }).toEqual({ status: 2, left: [], reason: 'failed' })
    const anew = await millrace([...run, '--from-start'])
    expect(summaryOf(anew.out)).toMatchObject({ reason: 'idle', nodes: { out: { in: 3 } } })
  }, 120_000)
})

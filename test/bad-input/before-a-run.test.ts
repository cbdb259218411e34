import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { Pipelines } from './a-pipeline.ts'
import { Command, errorLine, jsonLines, millrace, millraceEach, summaryOf } from './command.ts'

const pipelines = new Pipelines()
const temporary = mkdtempSync(path.join(tmpdir(), 'before-a-run-'))
afterAll(() => {
  pipelines.remove()
  rmSync(temporary, { recursive: true, force: true })
})

describe('before it runs anything, a run', () => {
  it('tells what is wrong with the document: no cluster is asked', async () => {
    const folder = pipelines.write('dangling', {
      document: (document) => ({
        ...document,
        edges: [{ ...document.edges[0], to: { node: 'ghost', port: 'in' } }],
      }),
    })
    const { status, out, err } = await millrace(['run', folder, '--json', '--bootstrap', '127.0.0.1:1'])
    expect(err).toMatch(/^error MR-20\d: /)
    expect(err).toMatch(errorLine)
    expect({ status, reason: summaryOf(out).reason }).toEqual({ status: 2, reason: 'failed' })
  }, 60_000)

  it('of nothing says what validate says', async () => {
    const folder = pipelines.write('empty', {
      document: (document) => ({ ...document, nodes: [], edges: [] }),
    })
    const [run, validated] = await millraceEach([
      ['run', folder, '--bootstrap', '127.0.0.1:1'],
      ['validate', folder, '--json'],
    ])
    expect(run).toMatchObject({
      status: 2,
      err: expect.stringMatching(/^error NOTHING_TO_RUN: .+: add a source/),
    })
    const problems = jsonLines(validated!.out).filter(({ event }) => event === 'problem')
    expect(problems).toMatchObject([
      { code: 'NOTHING_TO_RUN', severity: 'error', remedy: expect.stringMatching(/^add a source/) },
    ])
    expect(validated).toMatchObject({ status: 2 })
  }, 60_000)

  it('says which brokers do not answer, and gives up in one line', async () => {
    const folder = pipelines.write('nobody')
    const running = new Command(['run', folder, '--json', '--bootstrap', '127.0.0.1:1,127.0.0.1:2'])
    await running.says(/^no answer yet from 127\.0\.0\.1:1,127\.0\.0\.1:2\n$/)
    const { status, out, err, left } = await running.ended
    expect(err.split('\n').slice(1).join('\n')).toMatch(errorLine)
    expect(err).toMatch(
      /\nerror NO_BROKER_REACHABLE: .+, 127\.0\.0\.1:1, ?127\.0\.0\.1:2: check the addresses/,
    )
    expect({ status, left, reason: summaryOf(out).reason }).toEqual({ status: 1, left: [], reason: 'failed' })
  }, 60_000)

  it('that waits for brokers ends at once when it is told to', async () => {
    const running = new Command(['run', pipelines.write('waiting'), '--json', '--bootstrap', '127.0.0.1:1'])
    await running.says(/no answer yet/)
    const { status, out, left } = await running.end('SIGINT')
    expect({ status, left, reason: summaryOf(out).reason }).toEqual({ status: 0, left: [], reason: 'signal' })
  }, 60_000)

  it('takes away the temporary data of one that was killed, and nothing else', async () => {
    const kept = ['millrace-mine', 'millrace-cluster-notes-1-abcdef']
    for (const name of kept) mkdirSync(path.join(temporary, name))
    const run = ['run', pipelines.write('killed'), '--json']
    const killed = new Command(run, { temporary })
    await killed.says(/"event":"metrics"/)
    await killed.end('SIGKILL')
    const left = readdirSync(temporary).filter((name) => !kept.includes(name))
    expect(left).not.toEqual([])
    const living = new Command(['broker', '--port', '0'], { temporary })
    await living.says(/^ready /)
    const ofLiving = readdirSync(temporary).filter((name) => !kept.includes(name) && !left.includes(name))
    expect(ofLiving).toHaveLength(1)
    expect(await millrace([...run, '--until-idle'], { temporary })).toMatchObject({ status: 0, err: '' })
    expect(readdirSync(temporary).sort()).toEqual([...kept, ...ofLiving].sort())
    await living.end()
    expect(readdirSync(temporary).sort()).toEqual(kept.toSorted())
  }, 120_000)
})

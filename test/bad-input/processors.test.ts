import { afterAll, describe, expect, it } from 'vitest'
import type { PipelineDocument } from '../../engine/pipeline/document.ts'
import { Pipelines, type Wrong } from './a-pipeline.ts'
import { errorLine, millrace, summaryOf } from './command.ts'

const pipelines = new Pipelines()
afterAll(() => pipelines.remove())

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
      const { reason, nodes } = summaryOf(out)
      expect(reason).toBe('failed')
      expect(nodes.numbers!.in).toBeGreaterThan(0)
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
    const { reason, nodes } = summaryOf(out)
    expect(nodes.work).toMatchObject({ in: 600, out: 570, failed: 30 })
    expect(nodes.out).toMatchObject({ in: 570 })
    expect({ status, reason }).toEqual({ status: 0, reason: 'idle' })
  }, 60_000)
})

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { numbersPipeline, RunBench } from './a-run.ts'
import { slowness } from './slowness.ts'

const bench = new RunBench()
beforeAll(() => bench.start())
afterAll(() => bench.stop())

const processorOf = (body: string) => `import { processor } from 'millrace'

const kept: unknown[] = []

export default processor<{ n: number }, { n: number }>((record, ctx) => {
${body}
  ctx.forward({ ...record, value: record.value })
})
`

/** Line 6 is the first of the body. */
const misbehaviours = {
  'loops forever': {
    body: '  while (record.value.n === 300) kept.length = 0',
    code: 'PROCESSOR_STUCK',
    line: 6,
  },
  throws: {
    body: "  if (record.value.n === 300) throw new Error('three hundred is too much')",
    code: 'PROCESSING_FAILED',
    line: 6,
  },
  'ends its process': {
    body: '  if (record.value.n === 300) process.exit(7)',
    code: 'PROCESSING_FAILED',
    line: 6,
  },
  'eats the heap in one record': {
    body: '  while (record.value.n === 300) kept.push(new Array(10_000).fill(record.value.n))',
    code: 'MEMORY_EXHAUSTED',
    line: 6,
  },
  'eats memory outside the heap': {
    body: '  while (record.value.n === 300) kept.push(Buffer.alloc(1024 * 1024, 1))',
    code: 'MEMORY_EXHAUSTED',
    line: 6,
  },
}

async function untilFailed(id: string, body: string) {
  const slowBefore = slowness()
  const document = numbersPipeline(id, 'fail', 200)
  const run = await bench.run(document, bench.write(document, processorOf(body), 2000), {
    limits: { heapBytesMax: 192 * 1024 * 1024, residentBytesMax: 640 * 1024 * 1024 },
  })
  await expect.poll(() => run.session.state.state, { timeout: 90_000, interval: 20 }).toBe('failed')
  const failedMs = Date.now()
  await run.session.ended
  return { run, failedMs, slow: Math.max(slowBefore, slowness()) }
}

describe('a processor that', () => {
  it.each(Object.entries(misbehaviours))(
    '%s is contained within 2 s and reported at its node, with file and line',
    async (name, { body, code, line }) => {
      let attempt = await untilFailed(`bad-${name.replaceAll(' ', '-')}`, body)
      // Code that eats the memory is ended before a machine that is busy with other things has told where it stands.
      for (
        let again = 1;
        again <= 3 && attempt.slow > 1.5 && !attempt.run.session.state.failure?.file;
        again++
      ) {
        attempt = await untilFailed(`bad-${name.replaceAll(' ', '-')}-${again}`, body)
      }
      const { run, slow, failedMs } = attempt
      const failure = run.session.state.failure
      expect(failure).toMatchObject({
        error: { code },
        node: 'work',
        file: { path: expect.stringMatching(/processors\/work\.ts$/), line },
      })
      // The last sample in which records still came through was not more than 2 s and two samples ago.
      const moving = run.samples.findLast((sample, index) => {
        const before = run.samples[index - 1]
        return before !== undefined && sample.nodes.out!.in > before.nodes.out!.in
      })
      expect(moving).toBeDefined()
      expect(run.states.at(-1)!.state).toBe('failed')
      expect(failedMs - moving!.timeMs).toBeLessThan(2500 * slow)
    },
    240_000,
  )

  it('throws for one record is passed over where the node skips what fails, and counted', async () => {
    const document = numbersPipeline('skipping', 'skip')
    const body = "  if (record.value.n % 10 === 0) throw new Error('no tens')"
    const run = await bench.run(document, bench.write(document, processorOf(body), 100))
    await expect.poll(() => run.session.state.state, { timeout: 60_000 }).toBe('idle')
    const { work, out } = run.samples.at(-1)!.nodes
    expect(work).toMatchObject({ in: 100, out: 90, failed: 10, lastError: { what: 'no tens', count: 10 } })
    expect(out).toMatchObject({ in: 90 })
    expect(run.problems.length).toBeLessThan(10)
    expect(run.problems.reduce((sum, { count = 1 }) => sum + count, 0)).toBe(10)
    expect(run.problems[0]).toMatchObject({ node: 'work', file: { line: 6 } })
  }, 90_000)

  it('can not be compiled is reported at its line before anything runs', async () => {
    const document = numbersPipeline('broken')
    const run = await bench.run(document, bench.write(document, 'export default (\n  const x\n)\n', 1))
    await expect.poll(() => run.session.state.state, { timeout: 60_000 }).toBe('failed')
    expect(run.session.state.failure).toMatchObject({
      error: { code: 'CODE_HAS_ERRORS' },
      node: 'work',
      file: { line: 2, column: 3 },
    })
  }, 90_000)
})

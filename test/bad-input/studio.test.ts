import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { EventOf, RunState } from '../../engine/host/contract.ts'
import { AStudio } from '../host/a-studio.ts'
import { numbersPipeline } from '../runner/a-run.ts'

const studio = new AStudio()
beforeAll(() => studio.start(), 60_000)
afterAll(() => studio.stop())

const numbers = Array.from({ length: 600 }, (_, index) => JSON.stringify({ n: index + 1 })).join('\n')
const files = (body: string) => ({
  'numbers.ndjson': numbers,
  'processors/work.ts': `import { processor } from 'millrace'
export default processor<{ n: number }, { n: number }>((record, ctx) => {
${body}
  ctx.forward(record)
})
`,
})

/** Runs it until it is over; what the window hears of it meanwhile. */
async function runToItsEnd(folder: string): Promise<{ run: RunState; problems: EventOf<'run.problem'>[] }> {
  const problems: EventOf<'run.problem'>[] = []
  const stop = studio.client.on('run.problem', (failure) => problems.push(failure))
  try {
    await studio.client.call('run.start', { path: folder, fromStart: false })
    const state = async () => (await studio.client.call('run.state', {})).run!
    await expect
      .poll(async () => (await state()).state, { timeout: 30_000, interval: 50 })
      .toMatch(/idle|failed|stopped/)
    return { run: await state(), problems }
  } finally {
    stop()
  }
}

describe('in the studio, a processor that', () => {
  it.each([
    ['throws', "  if (record.value.n === 300) throw new Error('too much')", 'PROCESSING_FAILED'],
    ['loops forever', '  while (record.value.n === 300) record.value.n = 300', 'PROCESSOR_STUCK'],
  ])(
    '%s fails the run at its node and line; the next run works',
    async (does, body, code) => {
      const document = numbersPipeline(`studio-${does.replaceAll(' ', '-')}`)
      const folder = studio.write(document, files(body))
      const { run, problems } = await runToItsEnd(folder)
      const failure = {
        node: 'work',
        file: { path: expect.stringMatching(/processors\/work\.ts$/), line: 3 },
        error: { code, what: expect.any(String), remedy: expect.any(String) },
      }
      expect(run).toMatchObject({ state: 'failed', failure })
      expect(problems).toMatchObject([failure])

      studio.write(document, files(''))
      const again = await runToItsEnd(folder)
      expect(again).toMatchObject({ run: { state: 'idle' }, problems: [] })
      await studio.client.call('run.stop', { runId: again.run.runId })
    },
    60_000,
  )
})

describe('in the studio, a pipeline', () => {
  it('with a bad line goes on, and the window hears which line', async () => {
    const document = numbersPipeline('studio-bad-line')
    const folder = studio.write(document, { ...files(''), 'numbers.ndjson': '{"n":1}\nno JSON\n{"n":3}\n' })
    const { run, problems } = await runToItsEnd(folder)
    expect(run.state).toBe('idle')
    expect(problems).toMatchObject([
      { node: 'numbers', error: { code: 'BAD_LINE', where: 'numbers.ndjson:2' } },
    ])
    await studio.client.call('run.stop', { runId: run.runId })
  }, 60_000)

  it('whose file is missing says so before it runs, and when it runs', async () => {
    const document = numbersPipeline('studio-no-file')
    const { 'processors/work.ts': code } = files('')
    const folder = studio.write(document, { 'processors/work.ts': code })
    const { problems } = await studio.client.call('pipeline.analyze', {
      path: folder,
      document,
      files: [{ path: 'processors/work.ts', text: code }],
    })
    expect(problems).toMatchObject([{ code: 'MR-131', node: 'numbers', field: 'file' }])
    const { run } = await runToItsEnd(folder)
    expect(run).toMatchObject({
      state: 'failed',
      failure: { node: 'numbers', error: { code: 'FILE_NOT_FOUND' } },
    })
  }, 60_000)

  it('that cannot be read is refused with its place, and the others open', async () => {
    const broken = studio.write(numbersPipeline('studio-newer'), { 'pipeline.json': '{"version":99}' })
    await expect(studio.client.call('pipeline.open', { path: broken })).rejects.toMatchObject({
      code: 'PIPELINE_TOO_NEW',
      where: `${broken}/pipeline.json`,
      remedy: expect.any(String),
    })
    const good = studio.write(numbersPipeline('studio-good'), files(''))
    expect(await studio.client.call('pipeline.open', { path: good })).toMatchObject({ trusted: true })
  })
})

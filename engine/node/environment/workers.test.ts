import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import type { StartHosted } from './hosted-worker.ts'
import { createNodeEnvironment } from './index.ts'
import { forkProcess } from './worker-process.ts'
import { createNodeWorkers } from './workers.ts'

const entry = new URL('./test-workers/bodies.ts', import.meta.url)
const { workers } = createNodeEnvironment({ entryPoints: { 'stream-thread': entry } })
const spinningLine =
  readFileSync(entry, 'utf8')
    .split('\n')
    .findIndex((line) => line.includes('look for this line')) + 1

describe.each(['thread', 'process'] as const)('a worker in a %s', (kind) => {
  const start = (data: string, limits = {}) => workers.start('stream-thread', kind, data, limits)

  test('answers messages in order, bytes included, until it is terminated', async () => {
    const worker = await start('echo')
    const answers: unknown[] = []
    const all = new Promise<void>((resolve) => {
      worker.onMessage((answer) => {
        answers.push(answer)
        if (answers.length === 3) resolve()
      })
    })
    worker.post(1)
    worker.post({ bytes: new Uint8Array([1, 2]) })
    worker.post('three')
    await all
    expect(answers).toEqual([
      { echoed: 1 },
      { echoed: { bytes: new Uint8Array([1, 2]) } },
      { echoed: 'three' },
    ])
    await worker.terminate()
    expect((await worker.exited).reason).toBe('terminated')
  })

  test('delivers its last message before it counts as finished', async () => {
    const worker = await start('finish')
    const messages: unknown[] = []
    worker.onMessage((message) => messages.push(message))
    expect(await worker.exited).toMatchObject({ reason: 'finished', exitCode: 0 })
    expect(messages).toEqual(['last words'])
  })

  test.each([
    ['throw', 'TypeError', 'thrown in the body'],
    ['throw-later', 'RangeError', 'thrown outside of the body'],
  ])('that fails by %s reports the error with its stack', async (data, name, message) => {
    const exit = await (await start(data)).exited
    expect(exit).toMatchObject({ reason: 'crashed', error: { name, message } })
    expect(exit.error?.stack).toContain('bodies.ts')
  })

  test('that exits on its own counts as crashed, with its exit code', async () => {
    const exit = await (await start('exit')).exited
    expect(exit).toMatchObject({ reason: 'crashed', exitCode: 3 })
    expect(exit.error?.message).toContain('ended its own worker')
  })

  test('that fills its heap is ended, and nothing else', async () => {
    const exit = await (await start('fill-heap', { heapBytesMax: 24 * 2 ** 20 })).exited
    expect(exit.reason).toBe('heap-exhausted')
  })

  // Again when the machine is too busy to read the stack in time.
  test('that loops forever is ended within the heartbeat, and the line is known', { retry: 2 }, async () => {
    const startedMs = performance.now()
    const worker = await start('spin', { heartbeatMs: 500 })
    expect((await worker.exited).reason).toBe('unresponsive')
    expect(performance.now() - startedMs).toBeLessThan(6000)
    expect(await worker.whereStuck()).toMatchObject({ path: fileURLToPath(entry), line: spinningLine })
  })

  test('that is idle is not taken for stuck', async () => {
    const worker = await start('echo', { heartbeatMs: 1000 })
    const first = await Promise.race([worker.exited, new Promise((resolve) => setTimeout(resolve, 2500))])
    expect(first).toBeUndefined()
    await worker.terminate()
  })
})

test.runIf(process.platform === 'linux')(
  'a process that eats memory outside of its heap is ended',
  async () => {
    const worker = await workers.start('stream-thread', 'process', 'fill-buffers', {
      residentBytesMax: 300 * 2 ** 20,
    })
    expect((await worker.exited).reason).toBe('memory-exceeded')
  },
)

test('where its memory cannot be read from outside, a process tells it itself', async () => {
  const unseen: StartHosted = (...args) => ({ ...forkProcess(...args), residentBytes: () => undefined })
  const elsewhere = createNodeWorkers({ 'stream-thread': entry }, unseen)
  const worker = await elsewhere.start('stream-thread', 'process', 'fill-buffers', {
    residentBytesMax: 300 * 2 ** 20,
  })
  expect((await worker.exited).reason).toBe('memory-exceeded')
})

test('a process does not see the secrets among the environment variables', async () => {
  const { workerVariables } = await import('./worker-variables.ts')
  process.env.SECRET_TOKEN = 'hidden'
  expect(workerVariables()).not.toHaveProperty('SECRET_TOKEN')
  expect(workerVariables()).toHaveProperty('PATH')
})

test('an unknown body is refused', async () => {
  await expect(workers.start('typing', 'thread', undefined)).rejects.toMatchObject({ code: 'UNKNOWN_WORKER' })
})

import { describe, expect, test } from 'vitest'
import { createLineLog, createNodeEnvironment } from './index.ts'

const environment = createNodeEnvironment()

describe('time', () => {
  test('a cancelled timer does not fire, and a sleep is cut short by its signal', async () => {
    let fired = 0
    environment.timers.after(5, () => fired++).cancel()
    const controller = new AbortController()
    const reason = new Error('stop')
    const sleeping = environment.timers.sleep(60_000, controller.signal)
    controller.abort(reason)
    await expect(sleeping).rejects.toBe(reason)
    await environment.timers.sleep(20)
    expect(fired).toBe(0)
  })

  test('a delay longer than setTimeout can hold does not fire at once', async () => {
    let fired = false
    const timer = environment.timers.after(2 ** 31 + 1000, () => {
      fired = true
    })
    await environment.timers.sleep(20)
    timer.cancel()
    expect(fired).toBe(false)
  })
})

describe('random numbers', () => {
  test('repeat with a seed and differ without one', () => {
    const draw = (seed?: string) => createNodeEnvironment({ seed }).random.uuid()
    expect(draw('a')).toBe(draw('a'))
    expect(draw('a')).not.toBe(draw('b'))
    expect(draw()).not.toBe(draw())
  })

  test('of a fork depend on seed and name only', () => {
    const fork = (drawn: number) => {
      const { random } = createNodeEnvironment({ seed: 1 })
      for (let i = 0; i < drawn; i++) random.float()
      return random.fork('x').int(1_000_000)
    }
    expect(fork(0)).toBe(fork(3))
  })

  test('are spread evenly', () => {
    const { random } = createNodeEnvironment({ seed: 7 })
    const counts = Array.from({ length: 10 }, () => 0)
    let sum = 0
    for (let i = 0; i < 100_000; i++) {
      counts[random.int(10)]!++
      sum += random.float()
    }
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(500)
    expect(Math.abs(sum / 100_000 - 0.5)).toBeLessThan(0.01)
  })
})

describe('state stores', () => {
  test('keep committed changes in the order of their keys, over a reopening', async () => {
    const folder = await environment.disk.temporaryFolder('millrace-store-')
    const bytes = (text: string) => Buffer.from(text)
    let store = await environment.keyValue.open(`${folder}/s`)
    await store.commit([
      [bytes('b'), bytes('2')],
      [Buffer.from([0xff]), bytes('last')],
      [bytes('a'), bytes('1')],
      [bytes('c'), bytes('3')],
    ])
    await store.commit([[bytes('c'), undefined]])
    await store.close()
    store = await environment.keyValue.open(`${folder}/s`)
    expect(store.get(bytes('a'))).toEqual(bytes('1'))
    expect(store.get(bytes('c'))).toBeUndefined()
    expect([...store.range(undefined, undefined)].map(([, value]) => value.toString())).toEqual([
      '1',
      '2',
      'last',
    ])
    expect([...store.range(bytes('a'), bytes('b'))].map(([key]) => key.toString())).toEqual(['a'])
    await expect(store.commit([[Buffer.alloc(5000), bytes('x')]])).rejects.toMatchObject({
      code: 'BAD_STATE_KEY',
    })
    await store.close()
    expect(() => store.get(bytes('a'))).toThrow(expect.objectContaining({ code: 'STORE_CLOSED' }))
    await environment.disk.remove(folder)
  })
})

test('the log writes a line per entry from the level asked for upwards', () => {
  const lines: string[] = []
  const log = createLineLog('info', (line) => lines.push(line))
  log.write('debug', 'broker', 'quiet')
  log.write('warn', 'broker', 'loud', { partition: 3 })
  expect(lines).toHaveLength(1)
  expect(lines[0]).toMatch(/ warn {2}broker: loud \{ partition: 3 \}$/)
})

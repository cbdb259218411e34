import { expect, test, vi } from 'vitest'
import { createNodeEnvironment } from '../../node/environment/index.ts'
import { firstOf } from './first-of.ts'

const { timers } = createNodeEnvironment()
const never = () => new Promise<string>(() => undefined)

test('the next attempt starts at once after a failure, and only then', async () => {
  const last = vi.fn(async () => 'last')
  const attempts = [async () => Promise.reject(new Error('no')), async () => 'second', last]
  expect(await firstOf(attempts, 10_000, timers)).toBe('second')
  expect(last).not.toHaveBeenCalled()
})

test('one that says nothing is not waited for alone', async () => {
  expect(await firstOf([never, async () => 'second'], 20, timers)).toBe('second')
})

test('with all failed, the last failure is told; a late one still counts', async () => {
  const failing = (text: string, afterMs: number) => async () => {
    await timers.sleep(afterMs)
    throw new Error(text)
  }
  const both = firstOf([failing('slow', 80), failing('quick', 0)], 20, timers)
  await expect(both).rejects.toThrow('slow')
})

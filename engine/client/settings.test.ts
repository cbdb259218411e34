import { describe, expect, test } from 'vitest'
import { createNodeEnvironment } from '../node/environment/index.ts'
import { backoffMs } from './backoff.ts'
import { consumerSettings } from './consumer/settings.ts'
import { cooperativeStickyAssignor, rangeAssignor } from './index.ts'
import { producerSettings } from './producer/settings.ts'
import { parseAddress } from './settings.ts'

const bootstrap = ['127.0.0.1:9092']
const codeOf = (make: () => unknown) => {
  try {
    make()
  } catch (thrown) {
    return (thrown as { code: string }).code
  }
  return undefined
}

describe('settings', () => {
  test.each([
    ['localhost:9092', { host: 'localhost', port: 9092 }],
    ['[::1]:19092', { host: '::1', port: 19092 }],
  ])('%s is an address', (text, address) => {
    expect(parseAddress(text)).toEqual(address)
  })

  test.each(['', 'localhost', 'localhost:', ':9092', 'a:b:1', 'host:0', 'host:70000'])(
    '"%s" is none',
    (text) => {
      expect(codeOf(() => parseAddress(text))).toBe('BAD_ADDRESS')
    },
  )

  test('idempotence is on by default, off without acks all, and refused where it cannot hold', () => {
    expect(producerSettings({ bootstrap })).toMatchObject({ idempotence: true, acks: -1 })
    expect(producerSettings({ bootstrap, acks: 1 })).toMatchObject({ idempotence: false, acks: 1 })
    expect(codeOf(() => producerSettings({ bootstrap, acks: 1, idempotence: true }))).toBe('BAD_OPTION')
    expect(codeOf(() => producerSettings({ bootstrap, maxInFlight: 6 }))).toBe('BAD_OPTION')
    expect(codeOf(() => producerSettings({ bootstrap: [] }))).toBe('BAD_OPTION')
    expect(codeOf(() => producerSettings({ bootstrap, lingerMs: Number.NaN }))).toBe('BAD_OPTION')
  })

  test('a group is cooperative only if all its assignors are', () => {
    const isCooperative = (...assignors: (typeof rangeAssignor)[]) =>
      consumerSettings({ bootstrap, groupId: 'g', assignors }).group!.isCooperative
    expect(isCooperative(cooperativeStickyAssignor)).toBe(true)
    expect(isCooperative(cooperativeStickyAssignor, rangeAssignor)).toBe(false)
    expect(codeOf(() => consumerSettings({ bootstrap, autoCommitIntervalMs: 100 }))).toBe('BAD_OPTION')
  })
})

test('pauses double up to the maximum, give or take a fifth', () => {
  const { random } = createNodeEnvironment({ seed: 1 })
  const policy = { retryBackoffMs: 100, retryBackoffMaxMs: 1000 }
  for (const [attempt, expected] of [100, 200, 400, 800, 1000, 1000].entries()) {
    const pause = backoffMs(attempt, policy, random)
    expect(pause).toBeGreaterThanOrEqual(expected * 0.8)
    expect(pause).toBeLessThanOrEqual(expected * 1.2)
  }
})

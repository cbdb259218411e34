import { describe, expect, test } from 'vitest'
import { murmur2, partitionOfKey } from './murmur2.ts'

describe('murmur2', () => {
  // Published with Kafka's own tests, and so what every client has to give.
  test.each([
    ['21', -973932308],
    ['foobar', -790332482],
    ['a-little-bit-long-string', -985981536],
    ['a-little-bit-longer-string', -1486304829],
    ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
    ['abc', 479470107],
  ])('of "%s" is %i', (text, hash) => {
    expect(murmur2(Buffer.from(text))).toBe(hash)
  })

  test('gives partitions from 0 on, for negative hashes too', () => {
    for (let index = 0; index < 1000; index++) {
      const partition = partitionOfKey(Buffer.from(`key ${index}`), 7)
      expect(partition).toBeGreaterThanOrEqual(0)
      expect(partition).toBeLessThan(7)
    }
  })
})

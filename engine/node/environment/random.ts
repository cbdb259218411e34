import { randomFillSync } from 'node:crypto'
import type { Random } from '../../environment/index.ts'
import { createSeededRandom } from '../../sim/seeded-random.ts'

/** Seeded by the operating system unless a seed is given, which makes a run repeatable. */
export function createNodeRandom(seed?: number | string): Random {
  if (seed !== undefined) return createSeededRandom(seed)
  const [a, b, c, d] = randomFillSync(new Int32Array(4))
  return createSeededRandom([a!, b!, c!, d!])
}

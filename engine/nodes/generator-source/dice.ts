/** Chance for one generated record: depends on seed and index alone, so that a run can go on anywhere. */
export interface Dice {
  int(low: number, high: number): number
  float(low: number, high: number): number
  normal(mean: number, deviation: number): number
  pick<T>(...choices: readonly T[]): T
  skewed<T>(...choices: readonly T[]): T
  chance(probability: number): boolean
}

export function dice(seed: number, index: number): Dice {
  const next = stream(seed, index)
  const float = (low: number, high: number) => low + next() * (high - low)
  const at = <T>(choices: readonly T[], place: number) => choices[Math.min(place, choices.length - 1)] as T
  return {
    int: (low, high) => Math.floor(low + next() * (high - low + 1)),
    float,
    normal(mean, deviation) {
      // Box and Muller's transform; 1 − u keeps the logarithm finite.
      const radius = Math.sqrt(-2 * Math.log(1 - next()))
      return mean + deviation * radius * Math.cos(2 * Math.PI * next())
    },
    pick: (...choices) => at(choices, Math.floor(next() * choices.length)),
    skewed: (...choices) => at(choices, Math.floor(-Math.log2(1 - next()))),
    chance: (probability) => next() < probability,
  }
}

/** Uniform numbers in [0, 1), by a counter that is scrambled with the finalizer of murmur3. */
function stream(seed: number, index: number): () => number {
  let counter = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(index + 1, 0xc2b2ae35)
  return () => {
    counter = (counter + 0x9e3779b9) | 0
    let bits = counter
    bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b)
    bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35)
    return ((bits ^ (bits >>> 16)) >>> 0) / 2 ** 32
  }
}

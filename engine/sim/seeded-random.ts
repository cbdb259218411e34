import type { Random } from '../environment/index.ts'

/** Four words of state; never all zero. */
export type SeedWords = readonly [number, number, number, number]

/**
 * Numbers that depend on nothing but the seed: xoshiro128** (Blackman and Vigna), seeded through splitmix32. Not for
 * secrets.
 */
export function createSeededRandom(seed: number | string | SeedWords): Random {
  const words = typeof seed === 'object' ? seed : seedWords(String(seed))
  let [a, b, c, d] = words
  if ((a | b | c | d) === 0) d = 1

  const nextWord = (): number => {
    const product = Math.imul(b, 5)
    const result = Math.imul((product << 7) | (product >>> 25), 9)
    const shifted = b << 9
    c ^= a
    d ^= b
    b ^= c
    a ^= d
    c ^= shifted
    d = (d << 11) | (d >>> 21)
    return result >>> 0
  }

  const bytes = (length: number): Uint8Array => {
    const result = new Uint8Array(length)
    let word = 0
    for (let i = 0; i < length; i++) {
      if ((i & 3) === 0) word = nextWord()
      result[i] = word & 0xff
      word >>>= 8
    }
    return result
  }

  return {
    float: () => ((nextWord() >>> 5) * 0x4000000 + (nextWord() >>> 6)) / 2 ** 53,
    int(bound) {
      if (!(Number.isSafeInteger(bound) && bound > 0)) throw new RangeError(`no integer below ${bound}`)
      if (bound > 2 ** 32) return Math.floor((nextWord() + (nextWord() >>> 11) * 2 ** 32) % bound)
      // Draws above the last whole multiple of the bound would favour the small numbers.
      const limit = 2 ** 32 - (2 ** 32 % bound)
      for (;;) {
        const word = nextWord()
        if (word < limit) return word % bound
      }
    },
    bytes,
    uuid() {
      const raw = bytes(16)
      raw[6] = (raw[6]! & 0x0f) | 0x40
      raw[8] = (raw[8]! & 0x3f) | 0x80
      const hex = Array.from(raw, (byte) => byte.toString(16).padStart(2, '0')).join('')
      return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
    },
    // From the seed, not from the state: how much was drawn before must not matter.
    fork: (name) => createSeededRandom(`${words.join('.')}/${name}`),
  }
}

function seedWords(text: string): SeedWords {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  // A second, position-dependent hash, so that two texts must collide in 64 bits to share their numbers.
  let other = 0x9747b28c
  for (let i = text.length - 1; i >= 0; i--) other = Math.imul(other ^ (text.charCodeAt(i) + i), 0x5bd1e995)
  const first = splitMix(hash)
  const second = splitMix(other)
  return [first(), second(), first(), second()]
}

function splitMix(start: number): () => number {
  let state = start | 0
  return () => {
    state = (state + 0x9e3779b9) | 0
    let mixed = state ^ (state >>> 16)
    mixed = Math.imul(mixed, 0x21f0aaad)
    mixed ^= mixed >>> 15
    mixed = Math.imul(mixed, 0x735a2d97)
    return (mixed ^ (mixed >>> 15)) | 0
  }
}

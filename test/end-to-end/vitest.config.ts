import { defineConfig } from 'vitest/config'

/** One browser and one cluster at a time: they share two cores and the studio's ports. */
export default defineConfig({
  test: {
    root: new URL('../..', import.meta.url).pathname,
    include: ['test/end-to-end/**/*.test.ts'],
    testTimeout: 300_000,
    hookTimeout: 120_000,
    fileParallelism: false,
    sequence: { shuffle: false },
  },
})

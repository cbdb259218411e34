import { defineConfig } from 'vitest/config'

/** Needs peers (Java, Maven, kcat) and minutes, so it runs by `npm run test:interop`, not with `npm test`. */
export default defineConfig({
  test: {
    root: new URL('../..', import.meta.url).pathname,
    include: ['test/interop/**/*.test.ts'],
    testTimeout: 180_000,
    hookTimeout: 180_000,
    // Clusters are large: one file, and so one cluster, at a time.
    fileParallelism: false,
  },
})

import { defineConfig } from 'vitest/config'
import { nodeIcons } from '../renderer/node-icons-plugin.ts'

export default defineConfig({
  // The window's one module that only its build makes.
  plugins: [nodeIcons()],
  test: {
    root: new URL('..', import.meta.url).pathname,
    include: ['engine/**/*.test.ts', 'renderer/**/*.test.ts', 'electron/**/*.test.ts', 'test/**/*.test.ts'],
    exclude: ['**/node_modules/**', '.build/**', 'test/interop/**', 'test/bench/**', 'test/end-to-end/**'],
    // Far more than anything takes: there to end a test that hangs.
    testTimeout: 120_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
  },
})

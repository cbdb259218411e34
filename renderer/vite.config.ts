import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'
import { nodeIcons } from './node-icons-plugin.ts'

const here = new URL('.', import.meta.url).pathname

export default defineConfig({
  root: here,
  base: './',
  plugins: [react(), nodeIcons()],
  worker: { format: 'es', plugins: () => [] },
  build: {
    outDir: new URL('../.build/renderer', import.meta.url).pathname,
    emptyOutDir: true,
    target: 'chrome132',
    // The strict policy has no room for inlined workers or fonts from data addresses larger than an icon.
    assetsInlineLimit: 2048,
    chunkSizeWarningLimit: 8000,
    modulePreload: { polyfill: false },
  },
})

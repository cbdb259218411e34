import { createRequire } from 'node:module'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { WorkerName } from '../../environment/index.ts'

/**
 * Where the parts of the product lie, seen from this file: from the sources in `engine/node/entry/`, from the bundles in
 * `.build/engine/` (or its `chunks/`), or from `dist/` of the installed package.
 */
const here = new URL('.', import.meta.url)
const fromSources = import.meta.url.endsWith('.ts')
const bundles = here.pathname.endsWith('/chunks/') ? new URL('..', here) : here

const workerEntries: Readonly<Record<WorkerName, string>> = {
  cluster: 'cluster-worker',
  runner: 'runner',
  'stream-thread': 'stream-thread',
  typing: 'typing-worker',
}

/** The file that a process or thread is started with. */
export function entryFile(name: string): URL {
  return fromSources ? new URL(`${name}.ts`, here) : new URL(`${name}.mjs`, bundles)
}

export function workerEntryPoints(): Readonly<Record<WorkerName, URL>> {
  return {
    cluster: entryFile(workerEntries.cluster),
    runner: entryFile(workerEntries.runner),
    'stream-thread': entryFile(workerEntries['stream-thread']),
    typing: entryFile(workerEntries.typing),
  }
}

/** The folder that holds `.build/` and `pipelines/`; undefined in the installed package, which has no studio. */
export function productRoot(): string | undefined {
  if (fromSources) return folderPath(new URL('../../..', here))
  if (bundles.pathname.endsWith('/.build/engine/')) return folderPath(new URL('../..', bundles))
  return undefined
}

/** Where the package `typescript` has its declarations of the language's library. */
export function typescriptLibraryFolder(): string {
  const entry = createRequire(import.meta.url).resolve('typescript')
  return path.dirname(entry).replaceAll('\\', '/')
}

function folderPath(url: URL): string {
  return fileURLToPath(url).replace(/[\\/]$/, '')
}

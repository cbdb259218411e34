import { readFileSync } from 'node:fs'
import path from 'node:path'
import { productRoot } from '../entry/locate.ts'

/** As package.json says it. */
export function productVersion(): string {
  const folder = productRoot() ?? path.resolve(import.meta.dirname, '..')
  try {
    const manifest: { version?: unknown } = JSON.parse(
      readFileSync(path.join(folder, 'package.json'), 'utf8'),
    )
    return typeof manifest.version === 'string' ? manifest.version : 'unknown'
  } catch {
    return 'unknown' // the bundle was taken away from its package
  }
}

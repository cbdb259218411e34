import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { isMillraceError, MillraceError } from '../../base/errors.ts'

const fileName = 'studio.json'

/**
 * Leaves word in the data folder where its studio is to be reached, for whoever starts another one on it. The address
 * signs in: only the owner may read the file. Returns the way to take the word back.
 */
export function leaveWord(dataFolder: string, url: string): () => void {
  const file = path.join(dataFolder, fileName)
  mkdirSync(dataFolder, { recursive: true })
  // A file that is there keeps its permissions when it is written.
  rmSync(file, { force: true })
  writeFileSync(file, JSON.stringify({ pid: process.pid, url }), { mode: 0o600 })
  return () => rmSync(file, { force: true })
}

/** DATA_IN_USE with the address of the studio that uses the data, where it left word; any other error as it is. */
export function withWordOf(dataFolder: string, thrown: unknown): unknown {
  if (!isMillraceError(thrown, 'DATA_IN_USE')) return thrown
  const url = addressIn(path.join(dataFolder, fileName))
  const another = 'choose another folder with --data DIR'
  return new MillraceError({
    code: thrown.code,
    what: thrown.what,
    where: thrown.where,
    remedy:
      url === undefined ? `close the other studio or broker, or ${another}` : `open ${url}, or ${another}`,
    details: thrown.details,
    cause: thrown,
  })
}

function addressIn(file: string): string | undefined {
  try {
    const { pid, url } = JSON.parse(readFileSync(file, 'utf8')) as { pid?: unknown; url?: unknown }
    if (typeof pid !== 'number' || typeof url !== 'string') return undefined
    process.kill(pid, 0)
    return url
  } catch {
    return undefined // it left no word, or has ended without taking it back
  }
}

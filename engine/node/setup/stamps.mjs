// A stamp remembers what a step was done for, so that it is done again only when that has changed.
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { stampsFolder } from './paths.mjs'

export function readStamp(name) {
  try {
    return JSON.parse(readFileSync(path.join(stampsFolder, `${name}.json`), 'utf8'))
  } catch {
    return undefined
  }
}

export function writeStamp(name, value) {
  mkdirSync(stampsFolder, { recursive: true })
  writeFileSync(path.join(stampsFolder, `${name}.json`), `${JSON.stringify(value)}\n`)
}

/** A hash over names, sizes and times of all files below the given files and folders; contents are not read. */
export function fingerprint(places, ignore = () => false) {
  const hash = createHash('sha256')
  const visit = (place) => {
    if (ignore(place)) return
    const stat = statSync(place, { throwIfNoEntry: false })
    if (!stat) return
    if (stat.isDirectory()) {
      for (const name of readdirSync(place).sort()) visit(path.join(place, name))
    } else {
      hash.update(`${place}\0${stat.size}\0${stat.mtimeMs}\n`)
    }
  }
  for (const place of places) visit(place)
  return hash.digest('hex')
}

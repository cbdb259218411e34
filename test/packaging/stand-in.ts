/** Something that electron-builder takes for an unpacked Electron: a program with the fuse wire, and nothing that runs. */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'

const sentinel = 'dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX'
const wireVersion = 1
const fuses = '1'.repeat(9)

export function writeStandIn(folder: string, version: string): void {
  mkdirSync(path.join(folder, 'resources'), { recursive: true })
  mkdirSync(path.join(folder, 'locales'), { recursive: true })
  const program = Buffer.concat([
    Buffer.alloc(64),
    Buffer.from(sentinel),
    Buffer.from([wireVersion, fuses.length]),
    Buffer.from(fuses),
    Buffer.alloc(64),
  ])
  writeFileSync(path.join(folder, 'electron'), program)
  chmodSync(path.join(folder, 'electron'), 0o755)
  for (const name of [
    'LICENSE',
    'LICENSES.chromium.html',
    'icudtl.dat',
    'chrome_100_percent.pak',
    'resources.pak',
  ])
    writeFileSync(path.join(folder, name), name)
  writeFileSync(path.join(folder, 'locales', 'en-US.pak'), '')
  writeFileSync(path.join(folder, 'version'), version)
}

/** The fuse bytes of a program, one character each: `0` off, `1` on, `r` removed. */
export function readFuses(program: Buffer): string {
  const at = program.indexOf(sentinel) + sentinel.length
  return program.subarray(at + 2, at + 2 + (program[at + 1] ?? 0)).toString('latin1')
}

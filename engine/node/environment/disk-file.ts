import * as fs from 'node:fs'
import { MillraceError } from '../../base/errors.ts'
import type { DiskFile } from '../../environment/index.ts'
import { fromSystemError } from './system-errors.ts'

type OpenMode = 'read' | 'read-write' | 'create' | 'create-new'

const { O_CREAT, O_EXCL, O_RDONLY, O_RDWR } = fs.constants
const flagsOf: Readonly<Record<OpenMode, number>> = {
  read: O_RDONLY,
  'read-write': O_RDWR,
  create: O_RDWR | O_CREAT,
  'create-new': O_RDWR | O_CREAT | O_EXCL,
}

export async function openDiskFile(path: string, mode: OpenMode): Promise<DiskFile> {
  const descriptor = await call<number>(path, (done) => fs.open(path, flagsOf[mode], 0o666, done))
  return new NodeDiskFile(path, descriptor)
}

/** The callback functions on a descriptor: a third less overhead per call than `FileHandle`. */
class NodeDiskFile implements DiskFile {
  readonly path: string
  #descriptor: number | undefined

  constructor(path: string, descriptor: number) {
    this.path = path
    this.#descriptor = descriptor
  }

  async size(): Promise<number> {
    const found = await call<fs.Stats>(this.path, (done) => fs.fstat(this.#open(), done))
    return found.size
  }

  async read(position: number, length: number): Promise<Buffer> {
    const buffer = Buffer.allocUnsafeSlow(length)
    let filled = 0
    while (filled < length) {
      const count = await call<number>(this.path, (done) =>
        fs.read(this.#open(), buffer, filled, length - filled, position + filled, done),
      )
      if (count === 0) break
      filled += count
    }
    return filled === length ? buffer : buffer.subarray(0, filled)
  }

  async write(position: number, pieces: readonly Uint8Array[]): Promise<void> {
    let rest = pieces
    let at = position
    // The system may take less than asked for, for instance shortly before the disk is full.
    while (rest.length > 0) {
      const count = await call<number>(this.path, (done) => fs.writev(this.#open(), rest, at, done))
      at += count
      rest = skipBytes(rest, count)
    }
  }

  truncate(length: number): Promise<void> {
    return call<void>(this.path, (done) => fs.ftruncate(this.#open(), length, done))
  }

  sync(): Promise<void> {
    return call<void>(this.path, (done) => fs.fdatasync(this.#open(), done))
  }

  async close(): Promise<void> {
    const descriptor = this.#descriptor
    if (descriptor === undefined) return
    this.#descriptor = undefined
    await call<void>(this.path, (done) => fs.close(descriptor, done))
  }

  #open(): number {
    if (this.#descriptor !== undefined) return this.#descriptor
    throw new MillraceError({ code: 'FILE_CLOSED', what: 'the file has been closed', where: this.path })
  }
}

function call<T>(path: string, start: (done: (error: Error | null, value?: T) => void) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    start((error, value) => (error ? reject(fromSystemError(error, path)) : resolve(value as T)))
  })
}

function skipBytes(pieces: readonly Uint8Array[], count: number): readonly Uint8Array[] {
  let skipped = 0
  for (let i = 0; i < pieces.length; i++) {
    const piece = pieces[i]!
    if (skipped + piece.length > count) return [piece.subarray(count - skipped), ...pieces.slice(i + 1)]
    skipped += piece.length
  }
  return []
}

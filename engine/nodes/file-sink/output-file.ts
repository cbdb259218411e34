/**
 * The file of a file sink, and the mark that tells it from a person's own: a hidden file beside it that holds how it begins.
 * Only a file that still begins so is ever cut or removed.
 */
import { MillraceError } from '../../base/errors.ts'
import type { Disk, DiskFile } from '../../environment/index.ts'

const markBytesMax = 256
const chunkBytes = 64 * 1024
const lineEnd = 0x0a

export class OutputFile {
  readonly #disk: Disk
  readonly #path: string
  readonly #file: DiskFile
  #end: number

  private constructor(disk: Disk, path: string, file: DiskFile, end: number) {
    this.#disk = disk
    this.#path = path
    this.#file = file
    this.#end = end
  }

  /** @throws MillraceError FILE_IS_A_FOLDER, NO_PERMISSION, … */
  static async open(disk: Disk, path: string): Promise<OutputFile> {
    const stat = await disk.stat(path)
    if (stat?.kind === 'folder') throw isFolder(path)
    await disk.makeFolder(path.slice(0, path.lastIndexOf('/')))
    const file = await disk.open(path, stat ? 'read-write' : 'create')
    try {
      const output = new OutputFile(disk, path, file, await file.size())
      await output.#endLine()
      return output
    } catch (thrown) {
      await file.close()
      throw thrown
    }
  }

  get isEmpty(): boolean {
    return this.#end === 0
  }

  /** Its first bytes, at most so many. */
  start(bytesMax: number): Promise<Buffer> {
    return this.#file.read(0, bytesMax)
  }

  async append(text: string): Promise<void> {
    const bytes = Buffer.from(text)
    if (this.isEmpty) await this.#disk.writeFileAtomic(markOf(this.#path), bytes.subarray(0, markBytesMax))
    await this.#file.write(this.#end, [bytes])
    this.#end += bytes.byteLength
    // The commit that follows says that the records are delivered: they must survive a crash after it.
    await this.#file.sync()
  }

  close(): Promise<void> {
    return this.#file.close()
  }

  /** A crash may have left half a line, whose record is delivered again; in a person's own file it is a line without an end. */
  async #endLine(): Promise<void> {
    const whole = await this.#wholeLinesEnd()
    if (whole === this.#end) return
    if (await isOfSink(this.#disk, this.#path)) {
      await this.#file.truncate(whole)
      this.#end = whole
      return
    }
    await this.#file.write(this.#end, [Buffer.from('\n')])
    this.#end += 1
  }

  async #wholeLinesEnd(): Promise<number> {
    for (let end = this.#end; end > 0; ) {
      const start = Math.max(0, end - chunkBytes)
      const found = (await this.#file.read(start, end - start)).lastIndexOf(lineEnd)
      if (found >= 0) return start + found + 1
      end = start
    }
    return 0
  }
}

/** @throws MillraceError FILE_IS_A_FOLDER, FILE_NOT_OF_SINK */
export async function removeOutput(disk: Disk, path: string): Promise<void> {
  const stat = await disk.stat(path)
  if (stat?.kind === 'folder') throw isFolder(path)
  if (stat) {
    if (stat.sizeBytes > 0 && !(await isOfSink(disk, path))) throw notOfSink(path)
    await disk.remove(path)
  }
  // Only what this module has written lies there.
  if ((await disk.stat(markOf(path)))?.kind === 'file') await disk.remove(markOf(path))
}

/** Whether the file begins as the mark says; after a crash in its first write it may be shorter. */
async function isOfSink(disk: Disk, path: string): Promise<boolean> {
  if ((await disk.stat(markOf(path)))?.kind !== 'file') return false
  const mark = await disk.readFile(markOf(path))
  const file = await disk.open(path, 'read')
  try {
    const start = await file.read(0, mark.byteLength)
    return start.equals(mark.subarray(0, start.byteLength))
  } finally {
    await file.close()
  }
}

function markOf(path: string): string {
  const name = path.lastIndexOf('/') + 1
  return `${path.slice(0, name)}.${path.slice(name)}.millrace`
}

function isFolder(path: string): MillraceError {
  return new MillraceError({
    code: 'FILE_IS_A_FOLDER',
    what: 'the file sink is to write a file where a folder is',
    where: path,
    remedy: 'choose another file at the node',
  })
}

function notOfSink(path: string): MillraceError {
  return new MillraceError({
    code: 'FILE_NOT_OF_SINK',
    what: 'the file was not begun by this file sink, so a run from start does not remove it',
    where: path,
    remedy: 'move the file away, or choose another at the node',
  })
}

import { MillraceError } from '../../base/errors.ts'
import type { Disk } from '../../environment/index.ts'
import { isWithin, join, nameOf, normalized, parentOf, placeWithin } from './paths.ts'

const dataFolder = 'data'
const pieceBytes = 1024 * 1024

/**
 * Copies a file from anywhere into the pipeline's `data/`, beside what is there, never over it; one that lies in the
 * pipeline's folder stays where it is. Returns its path in that folder.
 *
 * @throws MillraceError FILE_NOT_FOUND, NO_PERMISSION, DISK_FULL
 */
export async function bringFile(disk: Disk, folder: string, given: string): Promise<string> {
  const from = normalized(given)
  if ((await disk.stat(from))?.kind !== 'file') {
    throw new MillraceError({
      code: 'FILE_NOT_FOUND',
      what: 'there is no such file',
      where: from,
      remedy: 'choose a file, not a folder',
    })
  }
  if (isWithin(from, folder)) return from.slice(folder.length + 1)
  const wanted = await freeName(disk, folder, nameOf(from))
  const to = await placeWithin(disk, folder, wanted)
  await disk.makeFolder(parentOf(to))
  // Half a file must not pass for a whole one, should this end in the middle.
  const partial = join(parentOf(to), `.${nameOf(to)}.partial`)
  try {
    await copy(disk, from, partial)
    await disk.rename(partial, to)
  } catch (thrown) {
    await disk.remove(partial)
    throw thrown
  }
  await disk.syncFolder(parentOf(to))
  return wanted
}

async function freeName(disk: Disk, folder: string, name: string): Promise<string> {
  const dot = name.lastIndexOf('.') > 0 ? name.lastIndexOf('.') : name.length
  for (let number = 1; ; number++) {
    const free = number === 1 ? name : `${name.slice(0, dot)}-${number}${name.slice(dot)}`
    if (!(await disk.stat(join(folder, dataFolder, free)))) return `${dataFolder}/${free}`
  }
}

/** Piece by piece: data files may be larger than memory. */
async function copy(disk: Disk, from: string, to: string): Promise<void> {
  const source = await disk.open(from, 'read')
  try {
    const target = await disk.open(to, 'create')
    try {
      await target.truncate(0)
      for (let position = 0; ; ) {
        const piece = await source.read(position, pieceBytes)
        if (piece.length === 0) break
        await target.write(position, [piece])
        position += piece.length
      }
      await target.sync()
    } finally {
      await target.close()
    }
  } finally {
    await source.close()
  }
}

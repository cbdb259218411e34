import { MillraceError } from '../../base/errors.ts'
import type { Disk } from '../../environment/index.ts'

/** Paths are `/`-separated everywhere inside; `C:\x` of Windows is taken as `C:/x`. */
export function normalized(path: string): string {
  const text = path.replaceAll('\\', '/')
  const drive = /^[A-Za-z]:/.exec(text)?.[0] ?? ''
  const parts: string[] = []
  for (const part of text.slice(drive.length).split('/')) {
    if (part === '' || part === '.') continue
    if (part === '..') parts.pop()
    else parts.push(part)
  }
  return `${drive}/${parts.join('/')}`
}

export function join(folder: string, ...parts: readonly string[]): string {
  return normalized([folder, ...parts].join('/'))
}

export function parentOf(path: string): string {
  return normalized(`${path}/..`)
}

export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

export function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder === '/' ? '/' : `${folder}/`)
}

/** @throws MillraceError BAD_PATH for what does not lie below the folder */
export function withinFolder(folder: string, relative: string): string {
  const path = join(folder, relative)
  const isPlain = !/^([A-Za-z]:|[\\/])/.test(relative) && !relative.includes('\0')
  if (isPlain && path !== folder && isWithin(path, folder)) return path
  throw outside(folder, relative)
}

/**
 * The same for what is written: a pipeline from elsewhere may bring a symbolic link as one of its folders.
 * @throws MillraceError BAD_PATH
 */
export async function placeWithin(disk: Disk, folder: string, relative: string): Promise<string> {
  const path = withinFolder(folder, relative)
  const [place, home] = await Promise.all([disk.realPath(parentOf(path)), disk.realPath(folder)])
  if (isWithin(place, home)) return path
  throw outside(folder, relative)
}

function outside(folder: string, relative: string): MillraceError {
  return new MillraceError({
    code: 'BAD_PATH',
    what: `"${relative}" does not lie in the pipeline's folder`,
    where: folder,
    remedy: 'use a path relative to the pipeline’s folder, without ".."',
  })
}

import { isMillraceError } from '../../base/errors.ts'
import type { Disk } from '../../environment/index.ts'
import { join } from './paths.ts'

export interface SourceFile {
  /** Relative to the pipeline's folder. */
  readonly path: string
  readonly text: string
}

export interface FolderContent {
  /** Text of `pipeline.json`. */
  readonly documentText: string
  readonly files: SourceFile[]
  /** What fields can name: data files and others, relative. */
  readonly assets: string[]
  /** As far as the studio looks, relative; the folder itself is ''. */
  readonly folders: string[]
  readonly readme: string | undefined
}

export const documentName = 'pipeline.json'
const depthMax = 5
const filesMax = 2000
const skippedFolders = new Set(['node_modules', 'dist'])

/** Everything of a pipeline that the studio edits or names. @throws MillraceError FILE_NOT_FOUND, NO_PERMISSION */
export async function readPipelineFolder(disk: Disk, folder: string): Promise<FolderContent> {
  const documentText = (await disk.readFile(join(folder, documentName))).toString()
  const { files: paths, folders } = await treeBelow(disk, folder)
  const sources = paths.filter(isSource)
  const files = await Promise.all(
    sources.map(async (path) => ({ path, text: (await disk.readFile(join(folder, path))).toString() })),
  )
  return {
    documentText,
    files,
    assets: paths.filter(isAsset),
    folders,
    readme: await readIfThere(disk, join(folder, 'README.md')),
  }
}

export const isAsset = (path: string) => !isSource(path) && path !== documentName && path !== 'README.md'

/** What fields can name, as it lies there now. */
export async function assetsOf(disk: Disk, folder: string): Promise<string[]> {
  return (await pathsBelow(disk, folder)).filter(isAsset)
}

export function isSource(path: string): boolean {
  return path.endsWith('.ts') && !path.endsWith('.d.ts')
}

/** Relative paths of all files, sorted; hidden ones and installed packages left out. */
export async function pathsBelow(disk: Disk, folder: string): Promise<string[]> {
  return (await treeBelow(disk, folder)).files
}

/** The same, with the folders on the way, also empty ones. */
export async function treeBelow(disk: Disk, folder: string): Promise<{ files: string[]; folders: string[] }> {
  const files: string[] = []
  const folders: string[] = []
  const visit = async (relative: string, depth: number): Promise<void> => {
    folders.push(relative)
    for (const name of await disk.list(join(folder, relative))) {
      if (name.startsWith('.') || skippedFolders.has(name) || files.length >= filesMax) continue
      const path = relative === '' ? name : `${relative}/${name}`
      const stat = await disk.stat(join(folder, path))
      if (stat?.kind === 'file') files.push(path)
      else if (stat?.kind === 'folder' && depth < depthMax) await visit(path, depth + 1)
    }
  }
  await visit('', 0)
  return { files, folders }
}

async function readIfThere(disk: Disk, path: string): Promise<string | undefined> {
  try {
    return (await disk.readFile(path)).toString()
  } catch (thrown) {
    if (isMillraceError(thrown, 'FILE_NOT_FOUND')) return undefined
    throw thrown
  }
}

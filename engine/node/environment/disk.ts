import { watch } from 'node:fs'
import { mkdir, open, readdir, readFile, realpath, rename, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import type { Disk, DiskStat } from '../../environment/index.ts'
import { openDiskFile } from './disk-file.ts'
import { acquireLock } from './disk-lock.ts'
import { fromSystemError, systemCodeOf } from './system-errors.ts'
import { temporaryFolder } from './temporary-folder.ts'

let temporaryNumber = 0

export const nodeDisk: Disk = {
  open: openDiskFile,
  readFile: (path) => explained(path, () => readFile(path)),
  writeFileAtomic,
  list: (path) => explained(path, async () => (await readdir(path)).sort()),
  stat: statPath,
  realPath,
  makeFolder,
  rename: (from, to) => explained(`${from} → ${to}`, () => rename(from, to)),
  remove: (path) => explained(path, () => rm(path, { recursive: true, force: true, maxRetries: 3 })),
  syncFolder,
  lock: acquireLock,
  temporaryFolder: (prefix) => explained(tmpdir(), async () => slashed(await temporaryFolder(prefix))),
  watch: watchFolder,
}

async function explained<T>(path: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action()
  } catch (thrown) {
    throw fromSystemError(thrown, path)
  }
}

async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true })
  } catch (thrown) {
    // Folders that are there do no harm: what is in the way is a file.
    throw fromSystemError(thrown, path, systemCodeOf(thrown) === 'EEXIST' ? 'ENOTDIR' : undefined)
  }
}

async function writeFileAtomic(path: string, content: Uint8Array | string): Promise<void> {
  // A name of its own per write: two writers of one file must not share a temporary one.
  const temporary = `${path}.${process.pid}-${++temporaryNumber}.tmp`
  await explained(path, async () => {
    try {
      const file = await open(temporary, 'w')
      try {
        await file.writeFile(content)
        await file.sync()
      } finally {
        await file.close()
      }
      await rename(temporary, path)
    } catch (thrown) {
      await rm(temporary, { force: true })
      throw thrown
    }
  })
  await syncFolder(dirname(path))
}

async function statPath(path: string): Promise<DiskStat | undefined> {
  try {
    const found = await stat(path)
    return { kind: found.isDirectory() ? 'folder' : 'file', sizeBytes: found.size, modifiedMs: found.mtimeMs }
  } catch (thrown) {
    const code = systemCodeOf(thrown)
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw fromSystemError(thrown, path)
  }
}

async function realPath(path: string): Promise<string> {
  try {
    return slashed(await realpath(path))
  } catch (thrown) {
    const code = systemCodeOf(thrown)
    const parent = dirname(path)
    if ((code !== 'ENOENT' && code !== 'ENOTDIR') || parent === path) throw fromSystemError(thrown, path)
    return slashed(join(await realPath(parent), basename(path)))
  }
}

async function syncFolder(path: string): Promise<void> {
  // Windows has no handle on a folder that could be synced; its rename is durable with the file system's journal.
  if (process.platform === 'win32') return
  await explained(path, async () => {
    const folder = await open(path, 'r')
    try {
      await folder.sync()
    } finally {
      await folder.close()
    }
  })
}

function watchFolder(path: string, onChange: (name: string) => void): () => void {
  try {
    const watcher = watch(path, { persistent: false }, (_event, name) => onChange(name ?? basename(path)))
    // The folder was removed: there is nothing left to report.
    watcher.on('error', () => watcher.close())
    return () => watcher.close()
  } catch (thrown) {
    throw fromSystemError(thrown, path)
  }
}

function slashed(path: string): string {
  return process.platform === 'win32' ? path.replaceAll('\\', '/') : path
}

import type { Disk } from '../environment/index.ts'

/** Makes the folder, and sees to it that a crash does not take away what is synced in it: its name has to last, too. */
export async function makeDurableFolder(disk: Disk, path: string): Promise<void> {
  const names = path.split('/')
  let existing = names.length
  while (existing > 1 && !(await disk.stat(names.slice(0, existing).join('/') || '/'))) existing--
  await disk.makeFolder(path)
  for (let depth = existing; depth < names.length; depth++) {
    await disk.syncFolder(names.slice(0, depth).join('/') || '/')
  }
}

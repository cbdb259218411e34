import type { Disk } from '../../environment/index.ts'
import type { Output } from '../contract.ts'
import { join, nameOf, normalized, parentOf } from './paths.ts'

type Listing = Output<'files.list'>

/** A folder's content for the browser's open and save dialogs: pipelines and folders first, hidden names left out. */
export async function listFolder(disk: Disk, path: string): Promise<Listing> {
  const folder = normalized(path)
  const names = (await disk.list(folder)).filter((name) => !name.startsWith('.'))
  const entries = await Promise.all(names.map((name) => entryOf(disk, join(folder, name))))
  const known = entries.filter((entry) => entry !== undefined)
  const order = { pipeline: 0, folder: 1, file: 2 }
  known.sort((a, b) => order[a.kind] - order[b.kind] || a.name.localeCompare(b.name))
  const parent = parentOf(folder)
  return { path: folder, parent: parent === folder ? undefined : parent, entries: known }
}

async function entryOf(disk: Disk, path: string): Promise<Listing['entries'][number] | undefined> {
  // A link that leads nowhere, or what is not for us to look at: the rest of the folder is still shown.
  const stat = await disk.stat(path).catch(() => undefined)
  if (!stat) return undefined
  const name = nameOf(path)
  if (stat.kind === 'file') return { name, path, kind: name === 'pipeline.json' ? 'pipeline' : 'file' }
  const isPipeline = await disk.stat(join(path, 'pipeline.json')).catch(() => undefined)
  return { name, path, kind: isPipeline ? 'pipeline' : 'folder' }
}

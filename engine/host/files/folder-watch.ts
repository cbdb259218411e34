import type { Environment } from '../../environment/index.ts'
import { join } from './paths.ts'
import { documentName, isAsset, isSource, type SourceFile, treeBelow } from './pipeline-folder.ts'

/** Editors write in several steps; a look after they are through sees the result. */
const settleMs = 150

/** A folder as the studio knows it. */
export interface KnownFolder {
  /** The document under its name, and the source files. */
  readonly sources: readonly SourceFile[]
  /** Other files, relative: their names count, not what is in them. */
  readonly assets: readonly string[]
  /** Relative. */
  readonly folders: readonly string[]
}

export interface FolderChanges {
  /** The document or a source file is no longer what the studio read or wrote last. */
  onSources(): void
  /** There are other data files than before. */
  onAssets(assets: string[]): void
}

/** Looks after the folder of the open pipeline. By content, so that what the studio writes itself never counts. */
export class FolderWatch {
  readonly #environment: Environment
  readonly #folder: string
  readonly #changes: FolderChanges
  readonly #stops = new Map<string, () => void>()
  #sources: ReadonlyMap<string, string>
  #assets: readonly string[]
  #pending: { cancel(): void } | undefined
  #stopped = false

  constructor(environment: Environment, folder: string, known: KnownFolder, changes: FolderChanges) {
    this.#environment = environment
    this.#folder = folder
    this.#changes = changes
    this.#sources = contents(known.sources)
    this.#assets = known.assets
    this.#watch(known.folders)
  }

  /** What the studio has just read or written: the document under its name, and the source files. */
  expect(sources: readonly SourceFile[]): void {
    this.#sources = contents(sources)
  }

  expectAssets(assets: readonly string[]): void {
    this.#assets = assets
  }

  stop(): void {
    this.#stopped = true
    this.#pending?.cancel()
    for (const stop of this.#stops.values()) stop()
    this.#stops.clear()
  }

  /** Folders come and go; each has a watch of its own, as not every system watches what lies below. */
  #watch(folders: readonly string[]): void {
    for (const [folder, stop] of this.#stops) {
      if (folders.includes(folder)) continue
      stop()
      this.#stops.delete(folder)
    }
    for (const folder of folders) {
      if (this.#stops.has(folder)) continue
      this.#stops.set(
        folder,
        this.#environment.disk.watch(join(this.#folder, folder), () => this.#look()),
      )
    }
  }

  #look(): void {
    if (this.#pending || this.#stopped) return
    this.#pending = this.#environment.timers.after(settleMs, () => {
      this.#pending = undefined
      this.#compare().catch((thrown) => {
        // The folder is being moved or removed: saving will say so.
        this.#environment.log.write('debug', 'files', `${this.#folder} could not be read: ${thrown}`)
      })
    })
  }

  async #compare(): Promise<void> {
    const { files, folders } = await treeBelow(this.#environment.disk, this.#folder)
    if (this.#stopped) return
    // What came into a new folder before it was watched is told by another look.
    if (folders.some((folder) => !this.#stops.has(folder))) this.#look()
    this.#watch(folders)
    this.#compareAssets(files.filter(isAsset))
    await this.#compareSources(files.filter((path) => path === documentName || isSource(path)))
  }

  #compareAssets(assets: string[]): void {
    if (assets.length === this.#assets.length && assets.every((path) => this.#assets.includes(path))) return
    this.#assets = assets
    this.#changes.onAssets(assets)
  }

  async #compareSources(paths: readonly string[]): Promise<void> {
    const { disk } = this.#environment
    const known = this.#sources
    let differs = paths.some((path) => !known.has(path))
    for (const [path, text] of known) {
      if (differs) break
      differs = !paths.includes(path) || (await disk.readFile(join(this.#folder, path))).toString() !== text
    }
    if (!differs) return
    const now = await this.#current(paths)
    // The studio may have written in the meantime; its own writing makes for another look.
    if (this.#stopped || known !== this.#sources) return
    this.#sources = now
    this.#changes.onSources()
  }

  /** One change is told once. */
  async #current(paths: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const { disk } = this.#environment
    const now = new Map<string, string>()
    for (const path of paths) now.set(path, (await disk.readFile(join(this.#folder, path))).toString())
    return now
  }
}

function contents(files: readonly SourceFile[]): ReadonlyMap<string, string> {
  return new Map(files.map(({ path, text }) => [path, text]))
}

import type { Environment } from '../../environment/index.ts'
import { join, parentOf } from './paths.ts'
import { documentName, isSource, pathsBelow, type SourceFile } from './pipeline-folder.ts'

/** Editors write in several steps; a look after they are through sees the result. */
const settleMs = 150

/**
 * Tells when the document or a source file of the open pipeline is no longer what the studio read or wrote last. By
 * content, so that what the studio writes itself never counts.
 */
export class FolderWatch {
  readonly #environment: Environment
  readonly #folder: string
  readonly #onChange: () => void
  #known: ReadonlyMap<string, string>
  #stops: (() => void)[] = []
  #pending: { cancel(): void } | undefined
  #stopped = false

  constructor(environment: Environment, folder: string, known: readonly SourceFile[], onChange: () => void) {
    this.#environment = environment
    this.#folder = folder
    this.#known = contents(known)
    this.#onChange = onChange
    const folders = new Set([folder, ...known.map((file) => parentOf(join(folder, file.path)))])
    for (const watched of folders) {
      this.#stops.push(environment.disk.watch(watched, () => this.#look()))
    }
  }

  /** What the studio has just read or written: the document under its name, and the source files. */
  expect(files: readonly SourceFile[]): void {
    this.#known = contents(files)
  }

  stop(): void {
    this.#stopped = true
    this.#pending?.cancel()
    for (const stop of this.#stops) stop()
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
    const { disk } = this.#environment
    const known = this.#known
    const paths = (await pathsBelow(disk, this.#folder)).filter(
      (path) => path === documentName || isSource(path),
    )
    let differs = paths.some((path) => !known.has(path))
    for (const [path, text] of known) {
      if (differs) break
      differs = !paths.includes(path) || (await disk.readFile(join(this.#folder, path))).toString() !== text
    }
    // The studio may have written in the meantime; its own writing makes for another look.
    if (!differs || this.#stopped || known !== this.#known) return
    this.#known = await this.#current(paths)
    this.#onChange()
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

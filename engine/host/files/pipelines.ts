import { MillraceError } from '../../base/errors.ts'
import type { Environment } from '../../environment/index.ts'
import type { PipelineDocument } from '../../pipeline/document.ts'
import { emptyDocument, printDocument } from '../../pipeline/parse.ts'
import type { Output } from '../contract.ts'
import { bringFile } from './bring-file.ts'
import { Drafts } from './drafts.ts'
import { FolderWatch, type KnownFolder } from './folder-watch.ts'
import type { Library } from './library.ts'
import { join, nameOf, normalized, parentOf, placeWithin } from './paths.ts'
import { assetsOf, documentName, pathsBelow, type SourceFile } from './pipeline-folder.ts'
import { readPipeline } from './read-pipeline.ts'

export interface Content {
  readonly document: PipelineDocument
  readonly files: SourceFile[]
}

export interface PipelineChanges {
  /** A source file or the document was written by somebody else. */
  onSources(path: string): void
  /** Data files came or went. */
  onAssets(path: string, assets: string[]): void
}

/** Opening, saving and watching pipelines. A pipeline's path is that of its folder. */
export class Pipelines {
  readonly #environment: Environment
  readonly #library: Library
  readonly #drafts: Drafts
  readonly #changes: PipelineChanges
  readonly #watches = new Map<string, FolderWatch>()

  constructor(environment: Environment, library: Library, draftsFolder: string, changes: PipelineChanges) {
    this.#environment = environment
    this.#library = library
    this.#drafts = new Drafts(environment, draftsFolder)
    this.#changes = changes
  }

  /** @throws MillraceError as `readPipeline` */
  async open(given: string): Promise<Output<'pipeline.open'>> {
    const { path, document, documentText, files, assets, folders, readme } = await readPipeline(
      this.#environment.disk,
      given,
    )
    const sources = [{ path: documentName, text: documentText }, ...files]
    this.#watch(path, { sources, assets, folders })
    await this.#library.opened(path)
    const draft = await this.#drafts.read(path)
    return {
      path,
      document,
      files,
      assets,
      readme,
      trusted: this.#library.isTrusted(path),
      sample: this.#library.isSample(path),
      draft: draft && !isSame(draft, { document, files }) ? draft : undefined,
    }
  }

  async create(name: string, folder: string | undefined): Promise<string> {
    const parent = folder === undefined ? this.#library.pipelinesFolder : normalized(folder)
    const empty = emptyDocument(name)
    const path = await this.#freePath(join(parent, empty.id))
    const document = { ...empty, id: nameOf(path) }
    await this.#write(path, { document, files: [] })
    if (!this.#library.isTrusted(path)) await this.#library.trust(path)
    return path
  }

  async save(path: string, content: Content): Promise<number> {
    await this.#write(normalized(path), content)
    await this.#drafts.drop(normalized(path))
    return this.#environment.clock.nowMs()
  }

  /** Copies data files too, so that the copy runs. @throws MillraceError FILE_EXISTS */
  async saveAs(from: string, given: string, content: Content): Promise<string> {
    const { disk } = this.#environment
    const source = normalized(from)
    const to = nameOf(normalized(given)) === documentName ? parentOf(normalized(given)) : normalized(given)
    if (to === source) {
      await this.save(to, content)
      return to
    }
    if (await disk.stat(join(to, documentName))) {
      throw new MillraceError({
        code: 'FILE_EXISTS',
        what: 'there is a pipeline in that folder already',
        where: to,
        remedy: 'choose another folder, or remove that pipeline first',
      })
    }
    const written = new Set([documentName, ...content.files.map((file) => file.path)])
    for (const path of await pathsBelow(disk, source)) {
      if (written.has(path)) continue
      await this.#writeFile(await placeWithin(disk, to, path), await disk.readFile(join(source, path)))
    }
    await this.#write(to, content)
    if (this.#library.isTrusted(source)) await this.#library.trust(to)
    await this.#drafts.drop(source)
    return to
  }

  async saveDraft(path: string, content: Content): Promise<void> {
    await this.#drafts.save(normalized(path), content.document, content.files)
  }

  async dropDraft(path: string): Promise<void> {
    await this.#drafts.drop(normalized(path))
  }

  async bringFile(path: string, from: string): Promise<Output<'pipeline.bringFile'>> {
    const { disk } = this.#environment
    const folder = normalized(path)
    const file = await bringFile(disk, folder, from)
    const assets = await assetsOf(disk, folder)
    this.#watches.get(folder)?.expectAssets(assets)
    return { file, assets }
  }

  stop(): void {
    for (const watch of this.#watches.values()) watch.stop()
    this.#watches.clear()
  }

  /** The document last, so that it never names a file that is not there yet. */
  async #write(path: string, content: Content): Promise<void> {
    const { disk } = this.#environment
    const documentText = printDocument(content.document)
    this.#watches.get(path)?.expect([{ path: documentName, text: documentText }, ...content.files])
    await disk.makeFolder(path)
    for (const file of content.files)
      await this.#writeFile(await placeWithin(disk, path, file.path), file.text)
    await this.#writeFile(join(path, documentName), documentText)
  }

  /** Unchanged files are left alone, their times too. */
  async #writeFile(path: string, content: Uint8Array | string): Promise<void> {
    const { disk } = this.#environment
    const stat = await disk.stat(path)
    const bytes = Buffer.from(content)
    if (stat?.kind === 'file' && stat.sizeBytes === bytes.length && (await disk.readFile(path)).equals(bytes))
      return
    await disk.makeFolder(parentOf(path))
    await disk.writeFileAtomic(path, bytes)
  }

  #watch(path: string, known: KnownFolder): void {
    // One pipeline is open at a time; what was open before is no longer looked at.
    for (const watch of this.#watches.values()) watch.stop()
    this.#watches.clear()
    const watch = new FolderWatch(this.#environment, path, known, {
      onSources: () => this.#changes.onSources(path),
      onAssets: (assets) => this.#changes.onAssets(path, assets),
    })
    this.#watches.set(path, watch)
  }

  async #freePath(wanted: string): Promise<string> {
    const { disk } = this.#environment
    for (let number = 1; ; number++) {
      const path = number === 1 ? wanted : `${wanted}-${number}`
      if (!(await disk.stat(path))) return path
    }
  }
}

function isSame(left: Content, right: Content): boolean {
  const files = (content: Content) => Object.fromEntries(content.files.map(({ path, text }) => [path, text]))
  const text = (content: Content) => JSON.stringify([printDocument(content.document), sorted(files(content))])
  return text(left) === text(right)
}

function sorted(texts: Record<string, string>): [string, string][] {
  return Object.entries(texts).sort(([a], [b]) => (a < b ? -1 : 1))
}

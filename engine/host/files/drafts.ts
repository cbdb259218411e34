import * as z from 'zod/mini'
import type { Environment } from '../../environment/index.ts'
import type { PipelineDocument } from '../../pipeline/document.ts'
import { join, nameOf } from './paths.ts'
import type { SourceFile } from './pipeline-folder.ts'

export interface Draft {
  readonly document: PipelineDocument
  readonly files: SourceFile[]
  readonly savedMs: number
}

const draftSchema = z.object({
  path: z.string(),
  document: z.custom<PipelineDocument>((value) => typeof value === 'object' && value !== null),
  files: z.array(z.object({ path: z.string(), text: z.string() })),
  savedMs: z.number(),
})

/** Unsaved work, written every few seconds while somebody edits: what a crash leaves of it. */
export class Drafts {
  readonly #environment: Environment
  readonly #folder: string

  constructor(environment: Environment, folder: string) {
    this.#environment = environment
    this.#folder = folder
  }

  async save(path: string, document: PipelineDocument, files: SourceFile[]): Promise<void> {
    const { disk, clock } = this.#environment
    const draft = { path, document, files, savedMs: clock.nowMs() }
    await disk.makeFolder(this.#folder)
    await disk.writeFileAtomic(this.#file(path), JSON.stringify(draft))
  }

  async read(path: string): Promise<Draft | undefined> {
    const { disk } = this.#environment
    const file = this.#file(path)
    if (!(await disk.stat(file))) return undefined
    const draft = draftSchema.safeParse(parsed((await disk.readFile(file)).toString()))
    if (!draft.success || draft.data.path !== path) return undefined
    const { document, files, savedMs } = draft.data
    return { document, files, savedMs }
  }

  async drop(path: string): Promise<void> {
    await this.#environment.disk.remove(this.#file(path))
  }

  #file(path: string): string {
    const sum = this.#environment.codecs.crc32c(Buffer.from(path)).toString(16).padStart(8, '0')
    return join(this.#folder, `${nameOf(path).replace(/[^\w.-]/g, '_')}-${sum}.json`)
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined // a draft is written whole, so this one is not ours
  }
}

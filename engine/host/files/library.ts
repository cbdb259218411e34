import * as z from 'zod/mini'
import { isMillraceError, MillraceError } from '../../base/errors.ts'
import type { Environment } from '../../environment/index.ts'
import type { PipelineEntry } from '../contract.ts'
import type { HostOptions } from '../options.ts'
import { JsonFile } from './json-file.ts'
import { isWithin, join, nameOf, normalized } from './paths.ts'

const recentMax = 20

const recentSchema = z.array(z.object({ path: z.string(), openedMs: z.number() }))
const trustedSchema = z.array(z.string())
type Recent = z.infer<typeof recentSchema>

/** Which pipelines there are: samples, recent ones, and whether a person trusts them. */
export class Library {
  readonly pipelinesFolder: string
  readonly #environment: Environment
  readonly #samplesFolder: string | undefined
  readonly #recent: JsonFile<Recent>
  readonly #trusted: JsonFile<string[]>

  private constructor(
    environment: Environment,
    options: HostOptions,
    recent: JsonFile<Recent>,
    trusted: JsonFile<string[]>,
  ) {
    this.#environment = environment
    this.#samplesFolder = options.samplesFolder === undefined ? undefined : normalized(options.samplesFolder)
    this.pipelinesFolder = join(options.dataFolder, 'pipelines')
    this.#recent = recent
    this.#trusted = trusted
  }

  static async open(environment: Environment, options: HostOptions): Promise<Library> {
    const file = (name: string) => join(options.dataFolder, name)
    return new Library(
      environment,
      options,
      await JsonFile.open(
        environment,
        file('recent.json'),
        (value) => recentSchema.safeParse(value).data ?? [],
      ),
      await JsonFile.open(
        environment,
        file('trusted.json'),
        (value) => trustedSchema.safeParse(value).data ?? [],
      ),
    )
  }

  async list(): Promise<{ samples: PipelineEntry[]; recent: PipelineEntry[] }> {
    const recent = await Promise.all(
      this.#recent.value.map(async ({ path, openedMs }) => ({ ...(await this.#entry(path)), openedMs })),
    )
    return { samples: await this.#samples(), recent }
  }

  async opened(path: string): Promise<void> {
    if (this.isSample(path)) return
    const others = this.#recent.value.filter((entry) => entry.path !== path)
    const entry = { path, openedMs: this.#environment.clock.nowMs() }
    await this.#recent.set([entry, ...others].slice(0, recentMax))
  }

  async forget(path: string): Promise<void> {
    await this.#recent.set(this.#recent.value.filter((entry) => entry.path !== path))
  }

  isSample(path: string): boolean {
    return this.#samplesFolder !== undefined && isWithin(path, this.#samplesFolder)
  }

  /** Samples and pipelines made here are trusted; what came from elsewhere once a person says so. */
  isTrusted(path: string): boolean {
    if (this.isSample(path) || isWithin(path, this.pipelinesFolder)) return true
    return this.#trusted.value.includes(path)
  }

  async trust(path: string): Promise<void> {
    if (!this.#trusted.value.includes(path)) await this.#trusted.set([...this.#trusted.value, path])
  }

  async #samples(): Promise<PipelineEntry[]> {
    const folder = this.#samplesFolder
    if (folder === undefined) return []
    const { disk } = this.#environment
    const names = (await disk.stat(folder)) ? await disk.list(folder) : []
    const found: PipelineEntry[] = []
    for (const name of names) {
      const entry = await this.#entry(join(folder, name))
      if (!entry.missing) found.push(entry)
    }
    return found
  }

  /** What the start page shows of it, without more of a check than that it is JSON. */
  async #entry(path: string): Promise<PipelineEntry> {
    const unnamed = { path, name: nameOf(path), description: '', nodes: 0 }
    try {
      const text = (await this.#environment.disk.readFile(join(path, 'pipeline.json'))).toString()
      const shown = shownSchema.safeParse(JSON.parse(text))
      if (!shown.success) return { ...unnamed, missing: false }
      const { name, description, nodes } = shown.data
      return { path, name, description: description ?? '', nodes: nodes.length, missing: false }
    } catch (thrown) {
      return { ...unnamed, missing: isMillraceError(thrown) }
    }
  }
}

const shownSchema = z.object({
  name: z.string(),
  description: z.optional(z.string()),
  nodes: z.array(z.unknown()),
})

export function notTrusted(path: string): MillraceError {
  return new MillraceError({
    code: 'NOT_TRUSTED',
    what: 'this pipeline comes from elsewhere, and nothing of it runs until you trust it',
    where: path,
    remedy: 'look through it, then choose Trust',
  })
}

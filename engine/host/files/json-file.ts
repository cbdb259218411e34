import { isMillraceError, MillraceError } from '../../base/errors.ts'
import type { Environment } from '../../environment/index.ts'

/**
 * A small file of the studio's own, kept in memory. A file that can not be read is put aside and said so: losing the list of
 * recent files must not keep anybody from working.
 */
export class JsonFile<T> {
  readonly #environment: Environment
  readonly #path: string
  readonly #parse: (value: unknown) => T
  #value: T
  #written: Promise<void> = Promise.resolve()

  private constructor(environment: Environment, path: string, parse: (value: unknown) => T, value: T) {
    this.#environment = environment
    this.#path = path
    this.#parse = parse
    this.#value = value
  }

  /** `parse` makes the value of whatever JSON is there, or of undefined when there is none. */
  static async open<T>(
    environment: Environment,
    path: string,
    parse: (value: unknown) => T,
  ): Promise<JsonFile<T>> {
    return new JsonFile(environment, path, parse, parse(await readJson(environment, path)))
  }

  get value(): T {
    return this.#value
  }

  /** In memory at once; resolves when it is on disk. Changes are written in order. */
  set(value: T): Promise<void> {
    this.#value = this.#parse(JSON.parse(JSON.stringify(value)))
    const text = `${JSON.stringify(value, null, 2)}\n`
    const before = this.#written.catch(() => undefined)
    this.#written = before.then(() => this.#environment.disk.writeFileAtomic(this.#path, text))
    return this.#written
  }
}

async function readJson(environment: Environment, path: string): Promise<unknown> {
  try {
    return JSON.parse((await environment.disk.readFile(path)).toString())
  } catch (thrown) {
    if (isMillraceError(thrown, 'FILE_NOT_FOUND')) return undefined
    if (isMillraceError(thrown)) throw thrown
    await environment.disk.rename(path, `${path}.unreadable`)
    environment.log.write('warn', 'host', `${path} could not be read and was put aside`, {
      reason: MillraceError.from(thrown).what,
    })
    return undefined
  }
}

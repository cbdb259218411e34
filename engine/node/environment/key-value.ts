import { open, type RootDatabase } from 'lmdb'
import { MillraceError } from '../../base/errors.ts'
import type { KeyValueDatabase, KeyValueStores } from '../../environment/index.ts'
import { fromSystemError } from './system-errors.ts'

/** LMDB bounds keys by its page size; 8 KiB pages hold keys of this length. */
const keyLengthMax = 4026
const pageSize = 8192

export const nodeKeyValueStores: KeyValueStores = {
  async open(folder) {
    try {
      const database = open<Buffer, Buffer>({
        path: folder,
        encoding: 'binary',
        keyEncoding: 'binary',
        pageSize,
        // The disk is synced after a commit is visible, off this thread; an open database is always a whole commit.
        overlappingSync: process.platform !== 'win32',
        cache: false,
      })
      return new LmdbDatabase(folder, database)
    } catch (thrown) {
      throw fromSystemError(thrown, folder)
    }
  },
}

class LmdbDatabase implements KeyValueDatabase {
  readonly #folder: string
  readonly #database: RootDatabase<Buffer, Buffer>
  #closed = false

  constructor(folder: string, database: RootDatabase<Buffer, Buffer>) {
    this.#folder = folder
    this.#database = database
  }

  get(key: Uint8Array): Buffer | undefined {
    this.#assertOpen()
    // A longer key can't have been put, and LMDB refuses to look for it.
    if (key.length > keyLengthMax || key.length === 0) return undefined
    return this.#database.getBinary(asBuffer(key))
  }

  *range(from: Uint8Array | undefined, to: Uint8Array | undefined): Iterable<readonly [Buffer, Buffer]> {
    this.#assertOpen()
    if (from && to && Buffer.compare(from, to) >= 0) return
    const start = from && from.length > 0 ? asBuffer(from).subarray(0, keyLengthMax) : undefined
    const end = to && to.length > 0 ? asBuffer(to).subarray(0, keyLengthMax) : undefined
    if (to && to.length === 0) return
    for (const { key, value } of this.#database.getRange({ start, end })) yield [key, value]
  }

  async commit(changes: Iterable<readonly [Uint8Array, Uint8Array | undefined]>): Promise<void> {
    this.#assertOpen()
    const batch = [...changes]
    for (const [key] of batch) this.#checkKey(key)
    try {
      await this.#database.transaction(() => {
        for (const [key, value] of batch) {
          if (value === undefined) this.#database.remove(asBuffer(key))
          else this.#database.put(asBuffer(key), asBuffer(value))
        }
      })
    } catch (thrown) {
      throw fromSystemError(thrown, this.#folder)
    }
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await this.#database.close()
  }

  #assertOpen(): void {
    if (!this.#closed) return
    throw new MillraceError({
      code: 'STORE_CLOSED',
      what: 'the state store has been closed',
      where: this.#folder,
    })
  }

  #checkKey(key: Uint8Array): void {
    if (key.length > 0 && key.length <= keyLengthMax) return
    throw new MillraceError({
      code: 'BAD_STATE_KEY',
      what: `a key of ${key.length} bytes can't be kept in a state store`,
      where: this.#folder,
      remedy: `use keys of 1 to ${keyLengthMax} bytes`,
    })
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

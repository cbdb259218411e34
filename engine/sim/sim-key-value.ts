import { MillraceError } from '../base/errors.ts'
import type { KeyValueDatabase, KeyValueStores, Random } from '../environment/index.ts'
import type { Actor } from './actor.ts'
import { type Attachment, FileContent } from './disk-content.ts'
import type { Scheduler } from './scheduler.ts'
import type { SimDisk } from './sim-disk.ts'

type Change = readonly [key: string, value: Buffer | undefined]

/** What a store holds, and would still hold after a crash: whole commits, the last ones perhaps missing. */
class StoreContent implements Attachment {
  current = new Map<string, Buffer>()
  #durable = new Map<string, Buffer>()
  #unsynced: (readonly Change[])[] = []

  commit(changes: readonly Change[]): void {
    apply(this.current, changes)
    this.#unsynced.push(changes)
  }

  sync(): void {
    for (const changes of this.#unsynced) apply(this.#durable, changes)
    this.#unsynced = []
  }

  crash(random: Random): void {
    for (const changes of this.#unsynced.slice(0, random.int(this.#unsynced.length + 1)))
      apply(this.#durable, changes)
    this.#unsynced = []
    this.current = new Map(this.#durable)
  }
}

function apply(target: Map<string, Buffer>, changes: readonly Change[]): void {
  for (const [key, value] of changes) {
    if (value) target.set(key, value)
    else target.delete(key)
  }
}

const fileName = 'data.mdb'
const commitMs = 0.2
const syncMs = 10

/** Stores in memory that live and die with a file in their folder. */
export class SimKeyValueStores implements KeyValueStores {
  readonly #actor: Actor
  readonly #scheduler: Scheduler
  readonly #disk: SimDisk

  constructor(actor: Actor, scheduler: Scheduler, disk: SimDisk) {
    this.#actor = actor
    this.#scheduler = scheduler
    this.#disk = disk
  }

  async open(folder: string): Promise<KeyValueDatabase> {
    const path = `${folder}/${fileName}`
    await this.#disk.makeFolder(folder)
    const handle = await this.#disk.open(path, 'create')
    await handle.sync()
    await this.#disk.syncFolder(folder)
    await handle.close()
    const file = this.#actor.node.disk.find(path)
    if (!(file instanceof FileContent)) throw new Error(`${path} has gone while it was opened`)
    const content = file.attachment instanceof StoreContent ? file.attachment : new StoreContent()
    file.attachment = content
    return new SimDatabase(folder, content, this.#actor, this.#scheduler)
  }
}

class SimDatabase implements KeyValueDatabase {
  readonly #folder: string
  readonly #content: StoreContent
  readonly #actor: Actor
  readonly #scheduler: Scheduler
  #isClosed = false

  constructor(folder: string, content: StoreContent, actor: Actor, scheduler: Scheduler) {
    this.#folder = folder
    this.#content = content
    this.#actor = actor
    this.#scheduler = scheduler
  }

  get(key: Uint8Array): Buffer | undefined {
    this.#assertOpen()
    const value = this.#content.current.get(textOf(key))
    return value && Buffer.from(value)
  }

  /** As it is when asked for. */
  range(from: Uint8Array | undefined, to: Uint8Array | undefined): Iterable<readonly [Buffer, Buffer]> {
    this.#assertOpen()
    const low = from ? textOf(from) : undefined
    const high = to ? textOf(to) : undefined
    const isInside = (key: string) => (low === undefined || key >= low) && (high === undefined || key < high)
    // One character per byte: texts are ordered as the bytes are.
    const keys = [...this.#content.current.keys()].filter(isInside).sort((a, b) => (a < b ? -1 : 1))
    return keys.map(
      (key) => [Buffer.from(key, 'latin1'), Buffer.from(this.#content.current.get(key)!)] as const,
    )
  }

  async commit(changes: Iterable<readonly [Uint8Array, Uint8Array | undefined]>): Promise<void> {
    this.#assertOpen()
    const copied = Array.from(changes, ([key, value]): Change => [textOf(key), value && Buffer.from(value)])
    await this.#after(commitMs, 'commit', () => this.#content.commit(copied))
    this.#scheduler.schedule(this.#actor, syncMs, `store sync ${this.#folder}`, () => this.#content.sync())
  }

  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    await this.#after(commitMs, 'close', () => this.#content.sync())
  }

  #after(delayMs: number, label: string, effect: () => void): Promise<void> {
    return new Promise((resolve) => {
      this.#scheduler.schedule(this.#actor, delayMs, `store ${label} ${this.#folder}`, () => {
        effect()
        resolve()
      })
    })
  }

  #assertOpen(): void {
    if (!this.#isClosed) return
    throw new MillraceError({
      code: 'STORE_CLOSED',
      what: 'the state store has been closed',
      where: this.#folder,
    })
  }
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1')
}

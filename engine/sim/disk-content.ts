import type { Random } from '../environment/index.ts'

type FileChange =
  | { readonly kind: 'write'; readonly position: number; readonly bytes: Buffer }
  | { readonly kind: 'truncate'; readonly length: number }

/** How much a crash may do to what has not been synced. */
export interface TearOptions {
  /** Later writes may survive earlier ones, which leave zeros: as a disk does that writes in any order. */
  readonly reordersWrites: boolean
}

/** Bytes that grow in place. */
class GrowingBytes {
  #buffer = Buffer.alloc(0)
  #length = 0

  get bytes(): Buffer {
    return this.#buffer.subarray(0, this.#length)
  }

  apply(change: FileChange): void {
    if (change.kind === 'write') {
      this.#reach(change.position + change.bytes.length)
      change.bytes.copy(this.#buffer, change.position)
    } else {
      this.#reach(change.length)
      // What is cut off must not come back when the file grows again.
      this.#buffer.fill(0, change.length, this.#length)
      this.#length = change.length
    }
  }

  #reach(length: number): void {
    if (length > this.#buffer.length) {
      const larger = Buffer.alloc(Math.max(length, this.#buffer.length * 2))
      this.bytes.copy(larger)
      this.#buffer = larger
    }
    this.#length = Math.max(this.#length, length)
  }
}

/** A file's content as programs see it, and as a crash would leave it. */
export class FileContent {
  modifiedMs = 0
  /** What else hangs on the file, such as a state store. */
  attachment: Attachment | undefined
  #current = new GrowingBytes()
  #durable = new GrowingBytes()
  #unsynced: FileChange[] = []

  /** Until the next change. */
  get bytes(): Buffer {
    return this.#current.bytes
  }

  apply(change: FileChange): void {
    this.#current.apply(change)
    this.#unsynced.push(change)
  }

  sync(): void {
    for (const change of this.#unsynced) this.#durable.apply(change)
    this.#unsynced = []
  }

  /** Flips a bit, durably. False behind the end. */
  rot(position: number): boolean {
    if (position >= this.bytes.length) return false
    const bytes = Buffer.of(this.bytes[position]! ^ 0x10)
    const change = { kind: 'write', position, bytes } as const
    this.sync()
    this.#current.apply(change)
    this.#durable.apply(change)
    return true
  }

  /** Keeps what was synced and a part of the rest, the last write of which is torn at some byte. */
  crash(random: Random, { reordersWrites }: TearOptions): void {
    const changes = this.#unsynced
    const kept = reordersWrites
      ? changes.filter(() => random.int(2) === 0)
      : changes.slice(0, random.int(changes.length + 1))
    for (const [i, change] of kept.entries()) {
      const isTorn = i === kept.length - 1 && change.kind === 'write'
      this.#durable.apply(isTorn ? torn(change, random) : change)
    }
    this.#unsynced = []
    this.#current = new GrowingBytes()
    this.#current.apply({ kind: 'write', position: 0, bytes: this.#durable.bytes })
    this.attachment?.crash(random)
  }
}

export interface Attachment {
  crash(random: Random): void
}

function torn(change: { position: number; bytes: Buffer }, random: Random): FileChange {
  const length = random.int(change.bytes.length + 1)
  return { kind: 'write', position: change.position, bytes: change.bytes.subarray(0, length) }
}

export type Entry = FileContent | Folder

/** Entries as programs see them, and as a crash would leave them. */
export class Folder {
  readonly entries = new Map<string, Entry>()
  #durable = new Map<string, Entry>()
  #unsynced: (readonly [name: string, entry: Entry | undefined])[][] = []

  /** One change, whole or not at all, of one or two names. */
  change(...settings: (readonly [name: string, entry: Entry | undefined])[]): void {
    for (const [name, entry] of settings) set(this.entries, name, entry)
    this.#unsynced.push(settings)
  }

  sync(): void {
    this.#durable = new Map(this.entries)
    this.#unsynced = []
  }

  crash(random: Random, options: TearOptions): void {
    for (const settings of this.#unsynced.slice(0, random.int(this.#unsynced.length + 1))) {
      for (const [name, entry] of settings) set(this.#durable, name, entry)
    }
    this.entries.clear()
    for (const [name, entry] of this.#durable) this.entries.set(name, entry)
    this.#unsynced = []
    for (const entry of this.entries.values()) entry.crash(random, options)
  }
}

function set(entries: Map<string, Entry>, name: string, entry: Entry | undefined): void {
  if (entry) entries.set(name, entry)
  else entries.delete(name)
}

/** All that lies on a machine's disk. */
export class DiskContent {
  readonly root = new Folder()
  readonly locks = new Map<string, string>()

  constructor() {
    this.root.change(['tmp', new Folder()])
    this.root.sync()
  }

  find(path: string): Entry | undefined {
    let entry: Entry | undefined = this.root
    for (const name of namesIn(path)) {
      if (!(entry instanceof Folder)) return undefined
      entry = entry.entries.get(name)
    }
    return entry
  }

  /** The folder that holds the path's last name. */
  parent(path: string): { folder: Folder | undefined; name: string } {
    const names = namesIn(path)
    const name = names.pop() ?? ''
    const folder = this.find(`/${names.join('/')}`)
    return { folder: folder instanceof Folder ? folder : undefined, name }
  }

  files(folder = this.root, path = ''): { path: string; bytes: Buffer }[] {
    return [...folder.entries].flatMap(([name, entry]) => {
      if (entry instanceof Folder) return this.files(entry, `${path}/${name}`)
      return [{ path: `${path}/${name}`, bytes: entry.bytes }]
    })
  }

  crash(random: Random, options: TearOptions): void {
    this.locks.clear()
    this.root.crash(random, options)
  }
}

export function namesIn(path: string): string[] {
  return path.split('/').filter((name) => name !== '')
}

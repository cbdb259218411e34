import { MillraceError } from '../base/errors.ts'
import type { Disk, DiskFile, DiskLock, DiskStat } from '../environment/index.ts'
import type { Actor } from './actor.ts'
import { type Entry, FileContent, Folder, namesIn } from './disk-content.ts'
import type { Scheduler } from './scheduler.ts'
import type { DiskOperation } from './sim-node.ts'

/** Milliseconds of each kind of operation, from and to. */
const durationsMs: Readonly<Record<DiskOperation, readonly [number, number]>> = {
  open: [0.01, 0.1],
  read: [0.01, 0.2],
  write: [0.02, 0.3],
  sync: [0.3, 4],
  rename: [0.02, 0.1],
  remove: [0.02, 0.1],
}

type Watcher = { readonly path: string; readonly onChange: (name: string) => void }

/** One life's view of its machine's disk. Operations take effect when they are done; a crash before that prevents them. */
export class SimDisk implements Disk {
  readonly #actor: Actor
  readonly #scheduler: Scheduler
  readonly #watchers = new Set<Watcher>()

  constructor(actor: Actor, scheduler: Scheduler) {
    this.#actor = actor
    this.#scheduler = scheduler
  }

  /** Runs the effect after the operation's time; never when the process ends before. */
  after<T>(operation: DiskOperation, path: string, effect: () => T): Promise<T> {
    const { node } = this.#actor
    const [from, to] = durationsMs[operation]
    const delayMs = (from + node.random.float() * (to - from)) * node.diskSlowness
    return new Promise((resolve, reject) => {
      this.#scheduler.schedule(this.#actor, delayMs, `disk ${operation} ${path}`, () => {
        try {
          const fault = node.diskFault?.(operation, path)
          if (fault) throw fault
          resolve(effect())
        } catch (thrown) {
          reject(thrown)
        }
      })
    })
  }

  open(path: string, mode: 'read' | 'read-write' | 'create' | 'create-new'): Promise<DiskFile> {
    return this.after('open', path, () => {
      const found = this.#content.find(path)
      if (found instanceof Folder) throw fault('NOT_A_FILE', 'the path is a folder', path)
      if (found && mode === 'create-new')
        throw fault('FILE_EXISTS', 'there is already a file of that name', path)
      if (found) return new SimFile(this, path, found, () => this.#scheduler.nowMs)
      if (mode === 'read' || mode === 'read-write') throw notFound(path)
      return new SimFile(this, path, this.#create(path), () => this.#scheduler.nowMs)
    })
  }

  readFile(path: string): Promise<Buffer> {
    return this.after('read', path, () => Buffer.from(this.#file(path).bytes))
  }

  async writeFileAtomic(path: string, content: Uint8Array | string): Promise<void> {
    const temporary = `${path}.${this.#actor.node.random.int(1_000_000)}.tmp`
    const file = await this.open(temporary, 'create')
    await file.write(0, [Buffer.from(content)])
    await file.sync()
    await this.rename(temporary, path)
    await this.syncFolder(parentPath(path))
  }

  list(path: string): Promise<string[]> {
    return this.after('read', path, () => [...this.#folder(path).entries.keys()].sort())
  }

  stat(path: string): Promise<DiskStat | undefined> {
    return this.after('read', path, () => {
      const entry = this.#content.find(path)
      if (!entry) return undefined
      if (entry instanceof Folder) return { kind: 'folder', sizeBytes: 0, modifiedMs: 0 }
      return { kind: 'file', sizeBytes: entry.bytes.length, modifiedMs: entry.modifiedMs }
    })
  }

  makeFolder(path: string): Promise<void> {
    return this.after('open', path, () => {
      let folder = this.#content.root
      for (const name of namesIn(path)) {
        const found = folder.entries.get(name)
        if (found instanceof FileContent) throw fault('FILE_EXISTS', 'a file is in the way', path)
        const next = found ?? new Folder()
        if (!found) folder.change([name, next])
        folder = next
      }
    })
  }

  rename(from: string, to: string): Promise<void> {
    return this.after('rename', from, () => {
      const entry = this.#content.find(from)
      const source = this.#content.parent(from)
      const target = this.#content.parent(to)
      if (!entry || !source.folder) throw notFound(from)
      if (!target.folder) throw notFound(to)
      if (source.folder === target.folder) {
        source.folder.change([source.name, undefined], [target.name, entry])
      } else {
        target.folder.change([target.name, entry])
        source.folder.change([source.name, undefined])
      }
      this.#changed(to)
    })
  }

  remove(path: string): Promise<void> {
    return this.after('remove', path, () => {
      const { folder, name } = this.#content.parent(path)
      if (!folder?.entries.has(name)) return
      folder.change([name, undefined])
      this.#changed(path)
    })
  }

  syncFolder(path: string): Promise<void> {
    return this.after('sync', path, () => this.#folder(path).sync())
  }

  lock(path: string): Promise<DiskLock> {
    return this.after('open', path, () => {
      const { locks } = this.#content
      const holder = locks.get(path)
      if (holder !== undefined) {
        throw fault('DATA_IN_USE', `${holder} is using this data`, parentPath(path))
      }
      locks.set(path, this.#actor.name)
      const free = () => void (locks.get(path) === this.#actor.name && locks.delete(path))
      this.#actor.onEnd(free)
      return { release: () => this.after('remove', path, free) }
    })
  }

  /** There are no links here. */
  realPath(path: string): Promise<string> {
    return Promise.resolve(path)
  }

  async temporaryFolder(prefix: string): Promise<string> {
    const path = `/tmp/${prefix}${this.#actor.node.random.int(2 ** 31).toString(36)}`
    await this.makeFolder(path)
    return path
  }

  watch(path: string, onChange: (name: string) => void): () => void {
    const watcher = { path, onChange }
    this.#watchers.add(watcher)
    return () => this.#watchers.delete(watcher)
  }

  /** Tells those who watch the folder. */
  #changed(path: string): void {
    for (const watcher of this.#watchers) {
      if (watcher.path !== parentPath(path)) continue
      this.#scheduler.schedule(this.#actor, 0.1, `watch ${path}`, () => {
        if (this.#watchers.has(watcher)) watcher.onChange(namesIn(path).at(-1) ?? '')
      })
    }
  }

  #create(path: string): FileContent {
    const { folder, name } = this.#content.parent(path)
    if (!folder) throw notFound(path)
    const file = new FileContent()
    file.modifiedMs = this.#scheduler.nowMs
    folder.change([name, file])
    this.#changed(path)
    return file
  }

  #file(path: string): FileContent {
    const entry: Entry | undefined = this.#content.find(path)
    if (entry instanceof FileContent) return entry
    throw entry ? fault('NOT_A_FILE', 'the path is a folder', path) : notFound(path)
  }

  #folder(path: string): Folder {
    const entry = this.#content.find(path)
    if (entry instanceof Folder) return entry
    throw entry ? fault('NOT_A_FOLDER', 'the path is a file', path) : notFound(path)
  }

  get #content() {
    return this.#actor.node.disk
  }
}

class SimFile implements DiskFile {
  readonly path: string
  readonly #disk: SimDisk
  readonly #content: FileContent
  readonly #nowMs: () => number
  #isClosed = false

  constructor(disk: SimDisk, path: string, content: FileContent, nowMs: () => number) {
    this.#disk = disk
    this.path = path
    this.#content = content
    this.#nowMs = nowMs
  }

  size(): Promise<number> {
    return this.#after('read', () => this.#content.bytes.length)
  }

  read(position: number, length: number): Promise<Buffer> {
    return this.#after('read', () => Buffer.from(this.#content.bytes.subarray(position, position + length)))
  }

  write(position: number, pieces: readonly Uint8Array[]): Promise<void> {
    // A copy: what the caller does to its buffers afterwards must not reach the disk.
    const bytes = Buffer.concat(pieces)
    return this.#after('write', () => this.#apply({ kind: 'write', position, bytes }))
  }

  truncate(length: number): Promise<void> {
    return this.#after('write', () => this.#apply({ kind: 'truncate', length }))
  }

  sync(): Promise<void> {
    return this.#after('sync', () => this.#content.sync())
  }

  close(): Promise<void> {
    this.#isClosed = true
    return this.#disk.after('open', this.path, () => undefined)
  }

  #apply(change: Parameters<FileContent['apply']>[0]): void {
    this.#content.apply(change)
    this.#content.modifiedMs = this.#nowMs()
  }

  #after<T>(operation: DiskOperation, effect: () => T): Promise<T> {
    if (this.#isClosed) return Promise.reject(fault('FILE_CLOSED', 'the file has been closed', this.path))
    return this.#disk.after(operation, this.path, effect)
  }
}

function parentPath(path: string): string {
  return `/${namesIn(path).slice(0, -1).join('/')}`
}

function notFound(path: string): MillraceError {
  return fault('FILE_NOT_FOUND', 'there is no such file or folder', path)
}

function fault(code: string, what: string, where: string): MillraceError {
  return new MillraceError({ code, what, where })
}

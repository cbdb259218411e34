/** Paths are absolute, `/`-separated on every platform that we run on. */
export interface Disk {
  /** Opens for reading and writing. @throws MillraceError FILE_NOT_FOUND, NO_PERMISSION, FILE_EXISTS, DISK_FULL */
  open(path: string, mode: 'read' | 'read-write' | 'create' | 'create-new'): Promise<DiskFile>
  readFile(path: string): Promise<Buffer>
  /** Replaces the file as a whole: temporary file, sync, rename, sync of the folder. Never half written. */
  writeFileAtomic(path: string, content: Uint8Array | string): Promise<void>
  /** Names in the folder, sorted. @throws MillraceError FILE_NOT_FOUND */
  list(path: string): Promise<string[]>
  stat(path: string): Promise<DiskStat | undefined>
  /** Where it really lies, symbolic links followed; what is not there yet, below the nearest folder that is. */
  realPath(path: string): Promise<string>
  makeFolder(path: string): Promise<void>
  rename(from: string, to: string): Promise<void>
  /** Removes a file, or a folder with all in it; no error when it is not there. */
  remove(path: string): Promise<void>
  /** Makes creations, renames and removals in the folder durable. */
  syncFolder(path: string): Promise<void>
  /**
   * An exclusive lock that ends with the process. @throws MillraceError DATA_IN_USE naming the holder.
   */
  lock(path: string): Promise<DiskLock>
  /** A new folder for temporary data; the caller removes it. */
  temporaryFolder(prefix: string): Promise<string>
  /** Calls back when something in the folder (not below) changes; returns the way to stop. */
  watch(path: string, onChange: (name: string) => void): () => void
}

export interface DiskFile {
  readonly path: string
  size(): Promise<number>
  /** Up to `length` bytes from `position`; shorter only at the end of the file. */
  read(position: number, length: number): Promise<Buffer>
  /** Writes all the pieces one after the other (gather write). */
  write(position: number, pieces: readonly Uint8Array[]): Promise<void>
  truncate(length: number): Promise<void>
  /** Until this resolves a crash may lose what was written since the last one. */
  sync(): Promise<void>
  close(): Promise<void>
}

export interface DiskStat {
  readonly kind: 'file' | 'folder'
  readonly sizeBytes: number
  readonly modifiedMs: number
}

export interface DiskLock {
  release(): Promise<void>
}

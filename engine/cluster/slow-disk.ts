import type { Disk, DiskFile, Environment, Timers } from '../environment/index.ts'

/** How long each write and sync is held up; changed while the broker runs. */
export interface DiskDelay {
  delayMs: number
}

/** The same world with a disk that can be made slow. */
export function withSlowDisk(environment: Environment, delay: DiskDelay): Environment {
  const { disk, timers } = environment
  const wait = () => (delay.delayMs > 0 ? timers.sleep(delay.delayMs) : undefined)
  const slowed: Disk = {
    open: async (path, mode) => slowFile(await disk.open(path, mode), timers, delay),
    readFile: (path) => disk.readFile(path),
    writeFileAtomic: async (path, content) => {
      await wait()
      await disk.writeFileAtomic(path, content)
    },
    list: (path) => disk.list(path),
    stat: (path) => disk.stat(path),
    realPath: (path) => disk.realPath(path),
    makeFolder: (path) => disk.makeFolder(path),
    rename: (from, to) => disk.rename(from, to),
    remove: (path) => disk.remove(path),
    syncFolder: (path) => disk.syncFolder(path),
    lock: (path) => disk.lock(path),
    temporaryFolder: (prefix) => disk.temporaryFolder(prefix),
    watch: (path, onChange) => disk.watch(path, onChange),
  }
  return { ...environment, disk: slowed }
}

function slowFile(file: DiskFile, timers: Timers, delay: DiskDelay): DiskFile {
  const slowly = <T>(action: () => Promise<T>): Promise<T> =>
    delay.delayMs > 0 ? timers.sleep(delay.delayMs).then(action) : action()
  return {
    path: file.path,
    size: () => file.size(),
    read: (position, length) => file.read(position, length),
    write: (position, pieces) => slowly(() => file.write(position, pieces)),
    truncate: (length) => file.truncate(length),
    sync: () => slowly(() => file.sync()),
    close: () => file.close(),
  }
}

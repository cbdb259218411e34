import { createHash } from 'node:crypto'
import { lstat, mkdtemp, readdir, rm } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemCodeOf } from './system-errors.ts'

/** Processes have numbers of their own in each container, and containers may share their temporary files. */
const machine = createHash('sha256').update(hostname()).digest('hex').slice(0, 8)

/** A new one, which is named after its process; those of processes that are gone, and could not remove them, are removed. */
export async function temporaryFolder(prefix: string): Promise<string> {
  await removeLeft(prefix)
  return await mkdtemp(join(tmpdir(), `${prefix}${machine}-${process.pid}-`))
}

async function removeLeft(prefix: string): Promise<void> {
  const names = await readdir(tmpdir())
  await Promise.all(
    names.map(async (name) => {
      const pid = name.startsWith(prefix) ? pidOf(name.slice(prefix.length)) : undefined
      if (pid === undefined || isAlive(pid)) return
      const path = join(tmpdir(), name)
      try {
        const stat = await lstat(path)
        if (stat.isDirectory() && stat.uid === (process.getuid?.() ?? stat.uid))
          await rm(path, { recursive: true })
      } catch (thrown) {
        // Another process removes it in this moment, or a dying one still writes: the next start finds what is left.
        if (!['ENOENT', 'ENOTEMPTY', 'EBUSY', 'EPERM', 'EACCES'].includes(systemCodeOf(thrown) ?? ''))
          throw thrown
      }
    }),
  )
}

/** Of the rest of a folder's name; undefined for names that are not ours. */
function pidOf(rest: string): number | undefined {
  const [, host, pid] = /^([0-9a-f]{8})-(\d+)-[A-Za-z0-9]{6}$/.exec(rest) ?? []
  return host === machine ? Number(pid) : undefined
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (thrown) {
    return systemCodeOf(thrown) !== 'ESRCH'
  }
}

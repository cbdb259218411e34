import { constants, readFileSync } from 'node:fs'
import { copyFile, link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { dirname } from 'node:path'
import { MillraceError } from '../../base/errors.ts'
import type { DiskLock } from '../../environment/index.ts'
import { fromSystemError, systemCodeOf } from './system-errors.ts'

/** What the lock file holds: enough to tell a live holder from one whose process number was given out again. */
interface Holder {
  readonly pid: number
  /** When that process began, as the operating system counts; empty where it can't be told. */
  readonly started: string
  readonly host: string
  readonly program: string
  /** Tells two locks of one process apart. */
  readonly ticket: string
}

/** What file systems without hard links answer. */
const withoutLinks = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS']

let ticketNumber = 0

/**
 * A file that names its holder and comes into being whole and at once (a hard link to a finished file). A holder that
 * is no longer alive loses it: the file is moved away, and looked at again once moved, because another process
 * may have been faster and then it is that one's.
 */
export async function acquireLock(path: string): Promise<DiskLock> {
  const ticket = `${process.pid}-${++ticketNumber}-${process.hrtime.bigint()}`
  const own: Holder = {
    pid: process.pid,
    started: processStart(process.pid),
    host: hostname(),
    program: process.title,
    ticket,
  }
  const prepared = `${path}.${ticket}`
  try {
    await mkdir(dirname(path), { recursive: true })
    await writeFile(prepared, JSON.stringify(own), { flag: 'wx' })
    for (let attempt = 0; attempt < 10; attempt++) {
      if (await tryLink(prepared, path)) return { release: () => releaseLock(path, ticket) }
      const holder = await readHolder(path)
      if (holder === undefined) continue
      if (isAlive(holder)) throw inUse(path, holder)
      await moveAway(path, holder, `${prepared}.stale`)
    }
    throw inUse(path, undefined)
  } catch (thrown) {
    throw fromSystemError(thrown, path)
  } finally {
    await rm(prepared, { force: true })
  }
}

async function tryLink(prepared: string, path: string): Promise<boolean> {
  try {
    await link(prepared, path)
    return true
  } catch (thrown) {
    const code = systemCodeOf(thrown) ?? ''
    if (code === 'EEXIST') return false
    if (!withoutLinks.includes(code)) throw thrown
  }
  // Such a file system copies; what is half copied counts as a dead holder's, which a crash of the machine leaves anyway.
  try {
    await copyFile(prepared, path, constants.COPYFILE_EXCL)
    return true
  } catch (thrown) {
    if (systemCodeOf(thrown) === 'EEXIST') return false
    throw thrown
  }
}

/** Undefined when the file is gone; a file that nobody of us wrote counts as a dead holder. */
async function readHolder(path: string): Promise<Holder | undefined> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (thrown) {
    if (systemCodeOf(thrown) === 'ENOENT') return undefined
    throw thrown
  }
  return parseHolder(text)
}

function parseHolder(text: string): Holder {
  const nobody: Holder = { pid: 0, started: '', host: '', program: '', ticket: text }
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null) return nobody
    return { ...nobody, ...value }
  } catch {
    return nobody // not JSON: cut off by a crash of the machine
  }
}

function isAlive(holder: Holder): boolean {
  if (!Number.isInteger(holder.pid) || holder.pid <= 0) return false
  // A folder shared between machines: their processes can't be seen from here.
  if (holder.host !== hostname()) return true
  try {
    process.kill(holder.pid, 0)
  } catch (thrown) {
    if (systemCodeOf(thrown) === 'ESRCH') return false
  }
  const started = processStart(holder.pid)
  return started === '' || holder.started === '' || started === holder.started
}

async function moveAway(path: string, seen: Holder, stale: string): Promise<void> {
  try {
    await rename(path, stale)
  } catch (thrown) {
    if (systemCodeOf(thrown) === 'ENOENT') return
    throw thrown
  }
  const moved = await readHolder(stale)
  if (moved !== undefined && moved.ticket !== seen.ticket) await tryLink(stale, path)
  await rm(stale, { force: true })
}

async function releaseLock(path: string, ticket: string): Promise<void> {
  const holder = await readHolder(path)
  if (holder?.ticket === ticket) await rm(path, { force: true })
}

/** Field 22 of /proc/<pid>/stat; the program's name before it may hold spaces and parentheses. */
function processStart(pid: number): string {
  if (process.platform !== 'linux') return ''
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? ''
  } catch {
    return '' // no such process, or /proc is hidden: the process number alone decides
  }
}

function inUse(path: string, holder: Holder | undefined): MillraceError {
  const who = holder
    ? `process ${holder.pid}${holder.program ? ` (${holder.program})` : ''}`
    : 'another process'
  return new MillraceError({
    code: 'DATA_IN_USE',
    what: `${who} is using this data`,
    where: dirname(path),
    remedy: 'close the other studio or broker, or choose another data folder',
    details: holder ? { pid: holder.pid, host: holder.host } : {},
  })
}

import { createHash } from 'node:crypto'
import { constants, readFileSync } from 'node:fs'
import { copyFile, link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { dirname } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { isMillraceError, MillraceError } from '../../base/errors.ts'
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

/** Between two looks at a lock that somebody is just taking over. */
const takeOverPollMs = 5
const attemptsMax = 200

/**
 * A file that names its holder and comes into being whole and at once (a hard link to a finished file). A holder that
 * is no longer alive loses it to one of those who want it.
 */
export async function acquireLock(path: string): Promise<DiskLock> {
  const own: Holder = {
    pid: process.pid,
    started: processStart(process.pid),
    host: hostname(),
    program: process.title,
    ticket: `${process.pid}-${++ticketNumber}-${process.hrtime.bigint()}`,
  }
  try {
    await mkdir(dirname(path), { recursive: true })
    await claim(path, own)
    return { release: () => releaseLock(path, own.ticket) }
  } catch (thrown) {
    throw fromSystemError(thrown, path)
  }
}

/** @throws MillraceError DATA_IN_USE */
async function claim(path: string, own: Holder): Promise<void> {
  const prepared = `${path}.${own.ticket}`
  await writeFile(prepared, JSON.stringify(own), { flag: 'wx' })
  try {
    for (let attempt = 0; attempt < attemptsMax; attempt++) {
      if (await tryLink(prepared, path)) return
      const holder = await readHolder(path)
      if (holder === undefined) continue
      if (isAlive(holder)) throw inUse(path, holder)
      if (await takeOver(path, holder, own)) return
    }
    throw inUse(path, undefined)
  } finally {
    await rm(prepared, { force: true })
  }
}

/**
 * Only who holds the lock that is named after the dead holder may put another in that holder's place, and looks first whether
 * it still is there. That lock can be left behind by a crash too, and is then taken over in the same way.
 */
async function takeOver(path: string, dead: Holder, own: Holder): Promise<boolean> {
  const guard = `${path}.${createHash('sha256').update(dead.ticket).digest('hex').slice(0, 16)}`
  try {
    await claim(guard, own)
  } catch (thrown) {
    if (!isMillraceError(thrown, 'DATA_IN_USE')) throw thrown
    await setTimeout(takeOverPollMs)
    return false
  }
  try {
    if ((await readHolder(path))?.ticket !== dead.ticket) return false
    const replacement = `${guard}.new`
    await writeFile(replacement, JSON.stringify(own))
    await rename(replacement, path)
    return true
  } finally {
    await releaseLock(guard, own.ticket)
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

import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { rmSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'

/** By then the browser has read it, or will not. */
const removedMs = 60_000

/**
 * Asks the system to show the address. True when there is a program for it that could be started. The address holds the
 * token, and any user of this machine can read the command lines of others: so the program is given a file that leads
 * there, which only this user can read, and which is gone soon after.
 */
export async function openBrowser(url: string): Promise<boolean> {
  if (!opener('')) return false
  const file = path.join(folder(), `millrace-${randomBytes(6).toString('hex')}.html`)
  try {
    await writeFile(file, pageTo(url), { mode: 0o600, flag: 'wx' })
  } catch {
    return false // the person is told to open the address
  }
  const remove = () => rmSync(file, { force: true })
  process.once('exit', remove)
  setTimeout(() => {
    remove()
    process.off('exit', remove)
  }, removedMs).unref()
  return started(opener(file)!)
}

/** Browsers in a snap see neither the folder for temporary files nor hidden ones. */
const folder = () => (process.platform === 'linux' ? homedir() : tmpdir())

function pageTo(url: string): string {
  const safe = url.replaceAll('&', '&amp;').replaceAll('"', '&quot;')
  return `<!doctype html>
<meta charset="utf-8">
<meta name="referrer" content="no-referrer">
<meta http-equiv="refresh" content="0; url=${safe}">
<title>Millrace</title>
<a href="${safe}">Open the studio</a>
`
}

function started([program, ...args]: readonly [string, ...string[]]): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn(program, args, { stdio: 'ignore', detached: true })
    child.once('error', () => resolve(false))
    child.once('spawn', () => {
      child.unref()
      resolve(true)
    })
  })
}

function opener(file: string): [string, ...string[]] | undefined {
  if (process.platform === 'darwin') return ['open', file]
  if (process.platform === 'win32') return ['rundll32', 'url.dll,FileProtocolHandler', file]
  const hasDisplay = Boolean(process.env.DISPLAY ?? process.env.WAYLAND_DISPLAY)
  return hasDisplay ? ['xdg-open', pathToFileURL(file).href] : undefined
}

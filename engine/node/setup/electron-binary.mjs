// Electron's binary is not in the registry: it is fetched once, with a limit, and the answer is remembered.
import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { modulesFolder } from './paths.mjs'
import { readStamp, writeStamp } from './stamps.mjs'

const fetchLimitMs = 120_000
const quietLimitMs = 20_000

/** The binary's path, or why there is none. Never loads `electron`, which would fetch. */
export function findElectron() {
  const folder = path.join(modulesFolder, 'electron')
  const pathFile = path.join(folder, 'path.txt')
  const name = existsSync(pathFile) ? readFileSync(pathFile, 'utf8').trim() : undefined
  const override = process.env.ELECTRON_OVERRIDE_DIST_PATH
  const binary = override ? path.join(override, name ?? 'electron') : name && path.join(folder, 'dist', name)
  return binary && existsSync(binary) ? binary : undefined
}

/** Tries to fetch the binary unless that was tried for this version before. */
export async function fetchElectronOnce() {
  const { version } = JSON.parse(readFileSync(path.join(modulesFolder, 'electron', 'package.json'), 'utf8'))
  const stamp = readStamp('electron')
  if (stamp?.version === version) return stamp.answer
  process.stderr.write(`Fetching Electron ${version}, once …\n`)
  const answer = await runInstaller()
  writeStamp('electron', { version, answer })
  return answer
}

function runInstaller() {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [path.join(modulesFolder, 'electron', 'install.js')], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const startedMs = Date.now()
    let lastText = ''
    const keep = (chunk) => {
      lastText = `${lastText}${chunk}`.slice(-4000)
    }
    child.stdout.on('data', keep)
    child.stderr.on('data', keep)
    const progress = setInterval(
      () => process.stderr.write(`  … ${Math.round((Date.now() - startedMs) / 1000)} s\n`),
      quietLimitMs,
    )
    const limit = setTimeout(() => child.kill(), fetchLimitMs)
    child.on('close', (status, signal) => {
      clearInterval(progress)
      clearTimeout(limit)
      if (status === 0) resolve('fetched')
      else if (signal) resolve(`the download took longer than ${fetchLimitMs / 1000} s`)
      else resolve(reason(lastText))
    })
  })
}

function reason(text) {
  const line = text
    .split('\n')
    .find((candidate) => /error|ENOTFOUND|ECONN|status|refused|timed out/i.test(candidate))
  return `the download failed (${(line ?? 'no reason given').trim().slice(0, 160)})`
}

import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { openBrowser } from './index.ts'

const url = 'http://127.0.0.1:9000/?token=very-secret&x=1'

describe.skipIf(process.platform !== 'linux')('opening the browser', () => {
  const home = mkdtempSync(path.join(tmpdir(), 'millrace-home-'))

  afterEach(() => {
    vi.unstubAllEnvs()
    rmSync(home, { recursive: true, force: true })
  })

  it('names a file that only its owner can read, and no token, on the command line', async () => {
    const told = path.join(home, 'told')
    writeFileSync(
      path.join(home, 'xdg-open'),
      `#!/bin/sh\necho "$@" > ${told}.part && mv ${told}.part ${told}\n`,
    )
    chmodSync(path.join(home, 'xdg-open'), 0o700)
    vi.stubEnv('HOME', home)
    vi.stubEnv('PATH', `${home}${path.delimiter}${process.env.PATH}`)
    vi.stubEnv('DISPLAY', ':0')
    expect(await openBrowser(url)).toBe(true)
    await expect.poll(() => existsSync(told), { timeout: 10_000 }).toBe(true)
    const line = readFileSync(told, 'utf8').trim()
    expect(line).not.toContain('secret')
    const file = fileURLToPath(line)
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(readFileSync(file, 'utf8')).toContain('url=http://127.0.0.1:9000/?token=very-secret&amp;x=1"')
  })

  it('writes nothing where there is no screen', async () => {
    const empty = mkdtempSync(path.join(tmpdir(), 'millrace-home-'))
    vi.stubEnv('HOME', empty)
    vi.stubEnv('DISPLAY', undefined)
    vi.stubEnv('WAYLAND_DISPLAY', undefined)
    expect(await openBrowser(url)).toBe(false)
    expect(readdirSync(empty)).toEqual([])
    rmSync(empty, { recursive: true })
  })
})

/** How a browser comes to be signed in: by the file that opens it, and in every tab from then on. */
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { openBrowser } from '../../engine/node/browser-shell/index.ts'
import { chromiumPath, launch } from './browser.ts'
import { picture } from './sitting.ts'
import { type StartedStudio, startStudio } from './studio.ts'
import { eventually } from './window.ts'

describe.skipIf(!chromiumPath() || process.platform !== 'linux')('signing in', () => {
  let studio: StartedStudio
  let browser: Browser

  beforeAll(async () => {
    studio = await startStudio()
    browser = await launch()
  })

  afterAll(async () => {
    vi.unstubAllEnvs()
    await browser?.close()
    await studio?.stop()
  })

  test('the file that opens the browser leads into the studio; a reload and another tab stay in it', async () => {
    const told = path.join(studio.folder, 'told')
    const opener = path.join(studio.folder, 'xdg-open')
    writeFileSync(opener, `#!/bin/sh\necho "$@" > ${told}.part && mv ${told}.part ${told}\n`)
    chmodSync(opener, 0o700)
    vi.stubEnv('HOME', studio.folder)
    vi.stubEnv('PATH', `${studio.folder}${path.delimiter}${process.env.PATH}`)
    vi.stubEnv('DISPLAY', ':0')
    expect(await openBrowser(studio.url)).toBe(true)
    await eventually(async () => expect(existsSync(told)).toBe(true))

    const context = await browser.newContext()
    const page = await context.newPage()
    await page.goto(readFileSync(told, 'utf8').trim())
    await page.getByText('host ok', { exact: true }).waitFor()
    const bare = `${new URL(studio.url).origin}/`
    expect(page.url(), 'neither token nor key stay in the address').toBe(bare)
    await page.reload()
    await page.getByText('host ok', { exact: true }).waitFor()
    const second = await context.newPage()
    await second.goto(bare)
    await second.getByText('host ok', { exact: true }).waitFor()
    await context.close()
  })

  test('with the cookie alone, as a server on another port sees it, there is no way to the engine', async () => {
    const signedIn = await browser.newContext()
    const page = await signedIn.newPage()
    await page.goto(studio.url)
    await page.getByText('host ok', { exact: true }).waitFor()
    const stolen = await browser.newContext()
    await stolen.addCookies(await signedIn.cookies())
    const other = await stolen.newPage()
    await other.goto(`${new URL(studio.url).origin}/`)
    await other.getByRole('alert').getByText('Not signed in.').waitFor()
    expect(await other.getByText('host ok', { exact: true }).count()).toBe(0)
    await picture(other, 'not-signed-in')
    await signedIn.close()
    await stolen.close()
  })
})

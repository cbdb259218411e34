/** A host that answers late: the person has gone on meanwhile. */
import path from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, test } from 'vitest'
import { chromiumPath, launch } from './browser.ts'
import { copySample, type StartedStudio, startStudio } from './studio.ts'
import { node, patienceMs, pictureOf } from './window.ts'

const lateMs = 1500

describe.skipIf(!chromiumPath())('a host that answers late', () => {
  let studio: StartedStudio
  let browser: Browser
  let page: Page

  beforeAll(async () => {
    studio = await startStudio()
    browser = await launch()
    page = await browser.newPage({ viewport: { width: 1440, height: 900 } })
    page.setDefaultTimeout(patienceMs)
    await page.routeWebSocket('**/host', (window) => {
      const host = window.connectToServer()
      host.onMessage((message) => void setTimeout(() => window.send(message), lateMs))
    })
    await page.goto(studio.url)
  })

  afterEach(async ({ task }) => {
    if (task.result?.state === 'fail') await pictureOf(page, task.name)
  })

  afterAll(async () => {
    await browser?.close()
    await studio?.stop()
  })

  test('a path that is typed before the folder is listed is the one that opens', {
    timeout: 60_000,
  }, async () => {
    const folder = await copySample('flight-delays', studio.folder)
    await page.getByRole('button', { name: 'Open…' }).click()
    const place = page.getByLabel('Path')
    await place.fill(path.join(folder, 'pipeline.json'))
    await page.getByRole('dialog').getByRole('listitem').first().waitFor()
    await place.press('Enter')
    await node(page, 'delayed').waitFor({ timeout: 20_000 })
  })
})

/** A host that answers late: the person has gone on meanwhile. */
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { chromiumPath, launch } from './browser.ts'
import { copySample, type StartedStudio, startStudio } from './studio.ts'
import { node, patienceMs, pictureOf } from './window.ts'

const lateMs = 1500

describe.skipIf(!chromiumPath())('a host that answers late', () => {
  let studio: StartedStudio
  let browser: Browser
  let page: Page
  let isReading: () => void = () => undefined

  beforeAll(async () => {
    studio = await startStudio()
    browser = await launch()
    page = await browser.newPage({ viewport: { width: 1440, height: 900 } })
    page.setDefaultTimeout(patienceMs)
    await page.routeWebSocket('**/host', (window) => {
      const host = window.connectToServer()
      host.onMessage((message) => void setTimeout(() => window.send(message), lateMs))
      window.onMessage((message) => {
        if (String(message).includes('pipeline.open')) isReading()
        host.send(message)
      })
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

  test('of two pipelines that are asked for, the one asked for last is shown', async () => {
    await page.reload()
    // The window opens what was open by itself; the person has gone on to the start page's list meanwhile.
    await page.getByRole('region', { name: 'Samples' }).getByRole('button').first().waitFor()
    await page
      .getByRole('region', { name: 'Samples' })
      .getByRole('button', { name: /Two cities/ })
      .click()
    await node(page, 'same-day').waitFor()
    // Whatever the window had asked by itself has been answered by now.
    await new Promise((resolve) => setTimeout(resolve, 3 * lateMs))
    expect(await node(page, 'delayed').count()).toBe(0)
  })

  test('what is typed while another program’s change is being read is not lost', async () => {
    await page.getByRole('button', { name: 'Start page' }).click()
    await page
      .getByRole('region', { name: 'Recent' })
      .getByRole('button', { name: /Flight delays/ })
      .first()
      .click()
    await node(page, 'delayed').click()
    await page.getByRole('tab', { name: 'Notes' }).click()
    const asked = page.waitForEvent('console', (message) => message.text() === 'asked again')
    isReading = () => void page.evaluate(() => console.log('asked again'))
    const file = path.join(studio.folder, 'flight-delays/pipeline.json')
    writeFileSync(file, readFileSync(file, 'utf8').replace('value.delay >= 15', 'value.delay >= 25'))
    await asked
    await page.getByLabel('Note', { exact: true }).fill('Mine.')
    await page.getByText('Changed on disk.').waitFor()
    expect(await page.getByLabel('Note', { exact: true }).inputValue()).toBe('Mine.')
    await page.getByRole('button', { name: 'Load from disk' }).click()
    await node(page, 'delayed').getByText('value.delay >= 25').waitFor()
  })
})

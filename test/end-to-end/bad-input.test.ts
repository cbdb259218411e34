/** Pipelines that are broken, odd, or written by others while they are open: each is told clearly, and nothing else stops. */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, test } from 'vitest'
import { chromiumPath, launch } from './browser.ts'
import { copySample, type StartedStudio, startStudio } from './studio.ts'
import { node, patienceMs, pictureOf } from './window.ts'

describe.skipIf(!chromiumPath())('bad input', () => {
  let studio: StartedStudio
  let browser: Browser
  let page: Page

  beforeAll(async () => {
    studio = await startStudio()
    browser = await launch()
    const context = await browser.newContext({
      viewport: { width: 1440, height: 900 },
      colorScheme: 'light',
      reducedMotion: 'reduce',
    })
    page = await context.newPage()
    page.setDefaultTimeout(patienceMs)
    await page.goto(studio.url)
    await page.getByRole('heading', { name: 'Millrace' }).waitFor()
  })

  afterEach(async ({ task }) => {
    if (task.result?.state === 'fail') await pictureOf(page, task.name)
  })

  afterAll(async () => {
    await browser?.close()
    await studio?.stop()
  })

  /** Opens a pipeline of one's own making by its path. */
  async function openText(name: string, text: string): Promise<void> {
    const folder = path.join(studio.folder, name)
    await mkdir(folder, { recursive: true })
    await writeFile(path.join(folder, 'pipeline.json'), text)
    await openPath(folder)
  }

  async function openPath(folder: string): Promise<void> {
    await page.getByRole('button', { name: 'Start page' }).click()
    await page.getByRole('button', { name: 'Open…' }).click()
    await page.getByLabel('Path').fill(path.join(folder, 'pipeline.json'))
    await page.getByLabel('Path').press('Enter')
  }

  test('broken JSON and a newer version do not open, and say where and what to do', async () => {
    await openText('broken', '{ "version": 1,\n  "nodes": [ }')
    const alert = page.getByRole('alert')
    await alert.getByText(/pipeline\.json:2:/).waitFor()
    await openText('newer', '{ "version": 99, "id": "n", "name": "N", "nodes": [], "edges": [] }')
    await alert.getByText(/version 99/).waitFor()
    await alert.getByText(/newer Millrace/).waitFor()
  })

  test('an unknown kind, a dangling edge and a cycle open, and are listed as problems', async () => {
    const filter = (id: string) => ({ id, kind: 'filter', name: id, position: { x: 0, y: 0 }, config: {} })
    const edge = (id: string, from: string, to: string) => ({
      id,
      from: { node: from, port: 'out' },
      to: { node: to, port: 'in' },
    })
    await openText(
      'odd',
      JSON.stringify({
        version: 1,
        id: 'odd',
        name: 'Odd',
        nodes: [filter('one'), filter('two'), { ...filter('what'), kind: 'teleport' }],
        edges: [edge('e1', 'one', 'two'), edge('e2', 'two', 'one'), edge('e3', 'nowhere', 'one')],
      }),
    )
    await node(page, 'what')
      .getByText(/unknown kind/)
      .waitFor()
    await page.getByRole('button', { name: /problems$/ }).click()
    const list = page.getByRole('list', { name: 'Problems' })
    for (const word of [/teleport/, /cycle/i, /nowhere/]) await list.getByText(word).first().waitFor()
  })

  test('what another program writes is loaded, unless there are changes of one’s own', async () => {
    const folder = await copySample('two-cities', studio.folder)
    await openPath(folder)
    const file = path.join(folder, 'pipeline.json')
    const text = await readFile(file, 'utf8')
    const named = JSON.parse(text).name
    await page.getByRole('button', { name: `${named}: pipeline menu` }).waitFor()
    await writeFile(file, text.replace(named, 'Renamed outside'))
    await page.getByRole('button', { name: 'Renamed outside: pipeline menu' }).waitFor()
  })

  test('the colours follow the system, and can be overruled', async () => {
    const theme = (name: string) => page.locator(`:root[data-theme="${name}"]`).waitFor()
    await theme('light')
    await page.emulateMedia({ colorScheme: 'dark' })
    await theme('dark')
    await page.keyboard.press('Control+,')
    await page.getByLabel('Colours').selectOption('light')
    await theme('light')
    await page.getByLabel('Colours').selectOption('system')
    await theme('dark')
    await page.getByRole('button', { name: 'Done' }).click()
  })
})

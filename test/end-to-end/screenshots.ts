/**
 * `npm run screenshots`: pictures of every main view of the real studio, dark and light, large and at the smallest size that
 * is supported, into `.build/screenshots`; the three that the README shows go beside this file.
 */
import { copyFileSync, mkdirSync } from 'node:fs'
import path from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { launch } from './browser.ts'
import { copySample, type StartedStudio, startStudio } from './studio.ts'
import { node } from './window.ts'

const checkout = path.resolve(import.meta.dirname, '../..')
const target = path.join(checkout, '.build', 'screenshots')
const shown = path.join(import.meta.dirname, 'pictures')

const sizes = { large: { width: 1440, height: 900 }, small: { width: 1024, height: 640 } }
const inReadme: Readonly<Record<string, string>> = {
  'run-dark-large': 'run.png',
  'code-light-large': 'code.png',
  'cluster-dark-large': 'cluster.png',
}

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))

async function main(): Promise<void> {
  mkdirSync(target, { recursive: true })
  mkdirSync(shown, { recursive: true })
  const studio = await startStudio()
  const browser = await launch()
  try {
    const pipeline = await copySample('flight-delays', studio.folder)
    for (const theme of ['dark', 'light'] as const) {
      for (const size of ['large', 'small'] as const) await pictures(browser, studio, pipeline, theme, size)
    }
  } finally {
    await browser.close()
    await studio.stop()
  }
  for (const [name, file] of Object.entries(inReadme)) {
    copyFileSync(path.join(target, `${name}.png`), path.join(shown, file))
  }
  process.stdout.write(`Pictures lie in ${path.relative(checkout, target)}\n`)
}

async function pictures(
  browser: Browser,
  studio: StartedStudio,
  pipeline: string,
  theme: 'dark' | 'light',
  size: keyof typeof sizes,
): Promise<void> {
  const context = await browser.newContext({
    viewport: sizes[size],
    colorScheme: theme,
    reducedMotion: 'reduce',
  })
  const page = await context.newPage()
  page.setDefaultTimeout(30_000)
  const take = async (view: string) => {
    const file = path.join(target, `${view}-${theme}-${size}.png`)
    // The pointer would leave a hover behind.
    await page.mouse.move(sizes[size].width - 2, sizes[size].height - 2)
    await sleep(300)
    await page.screenshot({ path: file })
  }
  page.on('pageerror', (error) => process.stderr.write(`${error.stack}\n`))
  try {
    await views(page, studio, pipeline, take)
  } catch (thrown) {
    await take('failed')
    throw thrown
  }
  await context.close()
}

async function views(
  page: Page,
  studio: StartedStudio,
  pipeline: string,
  take: (view: string) => Promise<void>,
): Promise<void> {
  await page.goto(studio.url)
  await page.getByRole('region', { name: 'Samples' }).getByRole('button').first().waitFor()
  await take('start')
  await openCopy(page, pipeline)
  await showPanel(page, 'Nodes')
  await page.keyboard.press('1')
  await sleep(300)
  await node(page, 'delay-by-airport').click()
  await take('edit')
  await problem(page, () => take('problems'))
  await runFromStart(page)
  await sleep(9000)
  await page.keyboard.press('1')
  await node(page, 'alerts').click()
  await page.keyboard.press('r')
  await page.getByRole('grid').getByRole('row').nth(3).waitFor()
  await node(page, 'delay-by-airport').click()
  await sleep(1500)
  await take('run')
  await node(page, 'severity').dblclick()
  await page.locator('.code-editor .view-line').nth(4).waitFor()
  await sleep(3000)
  await take('code')
  await showPanel(page, 'Cluster')
  await page.getByRole('button', { name: 'Kill broker 2' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Kill broker 2' }).click()
  await page.getByRole('tablist', { name: 'Dock' }).getByRole('tab', { name: 'Metrics' }).click()
  await sleep(6000)
  await take('cluster')
  await page.getByRole('button', { name: 'Start broker 2' }).click()
  await page.keyboard.press('Control+k')
  await sleep(300)
  await take('palette')
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: 'Stop', exact: true }).click()
  await page.getByRole('button', { name: 'Run', exact: true }).waitFor()
}

async function showPanel(page: Page, name: string): Promise<void> {
  const button = page.getByRole('navigation', { name: 'Panels' }).getByRole('button', { name, exact: true })
  if ((await button.getAttribute('aria-pressed')) !== 'true') await button.click()
}

async function openCopy(page: Page, pipeline: string): Promise<void> {
  await page.getByRole('button', { name: 'Open…' }).click()
  await page.getByLabel('Path').fill(path.join(pipeline, 'pipeline.json'))
  await page.getByLabel('Path').press('Enter')
  await node(page, 'delayed').waitFor()
  const trust = page.getByRole('button', { name: 'Trust this pipeline' })
  if (await trust.isVisible()) await trust.click()
  await sleep(800)
}

/** An expression that does not fit what flows in, for as long as the picture takes. */
async function problem(page: Page, take: () => Promise<void>): Promise<void> {
  await node(page, 'delayed').click()
  const field = page.getByRole('textbox', { name: 'Condition' })
  const before = await field.inputValue()
  await field.fill('value.dealy >= 15')
  await page.getByRole('button', { name: /problem/ }).click()
  await page.getByRole('list', { name: 'Problems' }).getByText('dealy').waitFor()
  await take()
  await field.fill(before)
  await page.keyboard.press('Control+s')
}

async function runFromStart(page: Page): Promise<void> {
  await page.keyboard.press('Control+k')
  await page.getByPlaceholder('Search or run a command').fill('run from the start')
  await page.keyboard.press('Enter')
  await page.getByRole('button', { name: 'Run from start' }).click()
  await page.getByRole('button', { name: 'Stop', exact: true }).waitFor()
}

await main()

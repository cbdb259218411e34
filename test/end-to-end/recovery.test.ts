/** What survives: drafts, the window when the host dies, the host's children when the studio dies; and windows of other sizes and colours. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { chromiumPath } from './browser.ts'
import { openByPath, picture, type Sitting, sitDown } from './sitting.ts'
import { childrenOf, type StartedStudio, startStudio } from './studio.ts'
import { eventually, figureIn, node, pictureOf } from './window.ts'

describe.skipIf(!chromiumPath())('the studio, its host and its windows', () => {
  let sitting: Sitting
  let page: Page
  let again: StartedStudio | undefined

  beforeAll(async () => {
    sitting = await sitDown('flight-delays')
    page = sitting.page
  })

  afterEach(async ({ task }) => {
    if (task.result?.state === 'fail') await pictureOf(page, task.name)
  })

  afterAll(async () => {
    await sitting?.browser.close()
    await again?.stop()
    if (!again) await sitting?.studio.stop()
  })

  const run = () => page.getByRole('button', { name: 'Run', exact: true })

  test('a pipeline from elsewhere can be edited, and does not run until it is trusted', async () => {
    await openByPath(page, sitting.pipeline)
    await page.getByText('Restricted.').waitFor()
    expect(await run().isDisabled()).toBe(true)
    await node(page, 'delayed').click()
    await page.keyboard.press('Control+Enter')
    expect(await page.getByRole('button', { name: 'Stop' }).count()).toBe(0)
    await page.getByRole('button', { name: 'Trust this pipeline' }).click()
    await page.getByText('Restricted.').waitFor({ state: 'detached' })
    expect(await run().isEnabled()).toBe(true)
  })

  test('a sample of the checkout is not asked about, and trust is remembered', async () => {
    await page.getByRole('button', { name: 'Start page' }).click()
    await page
      .getByRole('region', { name: 'Samples' })
      .getByRole('button', { name: /Two cities/ })
      .click()
    await node(page, 'same-day').waitFor()
    expect(await page.getByText('Restricted.').count()).toBe(0)
    await page.getByRole('button', { name: 'Start page' }).click()
    await page
      .getByRole('region', { name: 'Recent' })
      .getByRole('button', { name: /Flight delays/ })
      .first()
      .click()
    await node(page, 'delayed').waitFor()
    expect(await page.getByText('Restricted.').count()).toBe(0)
  })

  test('what is changed while it runs is marked as not what runs; names and places are not', async () => {
    await run().click()
    await eventually(async () =>
      expect(await figureIn(page.locator('.run-figures'), /in ([\d.]+k?)\/s/)).toBeGreaterThan(0),
    )
    await node(page, 'alerts').click()
    await page.getByLabel('Name', { exact: true }).fill('late')
    await node(page, 'alerts').getByText('late').waitFor()
    expect(await page.locator('.node-changed').count()).toBe(0)
    await node(page, 'delayed').click()
    await page.getByLabel('Condition', { exact: true }).fill('value.delay >= 16')
    await node(page, 'delayed').locator('.node-changed').waitFor()
    expect(await page.locator('.node-changed').count()).toBe(1)
    await page.getByText('Changed since it ran.').waitFor()
  })

  test('when the host is killed the window says so, keeps what is drawn, and finds the next host by itself', async () => {
    const [host] = childrenOf(sitting.studio.pid)
    expect(host).toBeDefined()
    process.kill(host!, 'SIGKILL')
    await page.getByRole('alert').getByText('The host does not answer.').waitFor()
    await picture(page, 'host-lost')
    await page.getByText('host ok', { exact: true }).waitFor()
    await page.getByText('The host does not answer.').waitFor({ state: 'detached' })
    expect(await page.getByLabel('Condition', { exact: true }).inputValue()).toBe('value.delay >= 16')
    await page.getByRole('button', { name: /^Brokers: 1 running, 2 running, 3 running/ }).waitFor()
    await page.getByRole('alert').getByText('The engine ended, and the run with it').waitFor()
    await picture(page, 'host-back')
    await run().click()
    await page.getByText('The engine ended, and the run with it').waitFor({ state: 'detached' })
    await eventually(async () =>
      expect(await figureIn(page.locator('.run-figures'), /in ([\d.]+k?)\/s/)).toBeGreaterThan(0),
    )
    await page.getByRole('button', { name: 'Stop' }).click()
    await run().waitFor()
  })

  test('what was not saved when the studio was killed is offered as a draft; the host does not outlive it', async () => {
    await node(page, 'delayed').click()
    await page.getByLabel('Condition', { exact: true }).fill('value.delay >= 17')
    const drafts = path.join(sitting.studio.folder, 'data/drafts')
    await eventually(async () => {
      const [draft] = readdirSync(drafts)
      expect(readFileSync(path.join(drafts, draft!), 'utf8')).toContain('value.delay >= 17')
    })
    const children = childrenOf(sitting.studio.pid)
    await sitting.studio.crash()
    await eventually(async () => expect(children.filter(isAlive)).toEqual([]))
    expect(existsSync(path.join(sitting.studio.folder, 'data'))).toBe(true)

    again = await startStudio({ folder: sitting.studio.folder })
    await page.goto(again.url)
    await page.evaluate(() => sessionStorage.clear())
    await page.goto(again.url)
    await openByPath(page, sitting.pipeline)
    const offer = page.getByRole('dialog', { name: 'Go on with the unsaved draft?' })
    await offer.waitFor()
    await picture(page, 'draft-offered')
    await page.keyboard.press('Enter')
    await node(page, 'delayed').getByText('value.delay >= 17').waitFor()
    await page.getByText('unsaved', { exact: true }).waitFor()
    await page.keyboard.press('Control+s')
    await page.getByText('saved', { exact: true }).waitFor()
    expect(readFileSync(path.join(sitting.pipeline, 'pipeline.json'), 'utf8')).toContain('value.delay >= 17')
  })

  test.for([
    ['Dark', 'dark'],
    ['Light', 'light'],
  ] as const)('%s is chosen in the settings, and kept over a reload', async ([label, scheme]) => {
    const background = () => page.evaluate(() => getComputedStyle(document.body).colorScheme)
    await page.getByRole('button', { name: 'Settings' }).click()
    await page.getByLabel('Colours').selectOption(label)
    await page.getByRole('button', { name: 'Done' }).click()
    await eventually(async () => expect(await background()).toBe(scheme))
    const settings = path.join(sitting.studio.folder, 'data/settings.json')
    await eventually(async () =>
      expect(JSON.parse(readFileSync(settings, 'utf8'))).toMatchObject({ theme: scheme }),
    )
    await page.reload()
    await node(page, 'delayed').waitFor()
    await eventually(async () => expect(await background()).toBe(scheme))
    await picture(page, `colours-${scheme}`)
  })

  test('at 1024 × 640 nothing is cut off that one needs', async () => {
    await page.setViewportSize({ width: 1024, height: 640 })
    await node(page, 'delayed').click()
    await picture(page, 'small')
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
    expect(overflow).toBeLessThanOrEqual(0)
    for (const name of ['Run', 'Start page', 'Settings']) {
      const box = await page.getByRole('button', { name, exact: true }).boundingBox()
      expect(box!.x + box!.width, name).toBeLessThanOrEqual(1024)
      expect(box!.y + box!.height, name).toBeLessThanOrEqual(640)
    }
    const canvas = await page.getByRole('region', { name: 'Canvas' }).boundingBox()
    expect(canvas!.width).toBeGreaterThan(300)
  })
})

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false // no such process
  }
}

/** A data file of one's own is brought in and run to its end; the second run has nothing new to read, and says so. */
import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { chromiumPath } from './browser.ts'
import { openByPath, picture, type Sitting, sitDown } from './sitting.ts'
import { eventually, node, pictureOf } from './window.ts'

const description = {
  version: 1,
  id: 'mine',
  name: 'Mine',
  nodes: [
    { id: 'orders', kind: 'file-source', name: 'Orders', position: { x: 0, y: 0 }, config: {} },
    { id: 'all', kind: 'topic-sink', name: 'All', position: { x: 320, y: 0 }, config: { topic: 'all' } },
  ],
  edges: [{ id: 'e1', from: { node: 'orders', port: 'out' }, to: { node: 'all', port: 'in' } }],
}

describe.skipIf(!chromiumPath())('a data file, run twice', () => {
  let sitting: Sitting
  let folder: string

  beforeAll(async () => {
    sitting = await sitDown('flight-delays')
    folder = path.join(sitting.studio.folder, 'mine')
    await mkdir(folder)
    await writeFile(path.join(folder, 'pipeline.json'), JSON.stringify(description))
    const rows = Array.from({ length: 20 }, (_, i) => `${i},shop-${i % 3}`)
    await writeFile(path.join(sitting.studio.folder, 'orders.csv'), ['id,shop', ...rows, ''].join('\n'))
    await openByPath(sitting.page, folder)
    await sitting.page.getByRole('button', { name: 'Trust this pipeline' }).click()
  })

  afterEach(async ({ task }) => {
    if (task.result?.state === 'fail') await pictureOf(sitting?.page, task.name)
  })

  afterAll(async () => sitting?.end())

  const button = (name: string | RegExp) => sitting.page.getByRole('button', { name, exact: true })
  const fromStart = () => sitting.page.getByRole('menuitem', { name: 'Run from the start…' })
  const everythingRead = () => sitting.page.getByText('Everything was read in an earlier run')

  async function openMenu(): Promise<void> {
    await sitting.page.getByRole('button', { name: /pipeline menu/ }).click()
    await fromStart().waitFor()
  }

  test('a file from elsewhere is chosen for the source, and copied into the folder', async () => {
    const { page } = sitting
    await node(page, 'orders').click()
    await button('Browse').click()
    await page.getByLabel('Path').fill(path.join(sitting.studio.folder, 'orders.csv'))
    await picture(page, 'bring-file')
    await page.getByLabel('Path').press('Enter')
    await eventually(async () =>
      expect(await page.getByLabel('File', { exact: true }).inputValue()).toBe('data/orders.csv'),
    )
    expect(existsSync(path.join(folder, 'data/orders.csv'))).toBe(true)
    await page.getByRole('navigation', { name: 'Panels' }).getByRole('button', { name: 'Files' }).click()
    await page.getByRole('region', { name: 'Files' }).getByText('data/orders.csv').waitFor()
  })

  test('the first run reads it, and says nothing of an earlier one', async () => {
    await button('Run').click()
    await sitting.page.getByText('all read').waitFor()
    expect(await everythingRead().count()).toBe(0)
  })

  test('after a stop the menu offers the run from the start, though the document is the same', async () => {
    await button('Stop').click()
    await button('Run').waitFor()
    await openMenu()
    expect(await fromStart().getAttribute('aria-disabled')).toBeNull()
    await sitting.page.keyboard.press('Escape')
  })

  test('the second run says that there is nothing new, and offers the start, which reads all again', async () => {
    const { page } = sitting
    await button('Run').click()
    await everythingRead().waitFor()
    await picture(page, 'nothing-new-light')
    await page.emulateMedia({ colorScheme: 'dark' })
    await picture(page, 'nothing-new-dark')
    await button('Run from the start…').click()
    await page.getByRole('dialog').getByRole('button', { name: 'Run from start' }).click()
    await everythingRead().waitFor({ state: 'hidden' })
    await page.getByText('all read').waitFor()
    expect(await everythingRead().count()).toBe(0)
  })

  test('a reload with a change that is not saved asks first, and the change stays where it is refused', async () => {
    const { page } = sitting
    await button('Stop').click()
    await node(page, 'all').click()
    await page.getByLabel('Topic', { exact: true }).fill('every')
    await page.getByText('unsaved').waitFor()
    const asked = page.waitForEvent('dialog')
    // Refused, the page never loads again.
    page.reload({ timeout: 2000 }).catch(() => undefined)
    const dialog = await asked
    expect(dialog.type()).toBe('beforeunload')
    await dialog.dismiss()
    expect(await page.getByLabel('Topic', { exact: true }).inputValue()).toBe('every')
    await page.keyboard.press('Control+s')
    await page.getByText('saved', { exact: true }).waitFor()
  })

  test('nothing went wrong in the window meanwhile', () => {
    expect(sitting.complaints).toEqual([])
  })
})

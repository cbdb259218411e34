/** The record inspector on a topic that grows: tail, pause, filter, going somewhere, columns, and the keys for all that. */
import type { Browser, Locator, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { chromiumPath, launch } from './browser.ts'
import { type StartedStudio, startStudio } from './studio.ts'
import { eventually, node, patienceMs, pictureOf } from './window.ts'

describe.skipIf(!chromiumPath())('the record inspector', () => {
  let studio: StartedStudio
  let browser: Browser
  let page: Page
  let grid: Locator

  beforeAll(async () => {
    studio = await startStudio()
    browser = await launch()
    page = await browser.newPage({ viewport: { width: 1440, height: 900 } })
    page.setDefaultTimeout(patienceMs)
    await page.goto(studio.url)
    await page
      .getByRole('region', { name: 'Samples' })
      .getByRole('button', { name: /Flight delays/ })
      .click()
    await node(page, 'flights').waitFor()
    await page.getByRole('button', { name: 'Run', exact: true }).click()
    await page.getByRole('button', { name: 'Stop', exact: true }).waitFor()
    await node(page, 'flights').click()
    await eventually(async () => {
      await page.keyboard.press('r')
      await page.getByRole('grid').waitFor({ timeout: 1000 })
    })
    grid = page.getByRole('grid')
  })

  afterEach(async ({ task }) => {
    if (task.result?.state === 'fail') await pictureOf(page, task.name)
  })

  afterAll(async () => {
    await browser?.close()
    await studio?.stop()
  })

  const rows = async () => Number(await grid.getAttribute('aria-rowcount'))
  /** Cells of the chosen row. */
  const chosen = () => grid.locator('tr[aria-selected=true] td').allInnerTexts()
  const key = async (name: string) => {
    await grid.focus()
    await page.keyboard.press(name)
  }

  test('f follows the tail, and rows come by themselves; pause holds them', async () => {
    await key('f')
    const before = await rows()
    await eventually(async () => expect(await rows()).toBeGreaterThan(before + 100))
    await page.getByRole('button', { name: 'Pause' }).click()
    await page.waitForTimeout(1000)
    const held = await rows()
    await page.waitForTimeout(1500)
    expect(await rows()).toBe(held)
    await page.getByRole('button', { name: 'Go on' }).click()
    await eventually(async () => expect(await rows()).toBeGreaterThan(held))
    await key('f')
  })

  test('/ filters the whole topic by text, and says how many it found', async () => {
    await key('/')
    await page.keyboard.type('"origin":"SEA"')
    await page
      .getByRole('status', { name: 'Search progress' })
      .getByText(/^[1-9]\d* found$/)
      .waitFor()
    await eventually(async () => {
      const values = await grid.locator('tbody tr td:nth-child(5)').allInnerTexts()
      expect(values.length).toBeGreaterThan(0)
      for (const value of values) expect(value).toContain('"SEA"')
    })
    await page.getByRole('button', { name: 'Clear the filter' }).click()
    await grid.waitFor()
  })

  test('g goes to a time, an offset, the start and the end', async () => {
    await key('g')
    await page.getByLabel('Time', { exact: true }).fill('2001-01-02 12:00:00')
    await page.keyboard.press('Enter')
    await eventually(async () => expect((await chosen())[2]).toMatch(/^2001-01-0[2-9]/))
    await key('g')
    await page.getByRole('button', { name: 'Start', exact: true }).click()
    await eventually(async () => expect((await chosen())[1]).toBe('0'))
    await key('g')
    await page.getByLabel('Offset', { exact: true }).fill('minus one')
    await page.keyboard.press('Enter')
    await page.getByText('An offset is a whole number from 0.').waitFor()
    await page.getByLabel('Offset', { exact: true }).fill('7')
    await page.keyboard.press('Enter')
    await eventually(async () => expect((await chosen())[1]).toBe('7'))
  })

  test('the arrows move from row to row; the record beside shows key, headers and the value as a tree', async () => {
    const before = await chosen()
    await key('ArrowDown')
    await eventually(async () => expect(await chosen()).not.toEqual(before))
    const [partition = '', offset = ''] = await chosen()
    const record = page.getByRole('complementary', { name: 'Record' })
    await record.locator('header').getByText(offset, { exact: true }).waitFor()
    expect(await record.locator('header').innerText()).toContain(partition)
    await record.getByText('origin', { exact: true }).waitFor()
    await record.getByText('millrace-position').waitFor()
    await key('Enter')
    await record.waitFor({ state: 'detached' })
    await key('Enter')
    await record.waitFor()
  })

  test('a column is made from a field', async () => {
    await page.getByRole('button', { name: 'Columns' }).click()
    await page.getByLabel('Column from a field').fill('value.origin')
    await page.keyboard.press('Enter')
    await page.keyboard.press('Escape')
    await grid.getByRole('columnheader', { name: 'value.origin' }).waitFor()
    await eventually(async () => expect((await chosen())[4]).toMatch(/^[A-Z]{3}$/))
  })
})

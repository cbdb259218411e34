/** The main job in one sitting, with mouse and keyboard, against the real host: see the tests' names, in order. */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { chromiumPath, launch } from './browser.ts'
import { copySample, type StartedStudio, startStudio } from './studio.ts'
import { eventually, figureIn, node, patienceMs, pictureOf, settledCentre } from './window.ts'

describe.skipIf(!chromiumPath())('the main job', () => {
  let studio: StartedStudio
  let browser: Browser
  let page: Page
  let pipeline: string
  const complaints: string[] = []

  beforeAll(async () => {
    studio = await startStudio()
    pipeline = await copySample('flight-delays', studio.folder)
    slowDown(path.join(pipeline, 'pipeline.json'))
    browser = await launch()
    const context = await browser.newContext({
      viewport: { width: 1440, height: 900 },
      reducedMotion: 'reduce',
    })
    page = await context.newPage()
    page.setDefaultTimeout(patienceMs)
    page.on('pageerror', (error) => complaints.push(String(error)))
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text())
    })
    await page.goto(studio.url)
  })

  const runButton = () => page.getByRole('button', { name: 'Run', exact: true })
  const stopButton = () => page.getByRole('button', { name: 'Stop', exact: true })

  const severity = () => readFileSync(path.join(pipeline, 'processors/severity.ts'), 'utf8')

  /** Whatever the test before left behind: one that failed does not take those after it along. */
  async function comeTo(state: 'running' | 'stopped'): Promise<void> {
    await page.keyboard.press('Escape')
    await runButton().or(stopButton()).waitFor()
    const running = (await stopButton().count()) > 0
    if (running === (state === 'running')) return
    await (running ? stopButton() : runButton()).click()
    await (running ? runButton() : stopButton()).waitFor()
  }

  afterEach(async ({ task }) => {
    if (task.result?.state === 'fail') await pictureOf(page, task.name)
  })

  afterAll(async () => {
    await browser?.close()
    await studio?.stop()
  })

  test('the start page offers the samples, and one opens with its nodes', async () => {
    await page.getByRole('heading', { name: 'Millrace' }).waitFor()
    await page
      .getByRole('region', { name: 'Samples' })
      .getByRole('button', { name: /Flight delays/ })
      .click()
    await node(page, 'delayed').waitFor()
    await eventually(async () =>
      expect(await page.locator('.react-flow__node').count()).toBeGreaterThanOrEqual(6),
    )
    expect(new URL(page.url()).search, 'the token is gone from the address').toBe('')
  })

  test('a copy from elsewhere opens restricted, and runs only after it is trusted', async () => {
    await page.getByRole('button', { name: 'Start page' }).click()
    await page.getByRole('button', { name: 'Open…' }).click()
    await page.getByLabel('Path').fill(path.join(pipeline, 'pipeline.json'))
    await page.getByLabel('Path').press('Enter')
    await page.getByText('Restricted.').waitFor()
    expect(await runButton().isDisabled()).toBe(true)
    await page.getByRole('button', { name: 'Trust this pipeline' }).click()
    await page.getByText('Restricted.').waitFor({ state: 'hidden' })
  })

  test('Run: figures move in the top bar, on nodes and on edges', async () => {
    await runButton().click()
    await stopButton().waitFor()
    await eventually(async () =>
      expect(await figureIn(page.locator('.run-figures'), /in ([\d.]+k?)\/s/)).toBeGreaterThan(0),
    )
    await eventually(async () =>
      expect(await node(page, 'delayed').locator('footer').innerText()).toMatch(/[1-9].*\/s/),
    )
    await eventually(async () =>
      expect(await page.locator('.edge-label').allTextContents()).toContainEqual(
        expect.stringMatching(/\/s$/),
      ),
    )
    const before = await page.getByRole('timer', { name: 'Elapsed' }).innerText()
    await eventually(async () =>
      expect(await page.getByRole('timer', { name: 'Elapsed' }).innerText()).not.toBe(before),
    )
  })

  test('a topic opens; narrowed to one partition; an offset is jumped to', async () => {
    await node(page, 'alerts').click()
    await page.keyboard.press('r')
    const grid = page.getByRole('grid', { name: /Records of/ })
    await grid.waitFor()
    const chips = page.getByRole('group', { name: 'Partitions' }).getByRole('button')
    await eventually(async () => expect(await chips.count()).toBeGreaterThan(1))
    await chips.nth(2).click()
    await eventually(async () => {
      const partitions = await grid.locator('tbody tr td:first-child').allInnerTexts()
      expect(partitions.length).toBeGreaterThan(0)
      expect(new Set(partitions)).toEqual(new Set(['2']))
    })
    const label = async () => (await chips.nth(2).getAttribute('aria-label')) ?? ''
    await eventually(async () =>
      expect(Number(/, ([\d,]+) records/.exec(await label())?.[1]?.replace(',', ''))).toBeGreaterThan(3),
    )
    await grid.focus()
    await page.keyboard.press('g')
    await page.getByLabel('Offset', { exact: true }).fill('3')
    await page.getByLabel('Offset', { exact: true }).press('Enter')
    await eventually(async () => {
      expect(await grid.locator('tr[aria-selected=true] td').nth(1).innerText()).toBe('3')
    })
    await page.getByRole('complementary', { name: 'Record' }).getByText('value', { exact: true }).waitFor()
  })

  test('the processor opens in Monaco; a type error shows in place and in the list, and goes with the fix', async () => {
    await node(page, 'severity').dblclick()
    const code = page.locator('.code-editor .view-lines')
    await code.getByText('processor').first().waitFor()
    const wrong = 'const wrong: number = record.value.nowhere'
    await typeAfter(page, lineOf(severity(), 'delay } = record.value'), `\n${wrong}`)
    await page.locator('.code-editor .squiggly-error').first().waitFor()
    const list = page.getByRole('complementary', { name: 'Problems of this file' })
    await list
      .getByText(/nowhere/)
      .first()
      .waitFor()
    await page.getByText('unsaved', { exact: true }).waitFor()
    for (let step = 0; step < wrong.length + 4; step++) await page.keyboard.press('Control+z')
    await list.getByText('No problems').waitFor()
    await page.locator('.code-editor .squiggly-error').first().waitFor({ state: 'detached' })
  })

  test('a change is marked on its node, saved with Ctrl+S, and runs after a rerun', async () => {
    await comeTo('running')
    if ((await page.locator('.code-editor .view-lines').count()) === 0)
      await node(page, 'severity').dblclick()
    const before = severity()
    const line = lineOf(before, 'delay } = record.value')
    const comment = '// a change that means nothing'
    await typeAfter(page, line, `\n${comment}`)
    await page.getByText('unsaved', { exact: true }).waitFor()
    await node(page, 'severity').locator('.node-changed').waitFor()
    await page.keyboard.press('Control+s')
    await page.getByText('saved', { exact: true }).waitFor()
    const lines = before.split('\n')
    const after = [...lines.slice(0, line), `  ${comment}`, ...lines.slice(line)].join('\n')
    await eventually(async () => expect(severity()).toBe(after))
    await stopButton().click()
    await runButton().click()
    await stopButton().waitFor()
    await eventually(async () =>
      expect(await figureIn(page.locator('.run-figures'), /in ([\d.]+k?)\/s/)).toBeGreaterThan(0),
    )
  })

  test("the leader's broker is killed while it runs: records keep flowing, none is lost", async () => {
    await comeTo('running')
    await page.getByRole('navigation', { name: 'Panels' }).getByRole('button', { name: 'Cluster' }).click()
    const verdict = page.getByRole('status', { name: 'Verdict' })
    const acknowledged = () => figureIn(verdict, /acknowledged ([\d,]+)/)
    await eventually(async () => expect(await acknowledged()).toBeGreaterThan(0))
    const broker = await leaderOfFirstPartition(page)
    await page.getByRole('button', { name: `Kill broker ${broker}` }).click()
    await page
      .getByRole('dialog')
      .getByRole('button', { name: `Kill broker ${broker}` })
      .click()
    await page
      .getByRole('article', { name: `Broker ${broker}` })
      .getByText('killed')
      .waitFor()
    const atKill = await acknowledged()
    await eventually(async () => expect(await acknowledged()).toBeGreaterThan(atKill + 200))
    await eventually(async () => expect(await leaderOfFirstPartition(page)).not.toBe(broker))
    expect(await verdict.innerText()).toMatch(/lost 0/)
    await page.getByRole('button', { name: `Start broker ${broker}` }).click()
    await page.getByText('all partitions in sync').waitFor()
    expect(await verdict.innerText()).toMatch(/lost 0/)
  })

  test('a node is dragged in and wired; undo takes it back; redo brings it again', async () => {
    await comeTo('stopped')
    const dock = page.getByRole('button', { name: 'Close the dock' })
    if (await dock.count()) await dock.click()
    await page.getByRole('navigation', { name: 'Panels' }).getByRole('button', { name: 'Nodes' }).click()
    await page.keyboard.press('1')
    const count = await page.locator('.react-flow__node').count()
    const edges = await page.locator('.react-flow__edge').count()
    const canvas = page.getByRole('region', { name: 'Canvas' })
    const box = await canvas.boundingBox()
    await page.getByRole('button', { name: 'Filter: Keep what matches' }).dragTo(canvas, {
      targetPosition: { x: (box?.width ?? 800) * 0.6, y: (box?.height ?? 600) * 0.8 },
    })
    await eventually(async () => expect(await page.locator('.react-flow__node').count()).toBe(count + 1))
    const from = await settledCentre(node(page, 'with-airport').getByLabel(/^Output/))
    const to = await settledCentre(page.locator('.react-flow__node.selected').getByLabel(/^Input/))
    await page.mouse.move(from.x, from.y)
    await page.mouse.down()
    await page.mouse.move((from.x + to.x) / 2, (from.y + to.y) / 2, { steps: 6 })
    await page.mouse.move(to.x, to.y, { steps: 6 })
    await page.mouse.up()
    await eventually(async () => expect(await page.locator('.react-flow__edge').count()).toBe(edges + 1))
    await page.keyboard.press('Control+z')
    await eventually(async () => expect(await page.locator('.react-flow__edge').count()).toBe(edges))
    await page.keyboard.press('Control+z')
    await eventually(async () => expect(await page.locator('.react-flow__node').count()).toBe(count))
    await page.keyboard.press('Control+Shift+z')
    await page.keyboard.press('Control+Shift+z')
    await eventually(async () => expect(await page.locator('.react-flow__edge').count()).toBe(edges + 1))
  })

  test('a connection that cannot be is refused with its reason at the pointer', async () => {
    const edges = await page.locator('.react-flow__edge').count()
    const from = await settledCentre(node(page, 'delayed').getByLabel(/^Output/))
    const to = await settledCentre(node(page, 'with-airport').getByLabel(/table/))
    await page.mouse.move(from.x, from.y)
    await page.mouse.down()
    await page.mouse.move(to.x, to.y, { steps: 10 })
    await page
      .locator('.connection-hint')
      .getByText(/takes a table/)
      .waitFor()
    await page.mouse.up()
    await page
      .getByRole('alert')
      .getByText(/takes a table/)
      .waitFor()
    expect(await page.locator('.react-flow__edge').count()).toBe(edges)
  })

  test('what was saved is there again after a reload', async () => {
    const count = await page.locator('.react-flow__node').count()
    await page.keyboard.press('Control+s')
    await page.getByText('saved', { exact: true }).waitFor()
    await page.reload()
    await node(page, 'delayed').waitFor()
    await eventually(async () => expect(await page.locator('.react-flow__node').count()).toBe(count))
    expect(JSON.parse(readFileSync(path.join(pipeline, 'pipeline.json'), 'utf8')).nodes).toHaveLength(count)
  })

  test('the exported project passes its own test, and runs', { timeout: 900_000 }, async () => {
    const out = path.join(studio.folder, 'exported')
    await comeTo('stopped')
    // The node that was only dragged in has no place to write to: it goes before the export.
    const dragged = page.locator('.react-flow__node', { hasText: 'Filter' }).last()
    if (await dragged.count()) {
      await dragged.click()
      await page.keyboard.press('Delete')
    }
    await page.keyboard.press('Control+e')
    await page.getByLabel('Folder').fill(out)
    await page.getByRole('button', { name: 'Export project' }).click()
    await page.getByRole('heading', { name: 'Exported' }).waitFor()
    expect(existsSync(path.join(out, 'package.json'))).toBe(true)
    await page.getByRole('button', { name: 'Done' }).click()
    // The project wants the Node that runs this, whatever stands first on the path.
    const env = {
      ...process.env,
      PATH: `${path.dirname(process.execPath)}${path.delimiter}${process.env.PATH}`,
    }
    const run = (...args: readonly string[]) => {
      const result = spawnSync('npm', args, { cwd: out, encoding: 'utf8', timeout: 280_000, env })
      return { status: result.status, text: `${result.stdout}\n${result.stderr}` }
    }
    const installed = run('install', '--no-audit', '--no-fund', '--prefer-offline')
    expect(installed.status, installed.text).toBe(0)
    const tested = run('test')
    expect(tested.status, tested.text).toBe(0)
    const ran = run('start', '--', '--fast', '--until-idle')
    expect(ran.status, ran.text).toBe(0)
  })

  test('nothing went wrong in the window meanwhile', () => {
    expect(complaints).toEqual([])
  })
})

/** The input must last until the broker is killed, also on a machine that takes minutes to come so far. */
function slowDown(file: string): void {
  const text = readFileSync(file, 'utf8')
  const slower = text.replace('"rate": 300', '"rate": 100')
  expect(slower).not.toBe(text)
  writeFileSync(file, slower)
}

/** Counted from 1. */
function lineOf(text: string, mark: string): number {
  return text.split('\n').findIndex((line) => line.includes(mark)) + 1
}

/** Types text into Monaco at the end of a line. By keys alone: the editor's own search answers when it likes. */
async function typeAfter(page: Page, line: number, text: string): Promise<void> {
  await page.locator('.code-editor .view-lines').click()
  await page.keyboard.press('Control+Home')
  for (let at = 1; at < line; at++) await page.keyboard.press('ArrowDown')
  await page.keyboard.press('End')
  await page.keyboard.type(text)
}

/** By the cluster panel's own table: the broker whose mark is "leader" in the first row. */
async function leaderOfFirstPartition(page: Page): Promise<string> {
  const table = page.getByRole('region', { name: 'Cluster' }).getByRole('table')
  const cells = table.locator('tbody tr').first().locator('td')
  for (let i = 1; i < (await cells.count()); i++) {
    if (await cells.nth(i).getByRole('img', { name: 'leader', exact: true }).count()) {
      return table.locator('thead th').nth(i).innerText()
    }
  }
  return 'none'
}

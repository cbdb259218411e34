/** Drawing with the mouse, in the real studio: what a hand does on the canvas, and that each gesture is one step of undo. */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { PipelineDocument } from '../../engine/pipeline/index.ts'
import { chromiumPath } from './browser.ts'
import {
  type Counts,
  comesTo,
  countsOf,
  drag,
  drawTo,
  edge,
  emptyPlace,
  input,
  openByPath,
  output,
  picture,
  type Sitting,
  sitDown,
} from './sitting.ts'
import { centre, eventually, node, pictureOf, settledCentre } from './window.ts'

describe.skipIf(!chromiumPath())('editing with the mouse', () => {
  let sitting: Sitting
  let page: Page
  let saved: Counts

  beforeAll(async () => {
    sitting = await sitDown('flight-delays', { permissions: ['clipboard-read', 'clipboard-write'] })
    page = sitting.page
    await openByPath(page, sitting.pipeline)
    await node(page, 'delayed').waitFor()
    saved = await countsOf(page)
  })

  afterEach(async ({ task }) => {
    if (task.result?.state === 'fail') await pictureOf(page, task.name)
  })

  afterAll(() => sitting?.end())

  beforeEach(async () => {
    await page.mouse.click(...at(await emptyPlace(page, 0.5, 0.15)))
    await page.keyboard.press('1')
    await comesTo(page, saved)
  })

  const undo = () => page.keyboard.press('Control+z')
  const document = () =>
    JSON.parse(readFileSync(path.join(sitting.pipeline, 'pipeline.json'), 'utf8')) as PipelineDocument

  test('ports that would take the wire light up; one that would not says why, at the pointer', async () => {
    await drawTo(page, output(page, 'delay-by-airport'), input(page, 'with-airport', /table/))
    const hint = page.locator('.connection-hint')
    await hint
      .getByText('“with airport” takes a table by plain key at “table”; this one is keyed by window.')
      .waitFor()
    const [pointer, box] = [await centre(input(page, 'with-airport', /table/)), await hint.boundingBox()]
    expect(Math.hypot(box!.x - pointer.x, box!.y - pointer.y)).toBeLessThan(40)
    await eventually(async () => {
      expect(await input(page, 'with-airport', /table/).getAttribute('class')).toContain(' invalid')
      expect(await input(page, 'alerts').getAttribute('class')).toContain(' valid')
    })
    await picture(page, 'refused')
    await page.mouse.up()
    await page.getByRole('alert').getByText('keyed by window').waitFor()
    await eventually(async () => expect(await page.locator('.port.valid, .port.invalid').count()).toBe(0))
  })

  test('the canvas is dragged; back where it was, a node is clicked at once', async () => {
    const canvas = await emptyPlace(page, 0.5, 0.15)
    const before = await settledCentre(node(page, 'delayed'))
    await drawTo(page, canvas, { x: canvas.x + 120, y: canvas.y + 40 })
    expect((await centre(node(page, 'delayed'))).x - before.x).toBeGreaterThan(100)
    await page.mouse.move(canvas.x, canvas.y, { steps: 4 })
    await page.mouse.up()
    expect((await centre(node(page, 'delayed'))).x).toBeCloseTo(before.x, 0)
    await page.mouse.click(before.x, before.y)
    await eventually(async () =>
      expect(await page.locator('.react-flow__node.selected').getAttribute('data-id')).toBe('delayed'),
    )
  })

  test('a wire that closes a circle is refused', async () => {
    await drag(page, output(page, 'severity'), input(page, 'delayed'))
    await page
      .getByRole('alert')
      .getByText('That would make a cycle: “severity.ts” already comes after “delayed”.')
      .waitFor()
    await comesTo(page, saved)
  })

  test('a wire let go over nothing offers what fits, and wires what is chosen, in one step', async () => {
    await drag(page, output(page, 'delayed'), await emptyPlace(page, 0.5))
    const picker = page.getByRole('dialog', { name: 'Add a node' })
    await picker.waitFor()
    await picture(page, 'picker')
    const offered = await picker.getByRole('option').allInnerTexts()
    expect(offered.some((text) => text.startsWith('Flat map'))).toBe(true)
    expect(offered.some((text) => text.startsWith('Generator'))).toBe(false)
    await page.keyboard.type('flat')
    await page.keyboard.press('Enter')
    await comesTo(page, { nodes: saved.nodes + 1, edges: saved.edges + 1 })
    await undo()
  })

  test("a wire let go on a node's body takes its first free port that fits", async () => {
    await page.getByRole('button', { name: 'Merge: Bring streams together' }).click()
    await comesTo(page, { nodes: saved.nodes + 1, edges: saved.edges })
    const merge = page.locator('.react-flow__node.selected')
    await drag(page, output(page, 'delayed'), merge)
    await comesTo(page, { nodes: saved.nodes + 1, edges: saved.edges + 1 })
    await drag(page, output(page, 'severity'), merge)
    await comesTo(page, { nodes: saved.nodes + 1, edges: saved.edges + 2 })
    await undo()
    await undo()
    await undo()
  })

  test('a node dropped on an edge goes in between; deleting it with healing joins the ends again', async () => {
    const [from, to] = [
      await settledCentre(output(page, 'flights')),
      await settledCentre(input(page, 'delayed')),
    ]
    const canvas = page.getByRole('region', { name: 'Canvas' })
    const box = await canvas.boundingBox()
    await page.getByRole('button', { name: 'Map: One record in, one out' }).dragTo(canvas, {
      targetPosition: { x: (from.x + to.x) / 2 - box!.x, y: (from.y + to.y) / 2 - box!.y },
    })
    await comesTo(page, { nodes: saved.nodes + 1, edges: saved.edges + 1 })
    await edge(page, 'flights', 'map').waitFor({ state: 'attached' })
    await edge(page, 'map', 'delayed').waitFor({ state: 'attached' })
    await page.keyboard.press('Control+Delete')
    await comesTo(page, saved)
    await edge(page, 'flights', 'delayed').waitFor({ state: 'attached' })
    await undo()
    await edge(page, 'map', 'delayed').waitFor({ state: 'attached' })
    await undo()
    await edge(page, 'flights', 'delayed').waitFor({ state: 'attached' })
  })

  test('deleting without healing takes the edges along; an edge goes by itself', async () => {
    await node(page, 'delayed').click()
    await page.keyboard.press('Delete')
    await comesTo(page, { nodes: saved.nodes - 1, edges: saved.edges - 2 })
    await undo()
    await comesTo(page, saved)
    const [from, to] = [
      await settledCentre(output(page, 'flights')),
      await settledCentre(input(page, 'delayed')),
    ]
    await page.mouse.click((from.x + to.x) / 2, (from.y + to.y) / 2)
    await page.keyboard.press('Delete')
    await comesTo(page, { nodes: saved.nodes, edges: saved.edges - 1 })
    await undo()
  })

  test('nodes are copied as JSON text, and pasted with the edges between them', async () => {
    await node(page, 'severity').click()
    await node(page, 'alerts').click({ modifiers: ['Control'] })
    await page.keyboard.press('Control+c')
    const text = await page.evaluate(() => navigator.clipboard.readText())
    const copied = JSON.parse(text) as PipelineDocument
    expect(copied.nodes.map(({ id }) => id).sort()).toEqual(['alerts', 'severity'])
    expect(copied.edges).toHaveLength(1)
    await page.keyboard.press('Control+v')
    await comesTo(page, { nodes: saved.nodes + 2, edges: saved.edges + 1 })
    await undo()
    await comesTo(page, saved)
    await page.evaluate(() => navigator.clipboard.writeText('no pipeline at all'))
    await page.keyboard.press('Control+v')
    const refusal = page.getByRole('region', { name: 'Messages' }).getByRole('alert')
    await refusal.waitFor()
    await picture(page, 'paste-refused')
    await refusal.getByRole('button', { name: 'Dismiss' }).click()
  })

  test('nodes that are moved together go back together', async () => {
    await node(page, 'severity').click()
    await node(page, 'alerts').click({ modifiers: ['Control'] })
    const before = [
      await settledCentre(node(page, 'severity')),
      await settledCentre(node(page, 'alerts')),
    ] as const
    await drag(page, before[0], { x: before[0].x, y: before[0].y + 120 })
    await eventually(async () => {
      expect((await centre(node(page, 'alerts'))).y - before[1].y).toBeGreaterThan(90)
      expect((await centre(node(page, 'severity'))).y - before[0].y).toBeGreaterThan(90)
    })
    await undo()
    await eventually(async () => {
      expect((await centre(node(page, 'alerts'))).y).toBeCloseTo(before[1].y, 0)
      expect((await centre(node(page, 'severity'))).y).toBeCloseTo(before[0].y, 0)
    })
    await page.getByText('saved', { exact: true }).waitFor()
  })

  test('the end of an edge is taken to another port', async () => {
    await page.getByRole('button', { name: 'Processor: TypeScript, with stores' }).click()
    await comesTo(page, { nodes: saved.nodes + 1, edges: saved.edges })
    const added = page.locator('.react-flow__node.selected')
    const id = await added.getAttribute('data-id')
    const end = await settledCentre(input(page, 'severity'))
    await drag(page, { x: end.x - 14, y: end.y }, added.getByLabel(/^Input/))
    await edge(page, 'with-airport', id!).waitFor({ state: 'attached' })
    await comesTo(page, { nodes: saved.nodes + 1, edges: saved.edges })
    await undo()
    await edge(page, 'with-airport', 'severity').waitFor({ state: 'attached' })
    await undo()
  })

  test('what is upstream is selected from the menu; a double is made beside', async () => {
    await node(page, 'severity').click({ button: 'right' })
    await picture(page, 'context-menu')
    await page.getByRole('menuitem', { name: 'Select upstream' }).click()
    await eventually(async () =>
      expect(await page.locator('.react-flow__node.selected').count()).toBeGreaterThanOrEqual(4),
    )
    await node(page, 'severity').click()
    await page.keyboard.press('Control+d')
    await comesTo(page, { nodes: saved.nodes + 1, edges: saved.edges })
    await undo()
  })

  test('a bypassed node says so, and comes back', async () => {
    await node(page, 'delayed').click()
    await page.keyboard.press('b')
    await node(page, 'delayed').getByText('bypassed ·').waitFor()
    await picture(page, 'bypassed')
    await page.keyboard.press('b')
    await node(page, 'delayed').getByText('bypassed ·').waitFor({ state: 'detached' })
    await undo()
    await undo()
  })

  test('what is drawn is marked unsaved, saved with Ctrl+S, and stands in the file', async () => {
    await page.getByText('saved', { exact: true }).waitFor()
    await page.getByRole('button', { name: 'Filter: Keep what matches' }).click()
    await page.getByText('unsaved', { exact: true }).waitFor()
    await page.keyboard.press('Control+s')
    await page.getByText('saved', { exact: true }).waitFor()
    expect(document().nodes).toHaveLength(saved.nodes + 1)
    await undo()
    await page.getByText('unsaved', { exact: true }).waitFor()
    await page.keyboard.press('Control+s')
    await page.getByText('saved', { exact: true }).waitFor()
    expect(document().nodes).toHaveLength(saved.nodes)
  })

  test('nothing went wrong in the window meanwhile', () => {
    expect(sitting.complaints).toEqual([])
  })
})

const at = ({ x, y }: { readonly x: number; readonly y: number }): [number, number] => [x, y]

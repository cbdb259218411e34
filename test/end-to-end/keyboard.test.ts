/** Everything by the keyboard: adding, going from node to node, moving, connecting, commands by name, forms, problems, running. */

import type { Locator, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { chromiumPath } from './browser.ts'
import {
  type Counts,
  comesTo,
  countsOf,
  edge,
  openByPath,
  picture,
  type Sitting,
  sitDown,
} from './sitting.ts'
import { centre, eventually, figureIn, node, pictureOf, settledCentre } from './window.ts'

describe.skipIf(!chromiumPath())('editing with the keyboard', () => {
  let sitting: Sitting
  let page: Page
  let saved: Counts

  beforeAll(async () => {
    sitting = await sitDown('flight-delays')
    page = sitting.page
    await openByPath(page, sitting.pipeline)
    await node(page, 'delayed').waitFor()
    saved = await countsOf(page)
  })

  afterEach(async ({ task }) => {
    if (task.result?.state === 'fail') await pictureOf(page, task.name)
  })

  afterAll(() => sitting?.end())

  const press = async (...keys: readonly string[]) => {
    for (const key of keys) await page.keyboard.press(key)
  }
  const selected = () => page.locator('.react-flow__node.selected')
  const goTo = async (id: string) => {
    await command(page, id)
    await eventually(async () => expect(await selected().getAttribute('data-id')).toBe(id))
    // It came into view by itself; so do all of them again.
    await press('Control+1', '1')
    await eventually(async () => expect(await page.locator('.react-flow__node').count()).toBe(saved.nodes))
  }

  test('Ctrl and the arrows go from node to node', async () => {
    await press('Control+1', 'Control+ArrowRight')
    await eventually(async () => expect(await selected().getAttribute('data-id')).toBe('flights'))
    await press('Control+ArrowRight')
    await eventually(async () => expect(await selected().getAttribute('data-id')).toBe('delayed'))
    await press('Control+ArrowRight', 'Control+ArrowRight')
    await eventually(async () => expect(await selected().getAttribute('data-id')).toBe('delay-by-airport'))
    await press('Control+ArrowDown')
    await eventually(async () => expect(await selected().getAttribute('data-id')).toBe('severity'))
  })

  test('arrows move what is selected; undo brings it back', async () => {
    await goTo('alerts')
    const before = await settledCentre(node(page, 'alerts'))
    await press('ArrowDown', 'ArrowDown', 'ArrowDown')
    await eventually(async () => expect((await centre(node(page, 'alerts'))).y).toBeGreaterThan(before.y + 5))
    await press('Control+z', 'Control+z', 'Control+z')
    await eventually(async () => expect((await centre(node(page, 'alerts'))).y).toBeCloseTo(before.y, 0))
    await page.getByText('saved', { exact: true }).waitFor()
  })

  test('a adds a node after the one selected; c connects it on', async () => {
    await goTo('delayed')
    await press('a')
    await page.getByRole('dialog', { name: 'Add a node' }).waitFor()
    await page.keyboard.type('map')
    await press('Enter')
    await comesTo(page, { nodes: saved.nodes + 1, edges: saved.edges + 1 })
    await edge(page, 'delayed', 'map').waitFor({ state: 'attached' })
    await press('c')
    await page.getByRole('dialog', { name: 'Connect to' }).waitFor()
    await picture(page, 'connect-to')
    await page.keyboard.type('alerts')
    await press('Enter')
    await comesTo(page, { nodes: saved.nodes + 1, edges: saved.edges + 2 })
    await edge(page, 'map', 'alerts').waitFor({ state: 'attached' })
    await press('Control+z', 'Control+z')
    await comesTo(page, saved)
    await press('Control+Shift+z', 'Control+Shift+z')
    await comesTo(page, { nodes: saved.nodes + 1, edges: saved.edges + 2 })
    await press('Control+z', 'Control+z')
    await comesTo(page, saved)
  })

  test('any command is run by its name; one that cannot be now is not offered', async () => {
    await goTo('delayed')
    await command(page, 'Bypass')
    await node(page, 'delayed').getByText('bypassed ·').waitFor()
    await command(page, 'Undo')
    await node(page, 'delayed').getByText('bypassed ·').waitFor({ state: 'detached' })
    await press('Control+k')
    const palette = page.getByRole('dialog', { name: 'Command palette' })
    await palette.waitFor()
    await picture(page, 'palette')
    await page.keyboard.type('stop')
    expect(await palette.getByRole('option', { name: /^Stop/ }).count()).toBe(0)
    await press('Escape')
    await palette.waitFor({ state: 'detached' })
  })

  describe('forms', () => {
    const field = (name: string): Locator =>
      page.getByRole('complementary', { name: 'Inspector' }).getByLabel(name, { exact: true })

    test("an expression's type error stands at its field, on its node and in the list; from there one goes back", async () => {
      await goTo('delayed')
      await field('Condition').fill('value.delai >= 15')
      await page.getByText(/delai/).and(page.locator('.field-problem')).waitFor()
      await node(page, 'delayed').getByTitle('1 problem').waitFor()
      await picture(page, 'expression-error')
      await press('Escape', 'Control+1')
      await goTo('alerts')
      await page.getByRole('button', { name: '1 problem', exact: true }).press('Enter')
      await page.getByRole('list', { name: 'Problems' }).getByRole('button').press('Enter')
      await eventually(async () => expect(await selected().getAttribute('data-id')).toBe('delayed'))
      await eventually(async () =>
        expect(await field('Condition').evaluate((input) => input === document.activeElement)).toBe(true),
      )
      await picture(page, 'problem-shown')
      await press('Control+a')
      await page.keyboard.type('value.delay >')
      // Time to think, or a slow machine: neither is a reason for another step.
      await new Promise((resolve) => setTimeout(resolve, 1500))
      await page.keyboard.type(' 20')
      await page.getByRole('button', { name: 'no problems', exact: true }).waitFor()
      await node(page, 'delayed').getByText('value.delay > 20').waitFor()
    })

    test('what is typed into a field before it is left is one step of undo, whatever the pace', async () => {
      await press('Control+1')
      await page.getByRole('region', { name: 'Canvas' }).focus()
      await press('Control+z')
      await node(page, 'delayed').getByText('value.delai >= 15').waitFor()
      await press('Control+z')
      await node(page, 'delayed').getByText('value.delay >= 15').waitFor()
      await page.getByText('saved', { exact: true }).waitFor()
    })

    test('choices, durations and lists change the sentence on the node', async () => {
      await goTo('delay-by-airport')
      const sentence = node(page, 'delay-by-airport').locator('.node-sentence')
      await field('Size').fill('7')
      await eventually(async () => expect(await sentence.innerText()).toContain('7 d tumbling'))
      await field('Window').selectOption('Hopping')
      await eventually(async () => expect(await sentence.innerText()).toContain('hopping'))
      await page.getByRole('button', { name: 'Add a function' }).press('Enter')
      await eventually(async () =>
        expect(await page.getByRole('button', { name: /^Remove/ }).count()).toBe(4),
      )
      await picture(page, 'form')
      await page
        .getByRole('button', { name: /^Remove/ })
        .last()
        .press('Enter')
      await eventually(async () =>
        expect(await page.getByRole('button', { name: /^Remove/ }).count()).toBe(3),
      )
    })

    test('a name and a note are kept with the node', async () => {
      await goTo('alerts')
      await field('Name').fill('late flights')
      await node(page, 'alerts').getByText('late flights').waitFor()
      await page.getByRole('tab', { name: 'Notes' }).click()
      await field('Note').fill('Read by the desk.')
      await press('Control+s')
      await page.getByText('saved', { exact: true }).waitFor()
      await page.reload()
      await node(page, 'alerts').getByText('late flights').waitFor()
      await goTo('alerts')
      await page.getByRole('tab', { name: 'Notes' }).click()
      expect(await field('Note').inputValue()).toBe('Read by the desk.')
      await page.getByRole('tab', { name: 'Form' }).click()
    })
  })

  test('? lists every shortcut, none out of sight', async () => {
    await press('Control+1', '?')
    const list = page.getByRole('dialog', { name: 'Keyboard shortcuts' }).getByRole('list')
    await list.waitFor()
    await picture(page, 'shortcuts')
    const hidden = await list.evaluate((box) => [
      box.scrollWidth - box.clientWidth,
      box.scrollHeight - box.clientHeight,
    ])
    expect(hidden).toEqual([0, 0])
    await press('Escape')
  })

  test('Ctrl+Enter runs once it is trusted, Ctrl+. stops', async () => {
    await press('Control+1', 'Control+Enter')
    await page.getByRole('button', { name: 'Trust this pipeline' }).press('Enter')
    await page.getByText('Restricted.').waitFor({ state: 'detached' })
    await press('Control+Enter')
    await page.getByRole('button', { name: 'Stop' }).waitFor()
    await eventually(async () =>
      expect(await figureIn(page.locator('.run-figures'), /in ([\d.]+k?)\/s/)).toBeGreaterThan(0),
    )
    await picture(page, 'running')
    await press('Control+.')
    await page.getByRole('button', { name: 'Run', exact: true }).waitFor()
  })

  test('nothing went wrong in the window meanwhile', () => {
    expect(sitting.complaints).toEqual([])
  })
})

/** The palette's first match. */
async function command(page: Page, name: string): Promise<void> {
  await page.keyboard.press('Control+k')
  const palette = page.getByRole('dialog', { name: 'Command palette' })
  await palette.waitFor()
  await page.keyboard.type(name)
  await page.keyboard.press('Enter')
  await palette.waitFor({ state: 'detached' })
}

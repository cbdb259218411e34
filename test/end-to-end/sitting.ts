/** A studio and a window of it on a copy of a sample: what each spec begins with. */
import { mkdirSync } from 'node:fs'
import path from 'node:path'
import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core'
import { launch } from './browser.ts'
import { copySample, type StartedStudio, startStudio } from './studio.ts'
import { eventually, node, patienceMs, settledCentre } from './window.ts'

const pictures = path.resolve(import.meta.dirname, '../../.build/screenshots/e2e')

export interface Sitting {
  readonly studio: StartedStudio
  readonly browser: Browser
  readonly page: Page
  /** The copy's folder. */
  readonly pipeline: string
  /** Errors on the console and uncaught ones. */
  readonly complaints: string[]
  end(): Promise<void>
}

export async function sitDown(sample: string, options: BrowserContextOptions = {}): Promise<Sitting> {
  const studio = await startStudio()
  const pipeline = await copySample(sample, studio.folder)
  const browser = await launch()
  const context = await browser.newContext({
    viewport: { width: 1440, height: 900 },
    reducedMotion: 'reduce',
    ...options,
  })
  const page = await context.newPage()
  page.setDefaultTimeout(patienceMs)
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(String(error)))
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text())
  })
  await page.goto(studio.url)
  return {
    studio,
    browser,
    page,
    pipeline,
    complaints,
    async end() {
      await browser.close()
      await studio.stop()
    },
  }
}

/** From the start page, by its path. */
export async function openByPath(page: Page, folder: string): Promise<void> {
  await page.getByRole('button', { name: 'Open…' }).click()
  await page.getByLabel('Path').fill(path.join(folder, 'pipeline.json'))
  await page.getByLabel('Path').press('Enter')
  await page.getByRole('region', { name: 'Canvas' }).waitFor()
}

export const output = (page: Page, id: string, name: string | RegExp = /^Output/) =>
  node(page, id).getByLabel(name)
export const input = (page: Page, id: string, name: string | RegExp = /^Input/) =>
  node(page, id).getByLabel(name)
export const edge = (page: Page, from: string, to: string) =>
  page.getByRole('group', { name: `Edge from ${from} to ${to}`, exact: true })

type Place = Locator | { readonly x: number; readonly y: number }

const placeOf = async (place: Place) => ('x' in place ? place : settledCentre(place))

/** Presses at one place and moves to the other in steps, as a hand does; the button stays down. */
export async function drawTo(page: Page, from: Place, to: Place): Promise<void> {
  const start = await placeOf(from)
  const end = await placeOf(to)
  await page.mouse.move(start.x, start.y)
  await page.mouse.down()
  await page.mouse.move((start.x + end.x) / 2, (start.y + end.y) / 2, { steps: 5 })
  await page.mouse.move(end.x, end.y, { steps: 5 })
}

export async function drag(page: Page, from: Place, to: Place): Promise<void> {
  await drawTo(page, from, to)
  await page.mouse.up()
}

/** A place of the canvas where nothing is, below the nodes, as shares of its size. */
export async function emptyPlace(page: Page, across = 0.5, down = 0.8) {
  const box = await page.getByRole('region', { name: 'Canvas' }).boundingBox()
  if (!box) throw new Error('there is no canvas')
  return { x: box.x + box.width * across, y: box.y + box.height * down }
}

export interface Counts {
  readonly nodes: number
  readonly edges: number
}

export const countsOf = async (page: Page): Promise<Counts> => ({
  nodes: await page.locator('.react-flow__node').count(),
  edges: await page.locator('.react-flow__edge').count(),
})

/** @throws when it does not come to that */
export async function comesTo(page: Page, expected: Counts): Promise<void> {
  await eventually(async () => {
    const { nodes, edges } = await countsOf(page)
    if (nodes !== expected.nodes || edges !== expected.edges) {
      throw new Error(
        `${nodes} nodes and ${edges} edges, in place of ${expected.nodes} and ${expected.edges}`,
      )
    }
  })
}

export async function picture(page: Page, name: string): Promise<void> {
  mkdirSync(pictures, { recursive: true })
  await page.screenshot({ path: path.join(pictures, `${name}.png`) })
}

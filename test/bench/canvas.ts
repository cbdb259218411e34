/**
 * Frames per second of the canvas: 500 nodes, overlays four times a second, in Chromium without a graphics card, idle and
 * panning. The window is the built one; its host is data. Absolute: there is no peer to run beside it.
 */
import type { Page } from 'playwright-core'
import type { PipelineDocument, PipelineEdge, PipelineNode } from '../../engine/pipeline/document.ts'
import { launch } from '../end-to-end/browser.ts'
import { fixtureMethods } from '../end-to-end/fixture/methods.ts'
import { serveFixture } from '../end-to-end/fixture/server.ts'

const nodeCount = 500
const columns = 25
const settleMs = 3000
const measureMs = 5000
/** Of 60. */
const wanted = 55

/** A grid of filters: rows of sources, chains, and a few edges across. */
function large(): PipelineDocument {
  const nodes: PipelineNode[] = []
  const edges: PipelineEdge[] = []
  for (let i = 0; i < nodeCount; i++) {
    const column = i % columns
    const row = Math.floor(i / columns)
    const kind = column === 0 ? 'generator-source' : column === columns - 1 ? 'topic-sink' : 'filter'
    const config: PipelineNode['config'] = kind === 'topic-sink' ? { topic: `out-${row}` } : {}
    nodes.push({ id: `n${i}`, kind, name: `step ${i}`, position: { x: column * 230, y: row * 130 }, config })
    if (column > 0) {
      edges.push({ id: `e${i}`, from: { node: `n${i - 1}`, port: 'out' }, to: { node: `n${i}`, port: 'in' } })
    }
  }
  return { version: 1, id: 'large', name: 'Five hundred nodes', nodes, edges }
}

async function framesPerSecond(
  page: Page,
  during: () => Promise<void>,
): Promise<{ fps: number; p99Ms: number }> {
  const measured = page.evaluate(
    (forMs) =>
      new Promise<number[]>((resolve) => {
        const gaps: number[] = []
        let last = performance.now()
        const end = last + forMs
        const frame = (now: number) => {
          gaps.push(now - last)
          last = now
          if (now < end) requestAnimationFrame(frame)
          else resolve(gaps)
        }
        requestAnimationFrame(frame)
      }),
    measureMs,
  )
  await during()
  const gaps = (await measured).slice(1)
  const total = gaps.reduce((sum, gap) => sum + gap, 0)
  const sorted = [...gaps].sort((a, b) => a - b)
  return { fps: (gaps.length * 1000) / total, p99Ms: sorted[Math.floor(sorted.length * 0.99)] ?? 0 }
}

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))

interface Place {
  readonly x: number
  readonly y: number
}

/** About the middle, on a node or between them. */
async function placeOn(page: Page, what: 'node' | 'canvas'): Promise<Place> {
  const found = await page.evaluate((wanted) => {
    for (let x = 620; x < 900; x += 3) {
      for (let y = 250; y < 450; y += 3) {
        const under = document.elementFromPoint(x, y)
        const on = under?.closest('.react-flow__node header') ? 'node' : 'canvas'
        const plain = under?.matches('.react-flow__pane, .react-flow__node header *')
        if (on === wanted && plain) return { x, y }
      }
    }
    return undefined
  }, what)
  if (!found) throw new Error(`there is no place on a ${what}`)
  return found
}

const viewport = (page: Page) =>
  page.locator('.react-flow__viewport').evaluate((element: HTMLElement) => element.style.transform)

/** Back and forth with the button down, a step a frame, and back to where it began. */
async function drag(page: Page, { x, y }: Place): Promise<void> {
  const until = Date.now() + measureMs
  await page.mouse.move(x, y)
  await page.mouse.down()
  for (let step = 0; Date.now() < until; step++) {
    await page.mouse.move(x + 260 * Math.sin(step / 20), y + 160 * Math.sin(step / 33))
    await sleep(12)
  }
}

/** By drags of the empty canvas. */
async function pan(page: Page, from: Place): Promise<void> {
  const before = await viewport(page)
  await drag(page, from)
  if ((await viewport(page)) === before) throw new Error('the canvas did not move')
  await page.mouse.up()
}

async function dragNode(page: Page, from: Place): Promise<void> {
  const before = await viewport(page)
  await drag(page, from)
  if ((await viewport(page)) !== before) throw new Error('it was the canvas that moved')
  await page.mouse.up()
  await page.keyboard.press('Control+z')
}

async function main(): Promise<void> {
  const server = await serveFixture(fixtureMethods(large()))
  const browser = await launch()
  try {
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 } })
    await page.goto(server.url)
    await page.locator('.react-flow__node').first().waitFor()
    const figures: string[] = []
    let low = Number.POSITIVE_INFINITY
    for (const zoom of ['100 %', 'all in sight']) {
      if (zoom === '100 %') await page.keyboard.press('Control+0')
      else await page.keyboard.press('1')
      await sleep(settleMs)
      const rendered = await page.locator('.react-flow__node').count()
      const empty = await placeOn(page, 'canvas')
      const idle = await framesPerSecond(page, () => sleep(measureMs))
      const panning = await framesPerSecond(page, () => pan(page, empty))
      const header = await placeOn(page, 'node')
      const dragging = await framesPerSecond(page, () => dragNode(page, header))
      const text = (made: { fps: number; p99Ms: number }) =>
        `${made.fps.toFixed(1)} (p99 ${made.p99Ms.toFixed(1)} ms)`
      figures.push(
        `canvas, ${nodeCount} nodes, ${zoom} (${rendered} drawn): idle ${text(idle)}, panning ${text(panning)}, dragging a node ${text(dragging)} frames/s`,
      )
      if (zoom === '100 %') low = Math.min(idle.fps, panning.fps)
    }
    process.stdout.write(`${figures.join('\n')}\n`)
    if (low < wanted) {
      process.stderr.write(`error CANVAS_SLOW: ${low.toFixed(1)} frames/s at 100 %, ${wanted} are wanted\n`)
      process.exitCode = 1
    }
  } finally {
    await browser.close()
    await server.stop()
  }
}

await main()

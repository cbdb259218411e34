import { mkdirSync } from 'node:fs'
import path from 'node:path'
import type { Locator, Page } from 'playwright-core'

/** A node of the canvas by its id. */
export const node = (page: Page, id: string): Locator => page.locator(`.react-flow__node[data-id="${id}"]`)

const everyMs = 100
/** For a machine that has much else to do: whatever is waited for comes much sooner on a quiet one. */
export const patienceMs = 60_000

/** Tries again until it holds. @throws what it threw last */
export async function eventually(holds: () => Promise<void>, withinMs = patienceMs): Promise<void> {
  const until = Date.now() + withinMs
  for (;;) {
    try {
      await holds()
      return
    } catch (thrown) {
      if (Date.now() > until) throw thrown
    }
    await new Promise((resolve) => setTimeout(resolve, everyMs))
  }
}

/** A figure in a text: `12.4k` is 12 400, `1,204` is 1 204; 0 where there is none. */
export async function figureIn(place: Locator, pattern: RegExp): Promise<number> {
  const found = pattern.exec(await place.innerText())?.[1] ?? '0'
  const number = Number(found.replaceAll(',', '').replace('k', ''))
  return found.endsWith('k') ? number * 1000 : number
}

/** Where it is once it does not move any more: fitting, or a panel that opens, moves the canvas a moment later. */
export async function settledCentre(place: Locator): Promise<{ readonly x: number; readonly y: number }> {
  let now = await centre(place)
  await eventually(async () => {
    const before = now
    await place.page().evaluate(() => new Promise((resolve) => setTimeout(resolve, 150)))
    now = await centre(place)
    if (now.x !== before.x || now.y !== before.y) throw new Error('it still moves')
  })
  return now
}

export async function centre(place: Locator): Promise<{ readonly x: number; readonly y: number }> {
  const box = await place.boundingBox()
  if (!box) throw new Error('it is not on screen')
  return { x: box.x + box.width / 2, y: box.y + box.height / 2 }
}

/** What the window showed when a test failed, for the person who has to find out. */
export async function pictureOf(page: Page | undefined, test: string): Promise<void> {
  const file = path.join('.build', 'test', `failed-${test.replace(/\W+/g, '-').slice(0, 60)}.png`)
  mkdirSync(path.dirname(file), { recursive: true })
  await page?.screenshot({ path: file })
  process.stderr.write(`a picture of the failure lies in ${file}\n`)
}

/** Where the window was, brought back onto a display that is still there. */
import { readFileSync } from 'node:fs'
import { mkdir, rename, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { Rectangle } from './electron-api.ts'

export interface WindowState {
  readonly bounds: Rectangle
  readonly maximized: boolean
}

export const smallest = { width: 1024, height: 640 }
const usual = { width: 1440, height: 900 }

/** Read before there is anything to see, hence at once; whatever is wrong with the file, the usual size serves. */
export function readWindowState(file: string): WindowState | undefined {
  try {
    const read: unknown = JSON.parse(readFileSync(file, 'utf8'))
    return isWindowState(read) ? read : undefined
  } catch {
    return undefined // none was saved, or not by us
  }
}

export async function writeWindowState(file: string, state: WindowState): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true })
  await writeFile(`${file}.new`, JSON.stringify(state))
  await rename(`${file}.new`, file)
}

/**
 * The saved bounds within the work area that they overlap most, or the usual size in the middle of the first.
 * `workAreas` has at least one.
 */
export function placed(saved: Rectangle | undefined, workAreas: readonly Rectangle[]): Rectangle {
  const wanted = saved ?? { x: 0, y: 0, ...usual }
  const byOverlap = [...workAreas].sort((a, b) => overlap(b, wanted) - overlap(a, wanted))
  const area = byOverlap[0] ?? wanted
  const width = Math.min(Math.max(wanted.width, smallest.width), area.width)
  const height = Math.min(Math.max(wanted.height, smallest.height), area.height)
  const lost = !saved || overlap(area, wanted) === 0
  return {
    width,
    height,
    x: lost
      ? area.x + Math.round((area.width - width) / 2)
      : clamp(wanted.x, area.x, area.x + area.width - width),
    y: lost
      ? area.y + Math.round((area.height - height) / 2)
      : clamp(wanted.y, area.y, area.y + area.height - height),
  }
}

function overlap(a: Rectangle, b: Rectangle): number {
  const width = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x)
  const height = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y)
  return Math.max(0, width) * Math.max(0, height)
}

function clamp(value: number, min: number, max: number): number {
  return Math.min(Math.max(value, min), max)
}

function isWindowState(read: unknown): read is WindowState {
  if (typeof read !== 'object' || read === null || !('bounds' in read) || !('maximized' in read)) return false
  const { bounds, maximized } = read
  if (typeof bounds !== 'object' || bounds === null || typeof maximized !== 'boolean') return false
  const sides = ['x', 'y', 'width', 'height'].map((side) => (bounds as Record<string, unknown>)[side])
  return sides.every((side) => Number.isInteger(side))
}

import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, it } from 'vitest'
import { placed, readWindowState, writeWindowState } from './window-state.ts'

const screen = { x: 0, y: 0, width: 1920, height: 1080 }

it('a window comes back where it was', () => {
  const saved = { x: 100, y: 50, width: 1200, height: 800 }
  expect(placed(saved, [screen])).toEqual(saved)
})

it('a window from a display that is gone comes back in the middle of one that is there', () => {
  expect(placed({ x: 5000, y: 0, width: 1200, height: 800 }, [screen])).toEqual({
    x: 360,
    y: 140,
    width: 1200,
    height: 800,
  })
})

it('a window never hangs over the edge, nor is larger than its display', () => {
  expect(placed({ x: 1800, y: -200, width: 1200, height: 800 }, [screen])).toEqual({
    x: 720,
    y: 0,
    width: 1200,
    height: 800,
  })
  expect(placed({ x: 0, y: 0, width: 9000, height: 9000 }, [screen])).toEqual(screen)
})

it('what was written is read again, and nonsense is not', async () => {
  const file = path.join(mkdtempSync(path.join(tmpdir(), 'millrace-window-')), 'below', 'window.json')
  expect(readWindowState(file)).toBeUndefined()
  const state = { bounds: { x: 1, y: 2, width: 1100, height: 700 }, maximized: true }
  await writeWindowState(file, state)
  expect(readWindowState(file)).toEqual(state)
  writeFileSync(file, '{"bounds":{"x":"left"},"maximized":true}')
  expect(readWindowState(file)).toBeUndefined()
})

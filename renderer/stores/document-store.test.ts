import { beforeEach, expect, test } from 'vitest'
import type { PipelineDocument } from '../../engine/pipeline/document.ts'
import { adopt, change, filesToSave, isUnsaved, openPipeline, setFileText, undo } from './document-store.ts'

const file = 'processors/p.ts'
const document: PipelineDocument = {
  version: 1,
  id: 'p',
  name: 'P',
  nodes: [{ id: 'p', kind: 'processor', name: 'p', position: { x: 0, y: 0 }, config: { file } }],
  edges: [],
}

beforeEach(() => {
  adopt({
    path: '/p',
    document,
    files: [{ path: file, text: 'old' }],
    assets: [],
    trusted: true,
    sample: false,
  })
})

test('a pipeline is unsaved from an edit on, and saved again when the edit is undone', () => {
  expect(isUnsaved(openPipeline())).toBe(false)
  change({ type: 'rename', node: 'p', name: 'q' })
  expect(isUnsaved(openPipeline())).toBe(true)
  undo()
  expect(isUnsaved(openPipeline())).toBe(false)
})

test("a processor's text is unsaved state, and typing it back is saved again", () => {
  setFileText(file, 'new')
  expect(isUnsaved(openPipeline())).toBe(true)
  setFileText(file, 'old')
  expect(isUnsaved(openPipeline())).toBe(false)
})

test('a file made for a node that is gone again is not written', () => {
  setFileText('processors/new.ts', 'text')
  expect(filesToSave(openPipeline()!).map(({ path }) => path)).toEqual([file])
  change({
    type: 'insert',
    nodes: [
      {
        item: {
          id: 'n',
          kind: 'processor',
          name: 'n',
          position: { x: 0, y: 0 },
          config: { file: 'processors/new.ts' },
        },
      },
    ],
    edges: [],
  })
  expect(filesToSave(openPipeline()!).map(({ path }) => path)).toEqual([file, 'processors/new.ts'])
})

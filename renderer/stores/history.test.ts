import { expect, test } from 'vitest'
import type { PipelineDocument } from '../../engine/pipeline/document.ts'
import type { Edit } from '../../engine/pipeline/edits.ts'
import { emptyHistory, perform, repeat, takeBack } from './history.ts'

const start: PipelineDocument = {
  version: 1,
  id: 'p',
  name: 'P',
  nodes: [{ id: 'a', kind: 'filter', name: 'a', position: { x: 0, y: 0 }, config: {} }],
  edges: [],
}

const type = (value: string): Edit => ({ type: 'set-config', node: 'a', field: 'condition', value })
const conditionOf = (document: PipelineDocument) => document.nodes[0]?.config.condition

/** Performs edits, each during the given stay. */
function after(...made: readonly (readonly [number | undefined, Edit])[]) {
  let state = { document: start, history: emptyHistory }
  for (const [stay, edit] of made) state = perform(state.document, state.history, edit, stay)
  return state
}

test('what is typed during one stay in a field is one step, and undo takes all of it back', () => {
  const typed = after([1, type('v')], [1, type('va')], [1, type('val')])
  expect(typed.history.undo).toHaveLength(1)
  const back = takeBack(typed.document, typed.history)!
  expect(back.document).toEqual(start)
  expect(conditionOf(repeat(back.document, back.history)!.document)).toBe('val')
})

test('another stay, another field, or a redo between makes a step of its own', () => {
  expect(after([1, type('v')], [2, type('va')]).history.undo).toHaveLength(2)
  expect(after([1, type('v')], [1, { type: 'rename', node: 'a', name: 'b' }]).history.undo).toHaveLength(2)
  const once = after([1, type('v')])
  const back = takeBack(once.document, once.history)!
  const again = repeat(back.document, back.history)!
  expect(perform(again.document, again.history, type('va'), 1).history.undo).toHaveLength(2)
})

test('a new step drops what could have been redone', () => {
  const typed = after([1, type('v')])
  const back = takeBack(typed.document, typed.history)!
  const moved = perform(back.document, back.history, { type: 'move', positions: { a: { x: 8, y: 8 } } })
  expect(moved.history.redo).toHaveLength(0)
  expect(repeat(moved.document, moved.history)).toBeUndefined()
})

test('edits outside of any stay never join: two choices, two drags', () => {
  const drag = (x: number): Edit => ({ type: 'move', positions: { a: { x, y: 0 } } })
  expect(after([undefined, type('v')], [undefined, type('va')]).history.undo).toHaveLength(2)
  expect(after([undefined, drag(10)], [undefined, drag(20)]).history.undo).toHaveLength(2)
})

test('what is typed and deleted again in one stay leaves no step that would do nothing', () => {
  const typed = after([1, type('v')], [2, type('va')], [2, type('v')])
  expect(typed.history.undo).toHaveLength(1)
  expect(takeBack(typed.document, typed.history)!.document).toEqual(start)
})

test('with nothing to take back or repeat there is nothing', () => {
  expect(takeBack(start, emptyHistory)).toBeUndefined()
  expect(repeat(start, emptyHistory)).toBeUndefined()
})

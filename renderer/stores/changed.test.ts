import { expect, test } from 'vitest'
import type { PipelineDocument } from '../../engine/pipeline/document.ts'
import { changedNodes } from './changed.ts'

const document: PipelineDocument = {
  version: 1,
  id: 'p',
  name: 'P',
  nodes: [
    { id: 'a', kind: 'filter', name: 'a', position: { x: 0, y: 0 }, config: { condition: 'true' } },
    { id: 'b', kind: 'processor', name: 'b', position: { x: 0, y: 0 }, config: { file: 'b.ts' } },
  ],
  edges: [{ id: 'e1', from: { node: 'a', port: 'out' }, to: { node: 'b', port: 'in' } }],
}
const ran = { document, files: [{ path: 'b.ts', text: 'one' }] }
const [a, b] = document.nodes

const changedBy = (now: Partial<typeof ran>) => [...changedNodes(ran, { ...ran, ...now })]

test('places, names and notes change nothing of what runs', () => {
  const moved = { ...document, nodes: [{ ...a!, position: { x: 9, y: 9 }, name: 'new', note: 'n' }, b!] }
  expect(changedBy({ document: moved })).toEqual([])
})

test('configuration, code, bypass and inputs do, at their own node', () => {
  expect(
    changedBy({ document: { ...document, nodes: [{ ...a!, config: { condition: 'false' } }, b!] } }),
  ).toEqual(['a'])
  expect(changedBy({ files: [{ path: 'b.ts', text: 'two' }] })).toEqual(['b'])
  expect(changedBy({ document: { ...document, nodes: [{ ...a!, bypass: true }, b!] } })).toEqual(['a'])
  expect(changedBy({ document: { ...document, edges: [] } })).toEqual(['b'])
})

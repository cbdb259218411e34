import { describe, expect, it } from 'vitest'
import type { PipelineDocument } from '../pipeline/document.ts'
import { nodeVersions } from './contract.ts'

const document: PipelineDocument = {
  version: 1,
  id: 'app',
  name: 'App',
  nodes: [
    { id: 'a', kind: 'filter', name: 'A', position: { x: 0, y: 0 }, config: { expr: 'value', b: 1 } },
    { id: 'p', kind: 'processor', name: 'P', position: { x: 0, y: 0 }, config: { file: 'processors/p.ts' } },
  ],
  edges: [{ id: 'e', from: { node: 'a', port: 'out' }, to: { node: 'p', port: 'in' } }],
}
const files = [{ path: 'processors/p.ts', text: 'export {}' }]
const before = nodeVersions(document, files)

const changedNodes = (changed: PipelineDocument, changedFiles = files) => {
  const after = nodeVersions(changed, changedFiles)
  return Object.keys(after).filter((id) => after[id] !== before[id])
}
const withNode = (change: object) => ({
  ...document,
  nodes: document.nodes.map((node) => (node.id === 'a' ? { ...node, ...change } : node)),
})

describe('a node’s version', () => {
  it('stays where only its place, name, note or the order of its fields differ', () => {
    const moved = { name: 'B', note: 'x', position: { x: 9, y: 9 }, config: { b: 1, expr: 'value' } }
    expect(changedNodes(withNode(moved))).toEqual([])
  })

  it('changes with its configuration, its code, and what is wired into it', () => {
    expect(changedNodes(withNode({ config: { expr: 'key', b: 1 } }))).toEqual(['a'])
    expect(changedNodes(withNode({ onError: 'skip' }))).toEqual(['a'])
    expect(changedNodes(document, [{ path: 'processors/p.ts', text: 'export default 1' }])).toEqual(['p'])
    expect(changedNodes({ ...document, edges: [] })).toEqual(['p'])
  })
})

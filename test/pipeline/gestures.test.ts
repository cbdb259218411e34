import { describe, expect, it } from 'vitest'
import { isMillraceError } from '../../engine/base/errors.ts'
import { nodeDefinitions } from '../../engine/nodes/definitions.ts'
import {
  apply,
  copyText,
  duplicate,
  newNode,
  newProcessorPath,
  paste,
  printDocument,
  removeNodes,
  spliceIntoEdge,
} from '../../engine/pipeline/index.ts'
import { documentOf } from './documents.ts'

const line = documentOf(
  {
    source: ['topic-source', { topic: 'in' }],
    filter: ['filter', { condition: 'value > 1' }],
    map: ['map'],
    sink: ['topic-sink', { topic: 'out' }],
    spare: ['map'],
  },
  ['source > filter', 'filter > map', 'map > sink'],
)
const wires = (document: typeof line) => document.edges.map(({ from, to }) => `${from.node} > ${to.node}`)

describe('deleting', () => {
  it('takes the edges along', () => {
    const { document } = apply(line, removeNodes(line, nodeDefinitions, ['filter'], { heal: false }))
    expect(wires(document)).toEqual(['map > sink'])
  })

  it('with healing joins what was before to what came after, through several nodes', () => {
    const edit = removeNodes(line, nodeDefinitions, ['filter', 'map'], { heal: true })
    const { document, inverse } = apply(line, edit)
    expect(wires(document)).toEqual(['source > sink'])
    expect(apply(document, inverse).document).toEqual(line)
  })

  it('heals only where the types fit', () => {
    const join = documentOf({ orders: ['topic-source'], table: ['to-table'], join: ['stream-table-join'] }, [
      'orders > table',
      'table > join:right',
    ])
    const { document } = apply(join, removeNodes(join, nodeDefinitions, ['table'], { heal: true }))
    expect(document.edges).toEqual([])
  })
})

describe('dropping a node on an edge', () => {
  it('puts it between, in one step', () => {
    const answer = spliceIntoEdge(line, nodeDefinitions, 'spare', 'e2')
    if (!('edit' in answer)) throw new Error(answer.reason)
    const { document, inverse } = apply(line, answer.edit)
    expect(wires(document)).toEqual(['source > filter', 'filter > spare', 'map > sink', 'spare > map'])
    expect(apply(document, inverse).document).toEqual(line)
  })

  it('says why not', () => {
    expect(spliceIntoEdge(line, nodeDefinitions, 'sink', 'e1')).toMatchObject({
      reason: expect.stringContaining('nothing can flow through it'),
    })
  })
})

describe('copy and paste', () => {
  it('gives free ids and names, and the edges between what was copied', () => {
    const { edit, nodes } = paste(line, copyText(line, ['filter', 'map']), { x: 10, y: 20 })
    const { document } = apply(line, edit)
    expect(nodes).toEqual(['filter-2', 'map-2'])
    const pasted = document.nodes.slice(-2)
    expect(pasted.map(({ name }) => name)).toEqual(['filter 2', 'map 2'])
    expect(pasted.map(({ position }) => position)).toEqual([
      { x: 10, y: 20 },
      { x: 230, y: 20 },
    ])
    expect(wires(document).at(-1)).toBe('filter-2 > map-2')
    expect(new Set(document.edges.map(({ id }) => id)).size).toBe(document.edges.length)
  })

  it('takes the text of a whole pipeline', () => {
    expect(paste(documentOf({}), printDocument(line), { x: 0, y: 0 }).nodes).toEqual(
      line.nodes.map(({ id }) => id),
    )
  })

  it.each(['hello', '{}', '{"kind":"millrace/nodes","version":1,"nodes":[],"edges":[]}'])(
    'refuses %s with a reason',
    (text) => {
      let thrown: unknown
      try {
        paste(line, text, { x: 0, y: 0 })
      } catch (error) {
        thrown = error
      }
      expect(isMillraceError(thrown)).toBe(true)
      expect(String(thrown)).toContain('the clipboard')
    },
  )

  it('duplicates beside the original', () => {
    const { edit } = duplicate(line, ['map'], { x: 24, y: 24 })
    const copy = apply(line, edit).document.nodes.at(-1)
    expect(copy?.position).toEqual({ x: 464, y: 24 })
  })
})

it('new nodes get names and ids that are free', () => {
  const filter = nodeDefinitions.get('filter')!
  const first = newNode(documentOf({}), filter, { x: 0, y: 0 })
  expect(first).toMatchObject({ id: 'filter', name: 'Filter', config: {} })
  const second = newNode(documentOf({ filter: ['filter', {}, { name: 'Filter' }] }), filter, { x: 0, y: 0 })
  expect(second).toMatchObject({ id: 'filter-2', name: 'Filter 2' })
  expect(newProcessorPath(line, 'Severity', ['processors/severity.ts'])).toBe('processors/severity-2.ts')
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { PipelineDocument } from './document.ts'
import { apply, coalesces, type Edit } from './edits.ts'

const nodeIds = ['a', 'b', 'c', 'd', 'e']
const position = fc.record({ x: fc.integer({ min: -500, max: 500 }), y: fc.integer({ min: -500, max: 500 }) })
const value = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null))
const config = fc.dictionary(fc.constantFrom('topic', 'sizeMs', 'key'), value)
const node = (id: string) =>
  fc.record({
    id: fc.constant(id),
    kind: fc.constantFrom('map', 'filter'),
    name: fc.string(),
    position,
    config,
  })
const ref = fc.record({ node: fc.constantFrom(...nodeIds), port: fc.constantFrom('in', 'out') })

const documents: fc.Arbitrary<PipelineDocument> = fc
  .record({
    nodes: fc.tuple(...nodeIds.map((id) => fc.option(node(id), { nil: undefined }))),
    edges: fc.uniqueArray(fc.record({ id: fc.constantFrom('e1', 'e2', 'e3', 'e4'), from: ref, to: ref }), {
      selector: (edge) => edge.id,
    }),
    name: fc.string(),
  })
  .map(({ nodes, edges, name }) => ({
    version: 1,
    id: 'p',
    name,
    nodes: nodes.filter((candidate) => candidate !== undefined),
    edges,
  }))

const anyNode = fc.constantFrom(...nodeIds)
const simple: fc.Arbitrary<Edit> = fc.oneof(
  fc.record({
    type: fc.constant('insert' as const),
    nodes: fc.tuple(fc.record({ item: node('new'), index: fc.option(fc.nat(5), { nil: undefined }) })),
    edges: fc.constant([
      { item: { id: 'e9', from: { node: 'a', port: 'out' }, to: { node: 'new', port: 'in' } } },
    ]),
  }),
  fc.record({
    type: fc.constant('remove' as const),
    nodes: fc.subarray(nodeIds),
    edges: fc.subarray(['e1', 'e2', 'e3']),
  }),
  fc.record({ type: fc.constant('move' as const), positions: fc.dictionary(anyNode, position) }),
  fc.record({
    type: fc.constant('set-config' as const),
    node: anyNode,
    field: fc.constantFrom('topic', 'functions.0.as', 'other'),
    value: fc.option(value, { nil: undefined }),
  }),
  fc.record({ type: fc.constant('replace-config' as const), node: anyNode, config }),
  fc.record({ type: fc.constant('rename' as const), node: anyNode, name: fc.string() }),
  fc.record({
    type: fc.constant('set-note' as const),
    node: anyNode,
    note: fc.option(fc.string(), { nil: undefined }),
  }),
  fc.record({
    type: fc.constant('set-bypass' as const),
    node: anyNode,
    bypass: fc.option(fc.boolean(), { nil: undefined }),
  }),
  fc.record({
    type: fc.constant('reconnect' as const),
    edge: fc.constantFrom('e1', 'e2'),
    from: ref,
    to: ref,
  }),
  fc.record({ type: fc.constant('set-name' as const), name: fc.string() }),
  fc.record({
    type: fc.constant('set-processing-guarantee' as const),
    processingGuarantee: fc.constantFrom('exactly_once_v2' as const, undefined),
  }),
)
const edits: fc.Arbitrary<Edit> = fc.oneof(
  simple,
  fc.record({
    type: fc.constant('batch' as const),
    label: fc.constant('several'),
    edits: fc.array(simple, { maxLength: 3 }),
  }),
)

describe('every edit', () => {
  it('is taken back by its inverse, whatever the document', () => {
    fc.assert(
      fc.property(documents, edits, (document, edit) => {
        const { document: changed, inverse } = apply(document, edit)
        expect(apply(changed, inverse).document).toEqual(document)
      }),
    )
  })

  it('is done again by the inverse of its inverse', () => {
    fc.assert(
      fc.property(documents, edits, (document, edit) => {
        const done = apply(document, edit)
        const undone = apply(done.document, done.inverse)
        expect(apply(undone.document, undone.inverse).document).toEqual(done.document)
      }),
    )
  })

  it('leaves the document that it was given as it was', () => {
    fc.assert(
      fc.property(documents, edits, (document, edit) => {
        const before = structuredClone(document)
        apply(document, edit)
        expect(document).toEqual(before)
      }),
    )
  })
})

it('what is inserted a second time is there once, and goes with the first', () => {
  const empty: PipelineDocument = { version: 1, id: 'p', name: '', nodes: [], edges: [] }
  const item = { id: 'new', kind: 'map', name: '', position: { x: 0, y: 0 }, config: {} }
  const add: Edit = { type: 'insert', nodes: [{ item, index: 0 }], edges: [] }
  const first = apply(empty, add)
  const second = apply(first.document, add)
  expect(second.document.nodes).toEqual([item])
  expect(apply(second.document, second.inverse).document).toEqual(first.document)
})

it('a whole history is taken back, edit by edit', () => {
  fc.assert(
    fc.property(documents, fc.array(edits, { maxLength: 12 }), (document, list) => {
      let current = document
      const inverses: Edit[] = []
      for (const edit of list) {
        const applied = apply(current, edit)
        current = applied.document
        inverses.unshift(applied.inverse)
      }
      for (const inverse of inverses) current = apply(current, inverse).document
      expect(current).toEqual(document)
    }),
  )
})

it('typing in one field is one step of undo, typing in another begins a new one', () => {
  const typed = (field: string, text: string): Edit => ({ type: 'set-config', node: 'a', field, value: text })
  expect(coalesces(typed('topic', 'o'), typed('topic', 'or'))).toBe(true)
  expect(coalesces(typed('topic', 'o'), typed('key', 'o'))).toBe(false)
  expect(coalesces(typed('topic', 'o'), { type: 'rename', node: 'a', name: 'o' })).toBe(false)
})

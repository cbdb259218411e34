import { describe, expect, it } from 'vitest'
import { MillraceError } from '../base/errors.ts'
import { findJsonFault } from './json-position.ts'
import { migrate } from './migrations.ts'
import { emptyDocument, parseDocument, printDocument } from './parse.ts'

const path = 'pipelines/x/pipeline.json'
const node = { id: 'a', kind: 'map', name: 'A', position: { x: 1, y: 2 }, config: { value: 'value' } }
const whole = { version: 1, id: 'x', name: 'X', nodes: [node], edges: [] }

function refusal(text: string): MillraceError {
  try {
    parseDocument(text, path)
  } catch (thrown) {
    if (thrown instanceof MillraceError) return thrown
    throw thrown
  }
  throw new Error('it was taken')
}

describe('a pipeline file', () => {
  it('is read and written back as the same text', () => {
    const text = printDocument(parseDocument(JSON.stringify(whole), path).document)
    expect(printDocument(parseDocument(text, path).document)).toBe(text)
    expect(JSON.parse(text)).toEqual(whole)
  })

  it('keeps fields that this version does not know', () => {
    const annotated = { ...whole, team: 'ops', nodes: [{ ...node, colour: 'red' }] }
    const text = printDocument(parseDocument(JSON.stringify(annotated), path).document)
    expect(JSON.parse(text)).toEqual(annotated)
  })

  it('that is not JSON is refused with line and column', () => {
    const error = refusal('{\n  "version": 1,\n  "id": x\n}')
    expect(error.code).toBe('PIPELINE_NOT_JSON')
    expect(error.where).toBe(`${path}:3:9`)
    expect(error.remedy).toBeDefined()
  })

  it('of a newer version is refused, and the message says that nothing has changed', () => {
    const error = refusal(JSON.stringify({ ...whole, version: 99 }))
    expect(error.code).toBe('PIPELINE_TOO_NEW')
    expect(error.message).toContain('has not been changed')
  })

  it.each([
    ['[]', 'the file'],
    [JSON.stringify({ ...whole, version: '1' }), 'version'],
    [JSON.stringify({ ...whole, id: 'a b' }), 'id'],
    [JSON.stringify({ ...whole, processingGuarantee: 'once' }), 'processingGuarantee'],
    [JSON.stringify({ ...whole, nodes: {} }), 'nodes'],
    [JSON.stringify({ ...whole, nodes: [{ ...node, position: { x: 1 } }] }), 'nodes.0.position'],
    [JSON.stringify({ ...whole, nodes: [{ ...node, id: 'a/b' }] }), 'nodes.0.id'],
    [JSON.stringify({ ...whole, edges: [{ id: 'e', from: { node: 'a' }, to: {} }] }), 'edges.0.from.port'],
  ])('%s is refused with the place that is wrong', (text, at) => {
    const error = refusal(text)
    expect(error.code).toBe('PIPELINE_MALFORMED')
    expect(error.details).toEqual({ at })
  })

  it('with two nodes of one id opens, and says so', () => {
    const { problems } = parseDocument(JSON.stringify({ ...whole, nodes: [node, node] }), path)
    expect(problems.map((problem) => problem.code)).toEqual(['MR-106'])
  })

  it('that is new and empty can be read', () => {
    const text = printDocument(emptyDocument('My Pipeline!'))
    expect(parseDocument(text, path).document).toEqual({
      version: 1,
      id: 'my-pipeline',
      name: 'My Pipeline!',
      nodes: [],
      edges: [],
    })
  })
})

it('an older document goes through each step up to the present version', () => {
  const table = {
    2: (document: Readonly<Record<string, unknown>>) => ({ ...document, second: true }),
    3: (document: Readonly<Record<string, unknown>>) => ({ ...document, third: document.second }),
  }
  const { document, steps } = migrate({ version: 1, id: 'x' }, 1, table, 3)
  expect(document).toEqual({ version: 3, id: 'x', second: true, third: true })
  expect(steps).toEqual([2, 3])
})

describe('the place where JSON breaks', () => {
  it.each([
    ['{"a": 1,}', 1, 9],
    ['{"a" 1}', 1, 6],
    ['[1 2]', 1, 4],
    ['{"a": "x\ny"}', 1, 9],
    ['{"a": tru}', 1, 7],
    ['{"a": 1} x', 1, 10],
    ['{"a": "\\q"}', 1, 8],
    ['{"a": [1,\n2', 2, 2],
    ['', 1, 1],
  ])('%j is at %i:%i', (text, line, column) => {
    expect(() => JSON.parse(text)).toThrow()
    expect(findJsonFault(text)).toMatchObject({ line, column })
  })

  it.each(['{}', '[]', ' {"a":[1,-2.5e+3,"\\u00e9\\n",true,false,null,{}]} ', '"x"', '0'])(
    '%s has none',
    (text) => {
      expect(() => JSON.parse(text)).not.toThrow()
      expect(findJsonFault(text)).toBeUndefined()
    },
  )
})

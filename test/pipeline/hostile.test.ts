/** Pipeline files as no editor writes them: whatever they hold, they give problems or one error, and nothing else. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isMillraceError } from '../../engine/base/errors.ts'
import { compile, printPlan } from '../../engine/compile/index.ts'
import { topologyCode } from '../../engine/export/topology-code.ts'
import { definitions, nodeDefinitions } from '../../engine/nodes/definitions.ts'
import { kinds } from '../../engine/nodes/kinds.ts'
import {
  type FieldSpec,
  type PipelineDocument,
  parseDocument,
  printDocument,
  problemCodes,
  validate,
} from '../../engine/pipeline/index.ts'

const odd = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', '', '..', '.', 'a/b', "'", '`', '*/']
const oddText = fc.oneof(fc.constantFrom(...odd), fc.string({ unit: 'binary', maxLength: 20 }))
const anything = fc.oneof(fc.jsonValue({ maxDepth: 3 }), oddText, fc.constantFrom(-1, 0, 1e308, 1.5, null))

/** Mostly what the field takes, so that what lies behind the first checks is reached too. */
function valueFor(field: FieldSpec): fc.Arbitrary<unknown> {
  const fitting: Partial<Record<FieldSpec['type'], fc.Arbitrary<unknown>>> = {
    number: fc.integer({ min: 1, max: 12 }),
    duration: fc.integer({ min: 1, max: 100_000 }),
    boolean: fc.boolean(),
    expression: fc.constantFrom('key', 'value', 'value.a', "'b'", '1'),
    topic: fc.constantFrom('a', 'b', 'a-b', 'b.c'),
    file: fc.constantFrom('in.csv', 'data/in.ndjson', './in.csv', 'pipeline.json', 'data'),
    code: fc.constantFrom('processors/a.ts', 'processors/b.ts'),
    type: fc.constantFrom('string', 'any', '{ a: number }'),
    json: fc.constantFrom('0', '{}', '[1]'),
  }
  if (field.type === 'select') return often(fc.constantFrom(...field.options.map(({ value }) => value)))
  if (field.type === 'list') return often(fc.array(configOf(field.item), { maxLength: 3 }))
  return often(fitting[field.type] ?? oddText)
}

const often = (fitting: fc.Arbitrary<unknown>) =>
  fc.oneof({ weight: 9, arbitrary: fitting }, { weight: 1, arbitrary: anything })

function configOf(fields: readonly FieldSpec[]): fc.Arbitrary<Record<string, unknown>> {
  const own = fc.record(Object.fromEntries(fields.map((field) => [field.name, valueFor(field)])), {
    requiredKeys: fields.filter(({ required }) => required).map(({ name }) => name),
  })
  const extra = fc.dictionary(oddText, anything, { maxKeys: 1 })
  return fc.oneof({ weight: 9, arbitrary: own }, { weight: 1, arbitrary: extra })
}

const ids = ['a', 'b', 'c', 'd', 'e', 'constructor', 'toString']
const node = fc.oneof(
  ...definitions.map((definition) =>
    fc.record(
      {
        id: fc.constantFrom(...ids),
        kind: fc.constant(definition.kind),
        name: oddText,
        position: fc.constant({ x: 0, y: 0 }),
        config: configOf(definition.fields),
        note: oddText,
        bypass: fc.boolean(),
        onError: fc.constantFrom('fail', 'skip'),
      },
      { requiredKeys: ['id', 'kind', 'position', 'config'] },
    ),
  ),
  fc.record({ id: fc.constantFrom(...ids), kind: oddText, position: fc.constant({ x: 0, y: 0 }) }),
)
const port = (names: string[]) =>
  fc.record({
    node: fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...ids) }, oddText),
    port: fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...names) }, oddText),
  })
const edge = fc.record({
  id: fc.string({ maxLength: 2 }),
  from: port(['out', 'rest', ...odd]),
  to: port(['in', 'left', 'right', 'stream', 'table']),
})
const documents = fc.record(
  {
    version: fc.constant(1),
    id: fc.constantFrom('p', 'a.b', 'A_1-'),
    name: oddText,
    description: oddText,
    nodes: fc.array(node, { maxLength: 7 }),
    edges: fc.array(edge, { maxLength: 12 }),
  },
  { requiredKeys: ['version', 'id', 'name', 'nodes', 'edges'] },
)

const runs = { numRuns: 1500 }

/** The document, or the code of the error that says why there is none. */
function parsed(text: string): PipelineDocument | string {
  try {
    return parseDocument(text, 'pipeline.json').document
  } catch (thrown) {
    if (!isMillraceError(thrown)) throw thrown
    expect(thrown.remedy).toBeTruthy()
    return thrown.code
  }
}

describe('any', () => {
  it('text is no pipeline, for a reason that is told', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.json()), (text) => {
        expect(parsed(text)).toMatch(/^PIPELINE_(NOT_JSON|MALFORMED|TOO_NEW)$/)
      }),
      runs,
    )
  })

  it('document with a value of any shape in any place is read, or refused with the place', () => {
    const places = fc.array(
      fc.oneof(fc.constantFrom('nodes', 'edges', 'config', 'position', 'from'), fc.nat(3)),
      {
        maxLength: 4,
      },
    )
    fc.assert(
      fc.property(documents, places, anything, (document, path, value) => {
        const copy = JSON.parse(JSON.stringify(document))
        let at = copy
        for (const step of path.slice(0, -1)) at = typeof at === 'object' ? (at?.[step] ?? at) : at
        if (typeof at === 'object' && at !== null && path.length > 0) at[path.at(-1)!] = value
        const result = parsed(JSON.stringify(copy))
        if (typeof result === 'string') expect(result).toMatch(/^PIPELINE_(MALFORMED|TOO_NEW)$/)
        else looksSound(result)
      }),
      runs,
    )
  })

  it('document of nodes and edges is written as it was read, and its problems say what to do', () => {
    fc.assert(
      fc.property(documents, (document) => {
        const result = parsed(JSON.stringify(document))
        if (typeof result === 'string') throw new Error(result)
        expect(parsed(printDocument(result))).toEqual(parsed(printDocument(result)))
        expect(printDocument(parsed(printDocument(result)) as PipelineDocument)).toBe(printDocument(result))
        looksSound(result)
      }),
      runs,
    )
  })
})

function looksSound(document: PipelineDocument): void {
  const { plan, problems } = compile(document, kinds, { applicationId: document.id })
  for (const found of [...problems, ...validate(document, nodeDefinitions)]) {
    expect(Object.hasOwn(problemCodes, found.code)).toBe(true)
    expect(found.what).not.toBe('')
    expect(found.remedy).not.toBe('')
  }
  const steps = plan.steps.map(({ id }) => id)
  expect(new Set(steps).size).toBe(steps.length)
  expect(printPlan(plan)).toBe(printPlan(compile(document, kinds, { applicationId: document.id }).plan))
  if (problems.some(({ severity }) => severity === 'error')) return
  topologyCode(plan, { document, outputType: () => ({ key: 'any', value: 'any' }) })
}

describe('a pipeline file', () => {
  const whole = { version: 1, id: 'p', name: 'p', nodes: [], edges: [] }

  it.each(['.', '..', '', 'a/b', '../x', 'a b', 'x'.repeat(121)])('whose id is “%s” is refused', (id) => {
    expect(parsed(JSON.stringify({ ...whole, id }))).toBe('PIPELINE_MALFORMED')
  })

  it('that is nested deeply is refused with the place', () => {
    for (const text of [
      '['.repeat(1e6),
      '{"a":'.repeat(1e6),
      JSON.stringify({ ...whole, x: 0 }).replace('0', '['.repeat(5e5) + ']'.repeat(5e5)),
    ]) {
      expect(parsed(text)).toBe('PIPELINE_NOT_JSON')
    }
  })

  it('with a long cycle has a problem that can be read', () => {
    const nodes = Array.from({ length: 5000 }, (_, n) => ({
      id: `n${n}`,
      kind: 'filter',
      position: { x: 0, y: 0 },
    }))
    const edges = nodes.map(({ id }, n) => ({
      id,
      from: { node: id, port: 'out' },
      to: { node: `n${(n + 1) % nodes.length}`, port: 'in' },
    }))
    const found = validate(
      parsed(JSON.stringify({ ...whole, nodes, edges })) as PipelineDocument,
      nodeDefinitions,
    )
    expect(found.find(({ code }) => code === 'MR-205')!.what).toBe(
      'the edges make a cycle: n0 → n1 → n2 → n3 → n4 → n5 → n6 → n7 → … → n4999 → n0',
    )
  })

  it('of 10 MB and of 20,000 nodes in one chain is looked at in seconds', { timeout: 60_000 }, () => {
    const position = { x: 0, y: 0 }
    const count = 20_000
    const nodes = Array.from({ length: count }, (_, n) => ({
      id: `n${n}`,
      kind: n === 0 ? 'topic-source' : n === count - 1 ? 'topic-sink' : 'filter',
      name: 'x'.repeat(330),
      position,
      config: n === 0 || n === count - 1 ? { topic: `t${n}` } : { condition: 'true' },
    }))
    const edges = nodes.slice(1).map(({ id }, n) => ({
      id,
      from: { node: `n${n}`, port: 'out' },
      to: { node: id, port: 'in' },
    }))
    const text = JSON.stringify({ ...whole, nodes, edges })
    expect(text.length).toBeGreaterThan(10_000_000)
    const document = parsed(text) as PipelineDocument
    expect(compile(document, kinds, { applicationId: 'p' })).toMatchObject({ problems: [] })
  })
})

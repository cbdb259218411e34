import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import type { PipelineDocument } from '../../engine/pipeline/document.ts'
import { Pipelines } from './a-pipeline.ts'
import { errorLine, jsonLines, millrace, millraceEach } from './command.ts'

const pipelines = new Pipelines()
afterAll(() => pipelines.remove())

const withEdges = (document: PipelineDocument, ...edges: [from: string, to: string][]) => ({
  ...document,
  edges: [
    ...document.edges,
    ...edges.map(([from, to]) => ({
      id: `${from}-${to}`,
      from: { node: from, port: 'out' },
      to: { node: to, port: 'in' },
    })),
  ],
})

const broken = pipelines.write('broken', { text: '{\n  "version": 1,\n  "id": "x",,\n}' })
const newer = pipelines.write('newer', { document: (document) => ({ ...document, version: 99 }) })
const unknown = pipelines.write('unknown', {
  document: (document) => ({
    ...document,
    nodes: document.nodes.map((node) => (node.id === 'work' ? { ...node, kind: 'teleport' } : node)),
  }),
})
const cyclic = pipelines.write('cyclic', {
  document: (document) => ({
    ...document,
    edges: withEdges({ ...document, edges: [] }, ['work', 'again'], ['again', 'work']).edges,
    nodes: [
      ...document.nodes,
      { id: 'again', kind: 'map', name: 'again', position: { x: 0, y: 0 }, config: { value: 'value' } },
    ],
  }),
})
const dangling = pipelines.write('dangling', {
  document: (document) => withEdges(document, ['ghost', 'out']),
})
const unreadable = pipelines.write('unreadable', { code: 'export default (\n  const x\n)\n' })
const without = pipelines.write('without', { input: null })
const good = pipelines.write('good')

describe('a pipeline with something wrong', () => {
  it('is told by validate with code, node and place, each mistake once, and the others are looked at too', async () => {
    const all = [broken, newer, unknown, cyclic, dangling, unreadable, without, good]
    const { status, out, err } = await millrace(['validate', '--json', ...all])
    expect({ status, err }).toEqual({ status: 2, err: '' })
    const lines = jsonLines(out)
    const problemsOf = (pipeline: string) =>
      lines.filter((line) => line.pipeline === pipeline && line.severity === 'error')
    expect(problemsOf(broken)).toMatchObject([
      { code: 'PIPELINE_NOT_JSON', what: expect.stringContaining(`${broken}/pipeline.json:3:13`) },
    ])
    expect(problemsOf(newer)).toMatchObject([{ code: 'PIPELINE_TOO_NEW' }])
    expect(problemsOf(unknown)).toMatchObject([{ code: 'MR-101', node: 'work' }])
    expect(problemsOf(cyclic).find(({ code }) => code === 'MR-205')).toMatchObject({
      what: expect.stringMatching(/work → again → work|again → work → again/),
    })
    expect(problemsOf(dangling)).toMatchObject([{ code: 'MR-201', edge: 'ghost-out', node: 'out' }])
    expect(problemsOf(unreadable)).toMatchObject([
      { code: 'MR-302', node: 'work', file: { path: 'processors/work.ts', line: 2, column: 3 } },
    ])
    expect(problemsOf(without)).toMatchObject([{ code: 'MR-131', node: 'numbers', field: 'file' }])
    expect(problemsOf(good)).toEqual([])
    for (const problem of lines.filter(({ event }) => event === 'problem'))
      expect(problem.remedy).not.toBe('')
    expect(lines.filter(({ event }) => event === 'validated')).toHaveLength(all.length)
  }, 60_000)

  it('does not run: one line says why, with what to do, and status 2', async () => {
    const said = new Map([
      [broken, /^error PIPELINE_NOT_JSON: .+pipeline\.json:3:13: mend that place/],
      [newer, /^error PIPELINE_TOO_NEW: .+: open it with a newer Millrace; the file has not been changed/],
      [cyclic, /^error MR-205: the edges make a cycle: .+: delete one of its edges/],
      [unreadable, /^error CODE_HAS_ERRORS: .+processors\/work\.ts:2:3: correct the file/],
      [without, /^error FILE_NOT_FOUND: .+numbers\.ndjson: put it there/],
    ])
    const before = readFileSync(path.join(newer, 'pipeline.json'), 'utf8')
    const ended = await millraceEach([...said.keys()].map((folder) => ['run', folder, '--until-idle']))
    for (const [index, pattern] of [...said.values()].entries()) {
      const { status, err, left } = ended[index]!
      expect(err).toMatch(pattern)
      expect(err).toMatch(errorLine)
      expect({ status, left }).toEqual({ status: 2, left: [] })
    }
    expect(readFileSync(path.join(newer, 'pipeline.json'), 'utf8')).toBe(before)
  }, 90_000)

  it('is not exported, and nothing is written', async () => {
    const out = path.join(pipelines.folder, 'out')
    for (const [folder, code] of [
      [broken, 'PIPELINE_NOT_JSON'],
      [dangling, 'NOT_RUNNABLE'],
      [unreadable, 'CODE_HAS_ERRORS'],
    ] as const) {
      const { status, err } = await millrace(['export', folder, '--target', 'node', '--out', out])
      expect(err).toMatch(new RegExp(`^error (${code}|PACKAGE_MISSING): `))
      expect(err).toMatch(errorLine)
      expect(status).toBe(2)
      expect(existsSync(out)).toBe(false)
    }
  }, 60_000)
})

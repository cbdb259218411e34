import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { NodeCase, NodeKind } from '../../engine/nodes/kind.ts'
import { runCase } from './run-case.ts'

const engine = path.resolve(import.meta.dirname, '../../engine')
const nodesFolder = path.join(engine, 'nodes')

it('the lists of node kinds are those of the folders', () => {
  const { status, stderr } = spawnSync(process.execPath, [
    path.join(engine, 'node/setup/generate-nodes.mjs'),
    '--check',
  ])
  expect({ status, stderr: stderr.toString() }).toEqual({ status: 0, stderr: '' })
})

function newNode(kind: string, category: string, folder: string): { status: number | null; stderr: string } {
  const script = path.join(engine, 'node/setup/new-node.mjs')
  const args = [script, kind, '--category', category, '--folder', folder]
  const { status, stderr } = spawnSync(process.execPath, args)
  return { status, stderr: stderr.toString() }
}

describe('a new node', () => {
  let world: string
  let copy: string
  beforeEach(() => {
    // A place of its own, with the rest of the engine beside it under the names that a kind imports.
    world = mkdtempSync(path.join(tmpdir(), 'millrace-new-node-'))
    copy = path.join(world, 'nodes')
    mkdirSync(copy)
    for (const layer of ['pipeline', 'streams', 'base'])
      symlinkSync(path.join(engine, layer), path.join(world, layer))
    for (const name of readdirSync(nodesFolder)) {
      if (name.endsWith('.ts')) cpSync(path.join(nodesFolder, name), path.join(copy, name))
    }
  })
  afterEach(() => rmSync(world, { recursive: true, force: true }))

  it.each(['source', 'transform', 'state', 'join', 'sink'])(
    'of category %s passes its own cases',
    async (category) => {
      expect(newNode('something-new', category, copy)).toEqual({ status: 0, stderr: '' })
      const folder = path.join(copy, 'something-new')
      const [definition, compile, cases] = await Promise.all(
        ['definition', 'compile', 'cases'].map((name) => import(path.join(folder, `${name}.ts`))),
      )
      const kind: NodeKind = { definition: definition.definition, compile: compile.compile }
      expect(kind.definition.category).toBe(category)
      for (const nodeCase of cases.cases as readonly NodeCase[]) {
        const result = await runCase(kind, nodeCase)
        expect(result.problems.filter((problem) => problem.severity === 'error')).toEqual([])
        expect(result.outputs).toEqual(nodeCase.expected)
      }
      expect(readFileSync(path.join(copy, 'kinds.ts'), 'utf8')).toContain("from './something-new/compile.ts'")
    },
  )

  it('is refused under a name that is taken or is none', () => {
    expect(newNode('something-new', 'sink', copy).status).toBe(0)
    expect(newNode('something-new', 'sink', copy)).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('is there already'),
    })
    expect(newNode('Some Thing', 'sink', copy)).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('lower-case words with dashes'),
    })
    expect(newNode('other', 'nothing', copy)).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('--category is one of'),
    })
  })
})

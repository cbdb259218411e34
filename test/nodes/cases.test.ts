import { existsSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import type { NodeCase, NodeKind } from '../../engine/nodes/kind.ts'
import { kinds } from '../../engine/nodes/kinds.ts'
import { configWithDefaults } from '../../engine/pipeline/index.ts'
import { runCase } from './run-case.ts'

const nodesFolder = path.resolve(import.meta.dirname, '../../engine/nodes')

describe.each(kinds.map((kind) => [kind.definition.kind, kind] as const))('%s', (name, kind) => {
  it('lies in the folder of its name, with cases', () => {
    expect(existsSync(path.join(nodesFolder, name, 'definition.ts'))).toBe(true)
    expect(existsSync(path.join(nodesFolder, name, 'cases.ts'))).toBe(true)
  })

  it('has a definition that palette, form and canvas can show', () => {
    const { definition } = kind
    expect(definition.title).not.toBe('')
    expect(definition.summary.length).toBeLessThanOrEqual(40)
    expect(definition.docs.length).toBeGreaterThan(20)
    const icons = path.resolve(import.meta.dirname, '../../node_modules/lucide-react/dist/esm/icons')
    expect(existsSync(path.join(icons, `${definition.icon}.mjs`))).toBe(true)
    const config = configWithDefaults(definition, {})
    expect(definition.sentence(config).length).toBeGreaterThan(0)
    const ports = definition.ports(config)
    expect(new Set(ports.inputs.map((port) => port.name)).size).toBe(ports.inputs.length)
    expect(ports.inputs.length + ports.outputs.length).toBeGreaterThan(0)
  })

  it('gives what its cases say', async () => {
    for (const nodeCase of await casesOf(kind)) {
      const result = await runCase(kind, nodeCase)
      const errors = result.problems.filter((problem) => problem.severity === 'error')
      expect({ case: nodeCase.name, errors }).toEqual({ case: nodeCase.name, errors: [] })
      expect({ case: nodeCase.name, outputs: result.outputs }).toEqual({
        case: nodeCase.name,
        outputs: nodeCase.expected,
      })
      expect({ case: nodeCase.name, dropped: result.dropped }).toEqual({
        case: nodeCase.name,
        dropped: nodeCase.dropped ?? 0,
      })
      expect(result.badLines).toEqual(nodeCase.badLines ?? [])
    }
  })
})

async function casesOf(kind: NodeKind): Promise<readonly NodeCase[]> {
  const module: { cases: readonly NodeCase[] } = await import(
    `../../engine/nodes/${kind.definition.kind}/cases.ts`
  )
  expect(module.cases.length).toBeGreaterThan(0)
  return module.cases
}

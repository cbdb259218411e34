import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { compile } from '../../engine/compile/index.ts'
import { topologyCode } from '../../engine/export/topology-code.ts'
import type { CaseRecord, NodeCase } from '../../engine/nodes/kind.ts'
import { kinds } from '../../engine/nodes/kinds.ts'
import { TestDriver, type Topology } from '../../engine/streams/index.ts'
import { documentAround } from '../nodes/run-case.ts'

const packageFolder = path.resolve(import.meta.dirname, '../../engine/node/package')

let folder: string
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'millrace-code-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** Puts a source where it can be imported, its imports of the package pointing at the sources. */
function put(name: string, text: string): string {
  const file = path.join(folder, name)
  mkdirSync(path.dirname(file), { recursive: true })
  const linked = text.replaceAll(/from 'millrace(?:\/(\w+))?'/g, (_, entry: string | undefined) =>
    entry === 'flow'
      ? "from './flow.ts'"
      : `from ${JSON.stringify(`${packageFolder}/${entry ?? 'index'}.ts`)}`,
  )
  writeFileSync(file, linked)
  return file
}

async function topologyOf(kind: (typeof kinds)[number], nodeCase: NodeCase): Promise<Topology> {
  const document = documentAround(kind, nodeCase)
  const { plan } = compile(document, kinds, { applicationId: 'case' })
  for (const [name, text] of Object.entries(nodeCase.files ?? {})) put(name, text)
  const code = topologyCode(plan, { document, outputType: () => ({ key: 'any', value: 'any' }) })
  const module: { buildTopology(): Topology } = await import(put('src/topology.ts', code))
  return module.buildTopology()
}

/** Kinds that read from outside have feeds, which are data in the exported project too: there is no code of theirs to test. */
const withCode = kinds.filter((kind) => !kind.runtime)

describe.each(withCode.map((kind) => [kind.definition.kind, kind] as const))(
  'exported code of %s',
  (name, kind) => {
    it('gives what the cases of the kind say', async () => {
      const { cases }: { cases: readonly NodeCase[] } = await import(`../../engine/nodes/${name}/cases.ts`)
      for (const nodeCase of cases) {
        const driver = new TestDriver(await topologyOf(kind, nodeCase), { applicationId: 'case' })
        const outputs: CaseRecord[] = nodeCase.send.flatMap(({ port, ...record }) => {
          const topic = port === 'topic' ? String(nodeCase.config.topic) : `in.${port.replace('#', '.')}`
          return driver.pipe(topic, record).map(({ topic: written, key, value, timestampMs }) => {
            const out = /^out\.(.*)$/.exec(written)?.[1] ?? 'topic'
            return { port: out, key, value, timestampMs }
          })
        })
        expect({ case: nodeCase.name, outputs }).toEqual({ case: nodeCase.name, outputs: nodeCase.expected })
        rmSync(folder, { recursive: true, force: true })
        folder = mkdtempSync(path.join(tmpdir(), 'millrace-code-'))
      }
    })
  },
)

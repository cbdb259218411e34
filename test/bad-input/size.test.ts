import { readFileSync } from 'node:fs'
import { afterAll, describe, expect, it } from 'vitest'
import { compile } from '../../engine/compile/index.ts'
import { kinds } from '../../engine/nodes/kinds.ts'
import type { PipelineDocument } from '../../engine/pipeline/document.ts'
import { workMsOf } from '../runner/slowness.ts'
import { Pipelines } from './a-pipeline.ts'
import { Command, millrace } from './command.ts'

const pipelines = new Pipelines()
afterAll(() => pipelines.remove())

/** A source, chains of ten transforms each, and a sink at the end of each. */
function large(document: PipelineDocument, count: number): PipelineDocument {
  const [source, , sink] = document.nodes
  const nodes = [source!]
  const edges: PipelineDocument['edges'][number][] = []
  const add = (node: PipelineDocument['nodes'][number], from: string) => {
    nodes.push(node)
    edges.push({ id: `to-${node.id}`, from: { node: from, port: 'out' }, to: { node: node.id, port: 'in' } })
  }
  let last = source!.id
  for (let index = 1; index < count; index++) {
    const id = `n${index}`
    const config = { value: '({ n: value.n + 1 })' }
    if (index % 10 === 0 || index === count - 1) {
      add({ ...sink!, id, name: id, config: { topic: `out-${index}` } }, last)
      last = source!.id
    } else {
      add({ id, kind: 'map', name: id, position: { x: index, y: 0 }, config }, last)
      last = id
    }
  }
  return { ...document, nodes, edges }
}

describe('at size', () => {
  it('a pipeline of 500 nodes is validated, typed and compiled within seconds', async () => {
    let document: PipelineDocument | undefined
    const folder = pipelines.write('large', {
      document: (small) => {
        document = large(small, 500)
        return document
      },
    })
    const workMs = workMsOf(() => {
      const { plan, problems } = compile(document!, kinds, { applicationId: 'large' })
      expect(problems).toEqual([])
      expect(plan.steps.length).toBeGreaterThanOrEqual(500)
    })
    expect(workMs).toBeLessThan(1000)
    const { status, out, err } = await millrace(['validate', folder])
    expect({ status, out, err }).toEqual({ status: 0, out: `${folder}: no problems\n`, err: '' })
  }, 90_000)

  it('a topic of 1,000 partitions is there when the cluster is ready, in bounded memory', async () => {
    const broker = new Command(['broker', '--port', '0', '--topic', 'wide:1000'])
    await broker.says(/^ready .+\n/)
    broker.type('status')
    await broker.says(/topics 1 partitions 1000 under-replicated 0 offline 0/)
    if (process.platform === 'linux') {
      const status = readFileSync(`/proc/${broker.process.pid}/status`, 'utf8')
      expect(Number(/VmRSS:\s+(\d+) kB/.exec(status)![1])).toBeLessThan(600 * 1024)
    }
    expect(await broker.end()).toMatchObject({ status: 0, err: '', left: [] })
  }, 60_000)
})

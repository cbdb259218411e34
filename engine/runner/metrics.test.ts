import { describe, expect, it } from 'vitest'
import type { PipelineDocument } from '../pipeline/document.ts'
import type { StepMetrics } from '../streams/api.ts'
import type { TopologyPlan } from '../streams/plan.ts'
import { addSteps, lagMsOf, RunMetrics } from './metrics.ts'

const plan: TopologyPlan = {
  topics: [],
  feeds: [{ id: 'file', node: 'file', kind: 'file-source', topic: 'app-file-source', config: {} }],
  steps: [
    { id: 'file', node: 'file', op: 'stream', topic: 'app-file-source' },
    { id: 'count-key', node: 'count', op: 'groupBy', from: 'file', expr: 'value.a' },
    { id: 'count', node: 'count', op: 'count', from: 'count-key' },
    { id: 'count-stream', node: 'count', op: 'toStream', from: 'count' },
    { id: 'out', node: 'out', op: 'to', from: 'count-stream', topic: 'counts' },
  ],
}

const node = (id: string) => ({ id, kind: id, name: id, position: { x: 0, y: 0 }, config: {} })
const edge = (id: string, from: string, to: string) => ({
  id,
  from: { node: from, port: 'out' },
  to: { node: to, port: 'in' },
})
const document: PipelineDocument = {
  version: 1,
  id: 'app',
  name: 'App',
  nodes: ['file', 'count', 'out'].map(node),
  edges: [edge('e1', 'file', 'count'), edge('e2', 'count', 'out')],
}

const step = (values: Partial<StepMetrics>): StepMetrics => ({
  in: 0,
  out: 0,
  dropped: 0,
  failed: 0,
  busyMs: 0,
  ...values,
})

const counts = {
  steps: {
    file: step({ in: 90, out: 90 }),
    'count-key': step({ in: 90, out: 88, dropped: 2, busyMs: 10 }),
    count: step({ in: 88, out: 88, busyMs: 30 }),
    'count-stream': step({ in: 88, out: 88 }),
    out: step({ in: 88, out: 88 }),
  },
  lag: [
    { topic: 'app-file-source', partition: 1, endOffset: 60, committedOffset: 40, lagMs: 700 },
    { topic: 'app-file-source', partition: 0, endOffset: 50, committedOffset: 50, lagMs: 0 },
  ],
  feeds: [{ node: 'file', read: 101, produced: 100, bad: 1, ended: false }],
  errors: {},
}

describe('a run’s figures', () => {
  const metrics = new RunMetrics(plan, document)

  it('count what enters a node at its first step and what leaves it at its last', () => {
    expect(metrics.nodeTotals(counts)).toMatchObject({
      file: { in: 101, out: 90, dropped: 1 },
      count: { in: 90, out: 88, dropped: 2, busyMs: 40 },
      out: { in: 88, out: 88 },
    })
  })

  it('begin behind a grouping that takes no step of its own', () => {
    const steps = plan.steps.map((each) =>
      each.id === 'count-key'
        ? { id: 'count-key', node: 'count', op: 'groupByKey' as const, from: 'file' }
        : each,
    )
    const grouped = new RunMetrics({ ...plan, steps }, document)
    expect(grouped.nodeTotals(counts).count).toMatchObject({ in: 88, out: 88 })
  })

  it('give each edge what has left the node before it', () => {
    expect(metrics.edgeTotals(counts)).toEqual({ e1: 90, e2: 88 })
  })

  it('tell the ways out of a branch apart', () => {
    const branching: TopologyPlan = {
      topics: [],
      feeds: [],
      steps: [
        { id: 'in', node: 'file', op: 'stream', topic: 't' },
        {
          id: 'b',
          node: 'b',
          op: 'branch',
          from: 'in',
          branches: [{ name: 'big', when: 'value > 5' }],
          otherwise: 'rest',
        },
        { id: 'key', node: 'count', op: 'groupByKey', from: 'b.big' },
        { id: 'n', node: 'count', op: 'count', from: 'key' },
        { id: 'm', node: 'out', op: 'merge', from: ['b.rest', 'in'] },
      ],
    }
    const from = (id: string, port: string, to: string) => ({
      id: `${port}`,
      from: { node: id, port },
      to: { node: to, port: 'in' },
    })
    const edges = [from('b', 'big', 'count'), from('b', 'rest', 'out')]
    const totals = new RunMetrics(branching, { ...document, edges }).edgeTotals({
      ...counts,
      steps: { in: step({ out: 10 }), b: step({ in: 10, out: 10 }), n: step({ in: 7 }), m: step({ in: 13 }) },
    })
    expect(totals).toEqual({ big: 7, rest: 3 })
  })

  it('are per second over the time between two moments', () => {
    const now = metrics.nodeTotals(counts)
    const before = { ...now, count: { ...now.count!, in: 40, busyMs: 0 } }
    const shown = metrics.nodeMetrics(counts, now, before, 2)
    expect(shown.count).toMatchObject({ inPerSec: 25, outPerSec: 0, busy: 0.02 })
  })

  it('show lag at the source, per partition, and nowhere else', () => {
    const shown = metrics.nodeMetrics(counts, metrics.nodeTotals(counts), {}, 1)
    expect(shown.file).toMatchObject({
      topic: 'app-file-source',
      lagRecords: 20,
      lagMs: 700,
      lagPerPartition: [
        { partition: 0, records: 0 },
        { partition: 1, records: 20 },
      ],
    })
    expect(shown.out!.topic).toBe('counts')
    expect(shown.out!.lagRecords).toBeUndefined()
  })

  it('do not claim a delay that is not known', () => {
    const known = { topic: 't', partition: 0, endOffset: 1, committedOffset: 1, lagMs: 5 }
    expect(lagMsOf([known])).toBe(5)
    expect(lagMsOf([known, { ...known, partition: 1, lagMs: undefined }])).toBeUndefined()
    expect(lagMsOf([])).toBeUndefined()
  })

  it('add up over threads', () => {
    const sum = addSteps([{ a: step({ in: 1 }) }, { a: step({ in: 2, busyMs: 3 }), b: step({ out: 4 }) }])
    expect(sum).toEqual({ a: step({ in: 3, busyMs: 3 }), b: step({ out: 4 }) })
  })
})

import { describe, expect, it } from 'vitest'
import { createNodeEnvironment } from '../node/environment/index.ts'
import type { PipelineDocument } from '../pipeline/document.ts'
import type { TopologyPlan } from '../streams/plan.ts'
import type { AcknowledgedPartition, FromThread, RunSample } from './messages.ts'
import { Sampler } from './sampler.ts'

const topic = 'app-rows-source'
const plan: TopologyPlan = {
  topics: [],
  feeds: [{ id: 'rows', node: 'rows', kind: 'file-source', topic, config: {} }],
  steps: [{ id: 'rows', node: 'rows', op: 'table', topic }],
}
const document: PipelineDocument = { version: 1, id: 'app', name: 'App', nodes: [], edges: [] }

type Metrics = Extract<FromThread, { kind: 'metrics' }>

const metrics = (given: Partial<Metrics>): Metrics => ({
  kind: 'metrics',
  steps: {},
  streamTimeMs: undefined,
  lag: [],
  ...given,
})

/** A clock that stands where the test puts it. */
function sampling() {
  const samples: RunSample[] = []
  const idle: boolean[] = []
  const node = createNodeEnvironment()
  let nowMs = 0
  let due: () => void = () => undefined
  const environment = {
    ...node,
    clock: { ...node.clock, monotonicMs: () => nowMs },
    timers: {
      ...node.timers,
      after: (_: number, fn: () => void) => {
        due = fn
        return { cancel: () => undefined }
      },
    },
  }
  const sampler = new Sampler(environment, plan, document, 250, {
    state: () => 'running',
    memoryBytes: () => 0,
    onSample: (sample) => samples.push(sample),
    onIdle: (isIdle) => idle.push(isIdle),
  })
  const next = () => {
    nowMs += 250
    due()
  }
  return { sampler, samples, idle, next }
}

describe('stream time in samples', () => {
  it('is not known while only rows from the beginning of time were read, and then the furthest of any thread', () => {
    const { sampler, samples, next } = sampling()
    const [one, other] = [{}, {}]
    next()
    sampler.receive(one, metrics({ streamTimeMs: 0 }))
    next()
    sampler.receive(other, metrics({ streamTimeMs: 1_700_000_000_000 }))
    next()
    sampler.receive(one, metrics({ streamTimeMs: 1_600_000_000_000 }))
    next()
    expect(samples.map(({ streamTimeMs }) => streamTimeMs)).toEqual([
      undefined,
      undefined,
      1_700_000_000_000,
      1_700_000_000_000,
    ])
  })
})

describe('a run whose feeds have ended', () => {
  const lag = (partition: number, endOffset: number) => ({
    topic,
    partition,
    endOffset,
    committedOffset: endOffset,
    lagMs: 0,
  })
  const partition = (number: number, lastNumber: number): AcknowledgedPartition => ({
    partition: number,
    startOffset: 100,
    firstNumber: 51,
    lastNumber,
    unanswered: [],
  })
  const idleAfterTenSeconds = (lags: Metrics['lag'], partitions: AcknowledgedPartition[]) => {
    const { sampler, idle, next } = sampling()
    sampler.receive({}, metrics({ lag: lags }))
    const rows = { node: 'rows', read: 9, produced: 9, bad: 0, ended: true }
    sampler.receive({}, { kind: 'feeds', feeds: [rows], acknowledged: [{ topic, partitions }] })
    for (let i = 0; i < 40; i++) next()
    return idle.at(-1)
  }

  it('is idle when all that they wrote is read', () => {
    expect(idleAfterTenSeconds([lag(0, 105), lag(1, 100)], [partition(0, 55), partition(1, 50)])).toBe(true)
  })

  it('is not while a partition of theirs has not been heard of, or its end is known from before', () => {
    expect(idleAfterTenSeconds([lag(0, 105)], [partition(0, 55), partition(1, 54)])).toBe(false)
    expect(idleAfterTenSeconds([lag(0, 105), lag(1, 100)], [partition(0, 55), partition(1, 54)])).toBe(false)
  })

  it('is idle without what a thread that was replaced had still to read', () => {
    const { sampler, idle, next } = sampling()
    const [gone, inItsPlace] = [{}, {}]
    sampler.receive(gone, metrics({ lag: [{ ...lag(0, 105), committedOffset: 102 }] }))
    const rows = { node: 'rows', read: 5, produced: 5, bad: 0, ended: true }
    const acknowledged = [{ topic, partitions: [partition(0, 55)] }]
    sampler.receive(gone, { kind: 'feeds', feeds: [rows], acknowledged })
    sampler.replaced(gone)
    sampler.receive(inItsPlace, metrics({ lag: [lag(0, 105)] }))
    for (let i = 0; i < 40; i++) next()
    expect(idle.at(-1)).toBe(true)
  })
})

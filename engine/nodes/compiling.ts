/** What the kinds' compile functions share. */
import { assert } from '../base/assert.ts'
import { type NodeConfig, numberOf, textOf } from '../pipeline/index.ts'
import type { PlannedTopic, SerdeName, Step } from '../streams/plan.ts'
import type { CompileContext, Compiled, Flow } from './kind.ts'

/** The port's flow; validation has seen to it that a required input is there before anything is compiled. */
export function required(context: CompileContext, port: string): Flow {
  const flow = context.input(port)
  assert(flow, `${context.node.id} has nothing at its input ${port}`)
  return flow
}

/** Source data keeps its own, often historic, times: it must not expire while people look at it. */
const keepForever = { 'retention.ms': '-1' }

export function plannedTopic(name: string, config: NodeConfig, table = false): PlannedTopic {
  const configs = table ? { ...keepForever, 'cleanup.policy': 'compact' } : keepForever
  return { name, partitions: numberOf(config, 'partitions', 1), configs }
}

/** A source outside Kafka: a feed fills `<app>-<node>-source`, which is read as a stream or a table. */
export function feedSource(context: CompileContext): Compiled {
  const { node, config, applicationId } = context
  const table = textOf(config, 'readAs') === 'table'
  const topic = `${applicationId}-${node.id}-source`
  const feed = { id: `${node.id}-feed`, node: node.id, kind: node.kind, topic, config }
  return {
    steps: [{ id: node.id, node: node.id, op: table ? 'table' : 'stream', topic }],
    feeds: [table && textOf(config, 'mode') !== 'follow' ? { ...feed, first: true } : feed],
    topics: [plannedTopic(topic, config, table)],
    outputs: { out: { step: node.id, type: table ? 'table' : 'stream', keyFormat: 'json' } },
  }
}

/** One step after the input `in`, with the same kind of records. */
export function streamStep(
  context: CompileContext,
  step: (from: string, base: { readonly id: string; readonly node: string }) => Step,
  keyFormat?: SerdeName,
): Compiled {
  const input = required(context, 'in')
  const { id } = context.node
  return {
    steps: [step(input.step, { id, node: id })],
    outputs: { out: { step: id, type: 'stream', keyFormat: keyFormat ?? input.keyFormat } },
  }
}

/** A side of a join by another key, or with keys written as JSON when the sides would not agree. */
export function keyedSide(
  context: CompileContext,
  flow: Flow,
  side: string,
  expr: string,
  asJson: boolean,
): { readonly steps: readonly Step[]; readonly flow: Flow } {
  if (expr === '' && (!asJson || flow.keyFormat !== 'string')) return { steps: [], flow }
  const { id: node } = context.node
  const id = `${node}-${side}-key`
  return {
    steps: [{ id, node, op: 'selectKey', from: flow.step, expr: expr === '' ? 'key' : expr }],
    flow: { step: id, type: 'stream', keyFormat: 'json' },
  }
}

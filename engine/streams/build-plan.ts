/** From a topology as data to a topology: the DSL, spoken step by step. */
import { MillraceError } from '../base/errors.ts'
import type { ExternalSink, KGroupedStream, KStream, KTable, Topology } from './api.ts'
import { buildTableAggregation, buildTableStep } from './build-tables.ts'
import { createBuilder } from './builder.ts'
import type { Step, TopologyPlan } from './plan.ts'
import { buildAggregation } from './plan-aggregations.ts'
import { type PlanScope, planExpressions } from './plan-expressions.ts'
import { supplierFrom } from './plan-modules.ts'
import { serdeNamed } from './serdes.ts'
import type { GlobalKTable, KGroupedTable } from './table-api.ts'

export interface BuildPlanOptions {
  /** A function from the text of a JavaScript expression. @throws MillraceError BAD_EXPRESSION */
  compileExpression(text: string, names: readonly string[]): (...values: unknown[]) => unknown
  /** The exports of a processor's module, by its path in the plan. */
  loadModule(path: string): Readonly<Record<string, unknown>>
  /** A sink outside Kafka, for steps with op `external`. */
  externalSink?(step: Step & { readonly op: 'external' }): () => ExternalSink
}

/** @throws MillraceError that names the step for what cannot be built */
export function buildPlan(plan: TopologyPlan, options: BuildPlanOptions): Topology {
  const builder = new PlanBuilder(options)
  for (const step of plan.steps) {
    try {
      builder.add(step)
    } catch (error) {
      throw inStep(step, error)
    }
  }
  return builder.build()
}

/** The step's id goes in front of whatever place the error itself names. */
function inStep(step: Step, thrown: unknown): MillraceError {
  const error = MillraceError.from(thrown, { code: 'BAD_STEP' })
  const where = error.where === undefined || error.where === step.id ? step.id : `${step.id}, ${error.where}`
  const { code, what, remedy, details } = error
  return new MillraceError({
    code,
    what,
    where,
    remedy,
    details: { ...details, step: step.id, node: step.node },
    cause: thrown,
  })
}

type Flow =
  | { readonly type: 'stream'; readonly stream: KStream<unknown, unknown> }
  | { readonly type: 'table'; readonly table: KTable<unknown, unknown> }
  | { readonly type: 'grouped'; readonly grouped: KGroupedStream<unknown, unknown> }
  | { readonly type: 'global'; readonly global: GlobalKTable<unknown, unknown> }
  | { readonly type: 'grouped-table'; readonly grouped: KGroupedTable<unknown, unknown> }

class PlanBuilder {
  readonly #options: BuildPlanOptions
  readonly #builder = createBuilder()
  readonly #scope: PlanScope
  readonly #flows = new Map<string, Flow>()
  readonly #tableFlows = {
    table: (id: string) => this.#tableFrom(id),
    grouped: (id: string) => this.#groupedFrom(id),
  }

  constructor(options: BuildPlanOptions) {
    this.#options = options
    this.#scope = planExpressions((text, names) => options.compileExpression(text, names))
  }

  build(): Topology {
    return this.#builder.build()
  }

  add(step: Step): void {
    switch (step.op) {
      case 'stream':
      case 'table':
        this.#addSource(step)
        break
      case 'map': {
        const pair = this.#scope.pair(step.expr)
        this.#stream(step.id, this.#streamFrom(step.from).map(pair, { name: step.id }))
        break
      }
      case 'mapValues':
      case 'filter':
      case 'filterNot':
        this.#addOnEither(step)
        break
      case 'flatMap': {
        const pairs = this.#scope.pairs(step.expr)
        this.#stream(step.id, this.#streamFrom(step.from).flatMap(pairs, { name: step.id }))
        break
      }
      case 'flatMapValues': {
        const values = this.#scope.values(step.expr)
        this.#stream(step.id, this.#streamFrom(step.from).flatMapValues(values, { name: step.id }))
        break
      }
      case 'selectKey': {
        const key = this.#scope.ofRecord(step.expr)
        this.#stream(step.id, this.#streamFrom(step.from).selectKey(key, { name: step.id }))
        break
      }
      case 'groupBy':
        this.#addGrouping(step)
        break
      case 'groupByKey': {
        const grouped = this.#streamFrom(step.from).groupByKey({ name: step.id })
        this.#keep(step.id, { type: 'grouped', grouped })
        break
      }
      case 'repartition': {
        const options = { name: step.id, partitions: step.partitions }
        this.#stream(step.id, this.#streamFrom(step.from).repartition(options))
        break
      }
      case 'toStream':
        this.#stream(step.id, this.#tableFrom(step.from).toStream({ name: step.id }))
        break
      case 'branch':
        this.#addBranch(step)
        break
      case 'merge':
        this.#addMerge(step)
        break
      case 'process': {
        const supplier = supplierFrom(this.#options.loadModule(step.module), step.module)
        const { id: name, stores, outputs } = step
        const from = this.#streamFrom(step.from)
        if (outputs === undefined) this.#stream(name, from.process(supplier, { name, stores }))
        else this.#children(name, from.process(supplier, { name, stores, outputs }))
        break
      }
      case 'count':
      case 'summarize':
      case 'aggregate':
      case 'reduce': {
        const flow = this.#flow(step.from)
        const table =
          flow.type === 'grouped-table'
            ? buildTableAggregation(flow.grouped, step, this.#scope)
            : buildAggregation(this.#groupedFrom(step.from), step, this.#scope)
        this.#keep(step.id, { type: 'table', table })
        break
      }
      case 'toTable': {
        const table = this.#streamFrom(step.from).toTable({ name: step.id, store: step.store })
        this.#keep(step.id, { type: 'table', table })
        break
      }
      case 'suppress': {
        const table = this.#tableFrom(step.from).suppress({ ...step, name: step.id })
        this.#keep(step.id, { type: 'table', table })
        break
      }
      case 'streamStreamJoin': {
        const { id: name, type, beforeMs, afterMs, graceMs } = step
        const joiner = this.#scope.joiner(step.joiner)
        const other = this.#streamFrom(step.right)
        const options = { name, type, beforeMs, afterMs, graceMs }
        this.#stream(step.id, this.#streamFrom(step.left).joinStream(other, joiner, options))
        break
      }
      case 'streamTableJoin': {
        const joiner = this.#scope.joiner(step.joiner)
        const table = this.#tableFrom(step.right)
        const options = { name: step.id, type: step.type, graceMs: step.graceMs }
        this.#stream(step.id, this.#streamFrom(step.left).joinTable(table, joiner, options))
        break
      }
      case 'tableTableJoin':
      case 'foreignKeyJoin':
      case 'cogroup': {
        const table = buildTableStep(step, this.#tableFlows, this.#scope)
        this.#keep(step.id, { type: 'table', table })
        break
      }
      case 'globalTable': {
        const { id: name, topic, keyFormat = 'json', valueFormat = 'json', store } = step
        const options = { name, store, key: serdeNamed(keyFormat), value: serdeNamed(valueFormat) }
        this.#keep(name, { type: 'global', global: this.#builder.globalTable(topic, options) })
        break
      }
      case 'streamGlobalTableJoin': {
        const { id: name, type } = step
        const flow = this.#flow(step.right)
        if (flow.type !== 'global') throw unbuildable(`it needs a global table, and "${step.right}" is none`)
        const [keyOf, joiner] = [this.#scope.ofRecord(step.keyExpr), this.#scope.joiner(step.joiner)]
        const options = { name, type }
        this.#stream(name, this.#streamFrom(step.left).joinGlobal(flow.global, keyOf, joiner, options))
        break
      }
      case 'to':
        this.#addSink(step)
        break
      case 'external': {
        const supplier = this.#options.externalSink?.(step)
        if (supplier === undefined) throw unbuildable(`there is no sink of kind "${step.kind}" here`)
        this.#streamFrom(step.from).toExternal(supplier, { name: step.id })
        break
      }
    }
  }

  #addSource(step: Step & { op: 'stream' | 'table' }): void {
    const { timestamp = 'record', keyFormat = 'json', valueFormat = 'json', reset } = step
    const options = {
      name: step.id,
      key: serdeNamed(keyFormat),
      value: serdeNamed(valueFormat),
      timestamp: typeof timestamp === 'string' ? timestamp : this.#scope.timestamp(timestamp.expr),
      reset,
    }
    if (step.op === 'stream') this.#stream(step.id, this.#builder.stream(step.topic, options))
    else {
      const { store, versionedHistoryMs } = step
      const table = this.#builder.table(step.topic, { ...options, store, versionedHistoryMs })
      this.#keep(step.id, { type: 'table', table })
    }
  }

  #addOnEither(step: Step & { op: 'mapValues' | 'filter' | 'filterNot' }): void {
    const flow = this.#flow(step.from)
    if (flow.type === 'table') {
      const options = { name: step.id, store: step.store }
      const fn = this.#scope.ofRow(step.expr)
      const table =
        step.op === 'mapValues'
          ? flow.table.mapValues(fn, options)
          : flow.table[step.op]((value, key) => Boolean(fn(value, key)), options)
      this.#keep(step.id, { type: 'table', table })
      return
    }
    const stream = this.#streamFrom(step.from)
    const fn = this.#scope.ofRecord(step.expr)
    const options = { name: step.id }
    this.#stream(
      step.id,
      step.op === 'mapValues'
        ? stream.mapValues(fn, options)
        : stream[step.op]((record) => Boolean(fn(record)), options),
    )
  }

  #addGrouping(step: { readonly id: string; readonly from: string; readonly expr: string }): void {
    const flow = this.#flow(step.from)
    if (flow.type === 'table') {
      const grouped = flow.table.groupBy(this.#scope.rowPair(step.expr), { name: step.id })
      this.#keep(step.id, { type: 'grouped-table', grouped })
      return
    }
    const key = this.#scope.ofRecord(step.expr)
    const grouped = this.#streamFrom(step.from).groupBy(key, { name: step.id })
    this.#keep(step.id, { type: 'grouped', grouped })
  }

  #addBranch(step: Step & { op: 'branch' }): void {
    const branches = step.branches.map(({ name, when }) => {
      const predicate = this.#scope.ofRecord(when)
      return { name, when: (record: Parameters<typeof predicate>[0]) => Boolean(predicate(record)) }
    })
    const options = { name: step.id, otherwise: step.otherwise }
    const streams = this.#streamFrom(step.from).branch(branches, options)
    this.#children(step.id, streams)
  }

  #children(id: string, streams: Readonly<Record<string, KStream<unknown, unknown>>>): void {
    for (const [name, stream] of Object.entries(streams)) this.#stream(`${id}.${name}`, stream)
  }

  /** Several streams merge pairwise; the last merge has the step's own name. */
  #addMerge(step: Step & { op: 'merge' }): void {
    const streams = step.from.map((id) => this.#streamFrom(id))
    const [first, ...others] = streams
    if (first === undefined || others.length === 0) throw unbuildable('a merge needs at least two streams')
    const merged = others.reduce((stream, other, i) => {
      const last = i === others.length - 1
      return stream.merge(other, { name: last ? step.id : `${step.id}-${i + 1}` })
    }, first)
    this.#stream(step.id, merged)
  }

  #addSink(step: Step & { op: 'to' }): void {
    const { keyFormat, valueFormat, partitioner = 'default', acks, compression } = step
    this.#streamFrom(step.from).to(step.topic, {
      name: step.id,
      key: keyFormat === undefined ? undefined : serdeNamed(keyFormat),
      value: valueFormat === undefined ? undefined : serdeNamed(valueFormat),
      partitioner: typeof partitioner === 'string' ? partitioner : this.#scope.partitioner(partitioner.expr),
      acks,
      compression,
    })
  }

  #keep(id: string, flow: Flow): void {
    if (this.#flows.has(id)) throw unbuildable(`the id "${id}" is taken`)
    this.#flows.set(id, flow)
  }

  #stream(id: string, stream: KStream<unknown, unknown>): void {
    this.#keep(id, { type: 'stream', stream })
  }

  #flow(id: string): Flow {
    const flow = this.#flows.get(id)
    if (flow === undefined) throw unbuildable(`it follows "${id}", which is not there`)
    return flow
  }

  #streamFrom(id: string): KStream<unknown, unknown> {
    const flow = this.#flow(id)
    if (flow.type === 'stream') return flow.stream
    throw unbuildable(`it needs a stream, and "${id}" is a ${flow.type === 'table' ? 'table' : 'grouping'}`)
  }

  #tableFrom(id: string): KTable<unknown, unknown> {
    const flow = this.#flow(id)
    if (flow.type === 'table') return flow.table
    throw unbuildable(`it needs a table, and "${id}" is a ${flow.type === 'stream' ? 'stream' : 'grouping'}`)
  }

  #groupedFrom(id: string): KGroupedStream<unknown, unknown> {
    const flow = this.#flow(id)
    if (flow.type === 'grouped') return flow.grouped
    throw unbuildable(`it needs a grouping, and "${id}" is a ${flow.type}`)
  }
}

function unbuildable(what: string): MillraceError {
  return new MillraceError({ code: 'BAD_PLAN', what, remedy: 'correct the plan that was given' })
}

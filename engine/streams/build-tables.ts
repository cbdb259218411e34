/** Steps of tables in the DSL: what `build-plan.ts` hands over. */
import { MillraceError } from '../base/errors.ts'
import type { KGroupedStream, KTable } from './api.ts'
import type { Step } from './plan.ts'
import type { PlanScope } from './plan-expressions.ts'
import type { TableStep } from './plan-tables.ts'
import type { KGroupedTable } from './table-api.ts'

type AnyTable = KTable<unknown, unknown>
type AggregationStep = Extract<Step, { readonly op: 'count' | 'summarize' | 'aggregate' | 'reduce' }>

/** Where the steps before are looked up. */
export interface Flows {
  table(id: string): AnyTable
  grouped(id: string): KGroupedStream<unknown, unknown>
}

export function buildTableStep(step: TableStep, flows: Flows, scope: PlanScope): AnyTable {
  switch (step.op) {
    case 'tableTableJoin': {
      const { id: name, type, store } = step
      const right = flows.table(step.right)
      return flows.table(step.left).joinTable(right, scope.joiner(step.joiner), { name, type, store })
    }
    case 'foreignKeyJoin': {
      const { id: name, type, store } = step
      const foreignKey = scope.ofRow(step.foreignKey)
      const right = flows.table(step.right)
      const joiner = scope.joiner(step.joiner)
      return flows.table(step.left).joinForeignKey(right, foreignKey, joiner, { name, type, store })
    }
    case 'cogroup':
      return buildCogroup(step, flows, scope)
  }
}

function buildCogroup(
  step: Extract<TableStep, { readonly op: 'cogroup' }>,
  flows: Flows,
  scope: PlanScope,
): AnyTable {
  const { id: name, parts, store, retentionMs, window, merge } = step
  const [first, ...others] = parts
  if (first === undefined) throw unfit('a cogroup needs groupings')
  let cogrouped = flows.grouped(first.from).cogroup<unknown>(scope.adder(first.add))
  for (const { from, add } of others) cogrouped = cogrouped.cogroup(flows.grouped(from), scope.adder(add))
  const init = () => step.init
  if (window === undefined) return cogrouped.aggregate(init, { name, store })
  const merging = merge === undefined ? {} : { merge: scope.joiner(merge) }
  const table = cogrouped.aggregateWindows(window, init, { name, store, retentionMs, ...merging })
  return table as AnyTable
}

export function buildTableAggregation(
  grouped: KGroupedTable<unknown, unknown>,
  step: AggregationStep,
  scope: PlanScope,
): AnyTable {
  const options = { name: step.id, store: step.store }
  if (step.window !== undefined) throw unfit('a table has no windows')
  if (step.op === 'count') return grouped.count(options) as AnyTable
  if (step.op === 'summarize') throw unfit('a summary cannot take out again what left a group of rows')
  if (step.subtract === undefined) throw unfit('an aggregate of a table needs to know how to subtract')
  const add = scope.adder(step.add)
  const subtract = scope.adder(step.subtract)
  if (step.op === 'reduce') return grouped.reduce(add, subtract, options)
  return grouped.aggregate({ init: () => step.init, add, subtract }, options)
}

function unfit(what: string): MillraceError {
  return new MillraceError({ code: 'BAD_PLAN', what, remedy: 'correct the plan that was given' })
}

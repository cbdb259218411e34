/** Steps of tables in the DSL: what `build-plan.ts` hands over. */
import { MillraceError } from '../base/errors.ts'
import type { KTable } from './api.ts'
import type { Step } from './plan.ts'
import type { PlanScope } from './plan-expressions.ts'
import type { TableStep } from './plan-tables.ts'
import type { KGroupedTable } from './table-api.ts'

type AnyTable = KTable<unknown, unknown>
type AggregationStep = Extract<Step, { readonly op: 'count' | 'summarize' | 'aggregate' | 'reduce' }>

/** Where the steps before are looked up. */
export interface Flows {
  table(id: string): AnyTable
}

export function buildTableStep(step: TableStep, flows: Flows, scope: PlanScope): AnyTable {
  const { id: name, type, store } = step
  const options = { name, type, store }
  return flows.table(step.left).joinTable(flows.table(step.right), scope.joiner(step.joiner), options)
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

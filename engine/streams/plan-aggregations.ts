import { avg, count, max, min, type Summary, sum, summarize } from './aggregates.ts'
import type { Aggregator, KGroupedStream, KTable } from './api.ts'
import type { Step } from './plan.ts'
import type { PlanScope } from './plan-expressions.ts'

type AggregationStep = Step & { readonly op: 'count' | 'summarize' | 'aggregate' | 'reduce' }

type AnyTable = KTable<unknown, unknown>

/** What its rows are is known to whoever wrote the plan, not here. */
export function buildAggregation(
  grouped: KGroupedStream<unknown, unknown>,
  step: AggregationStep,
  scope: PlanScope,
): AnyTable {
  const { id: name, store, emit, retentionMs } = step
  if (step.window === undefined) {
    const options = { name, store }
    if (step.op === 'count') return grouped.count(options) as AnyTable
    if (step.op === 'reduce') return grouped.reduce(scope.adder(step.add), options)
    return grouped.aggregate(aggregatorOf(step, scope), options)
  }
  const windowed = grouped.windowedBy(step.window)
  const options = { name, store, emit, retentionMs }
  if (step.op === 'count') return windowed.count(options) as AnyTable
  if (step.op === 'reduce') return windowed.reduce(scope.adder(step.add), options) as AnyTable
  return windowed.aggregate(aggregatorOf(step, scope), options) as AnyTable
}

function aggregatorOf(
  step: AggregationStep & { readonly op: 'summarize' | 'aggregate' },
  scope: PlanScope,
): Aggregator<unknown, unknown, unknown, unknown> {
  if (step.op === 'aggregate') return { init: () => step.init, add: scope.adder(step.add) }
  const figures: Record<string, Summary<unknown, unknown, unknown>> = {}
  for (const { fn, expr, as } of step.functions) figures[as] = figureOf(fn, expr, scope)
  return summarize(figures) as Aggregator<unknown, unknown, unknown, unknown>
}

function figureOf(
  fn: 'count' | 'sum' | 'avg' | 'min' | 'max',
  expr: string | undefined,
  scope: PlanScope,
): Summary<unknown, unknown, unknown> {
  const pick = scope.ofRow(expr ?? 'value')
  switch (fn) {
    case 'count':
      return count()
    case 'sum':
      return sum(pick)
    case 'avg':
      return avg(pick)
    case 'min':
      return min(pick)
    case 'max':
      return max(pick)
  }
}

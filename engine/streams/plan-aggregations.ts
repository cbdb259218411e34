import { avg, count, max, min, type Summary, sum, summarize } from './aggregates.ts'
import type {
  Aggregator,
  KGroupedStream,
  KTable,
  SessionAggregator,
  SessionWindowedKStream,
  WindowStoreOptions,
} from './api.ts'
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
  const options = { name, store, emit, retentionMs }
  if (step.window.type === 'session')
    return buildSessions(grouped.windowedBy(step.window), step, options, scope)
  const windowed = grouped.windowedBy(step.window)
  if (step.op === 'count') return windowed.count(options) as AnyTable
  if (step.op === 'reduce') return windowed.reduce(scope.adder(step.add), options) as AnyTable
  return windowed.aggregate(aggregatorOf(step, scope), options) as AnyTable
}

function buildSessions(
  sessions: SessionWindowedKStream<unknown, unknown>,
  step: AggregationStep,
  options: WindowStoreOptions,
  scope: PlanScope,
): AnyTable {
  if (step.op === 'count') return sessions.count(options) as AnyTable
  if (step.op === 'reduce') return sessions.reduce(scope.adder(step.add), options) as AnyTable
  // What has no merge is refused by the grouping.
  return sessions.aggregate(aggregatorOf(step, scope) as SessionFunctions, options) as AnyTable
}

type SessionFunctions = SessionAggregator<unknown, unknown, unknown, unknown>

function aggregatorOf(
  step: AggregationStep & { readonly op: 'summarize' | 'aggregate' },
  scope: PlanScope,
): Aggregator<unknown, unknown, unknown, unknown> | SessionFunctions {
  if (step.op === 'aggregate') {
    const { init, merge } = step
    const functions = { init: () => init, add: scope.adder(step.add) }
    return merge === undefined ? functions : { ...functions, merge: scope.joiner(merge) }
  }
  const figures: Record<string, Summary<unknown, unknown, unknown>> = {}
  for (const { fn, expr, as } of step.functions) figures[as] = figureOf(fn, expr, scope)
  return summarize(figures) as SessionFunctions
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

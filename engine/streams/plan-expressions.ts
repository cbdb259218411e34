import { MillraceError } from '../base/errors.ts'
import type { StreamRecord } from './api.ts'
import type { Expression } from './plan.ts'

type Compile = (text: string, names: readonly string[]) => (...values: unknown[]) => unknown
type OfRecord<R> = (record: StreamRecord) => R

/** Expressions of a plan as the functions that the DSL takes. */
export interface PlanScope {
  ofRecord(expr: Expression): OfRecord<unknown>
  pair(expr: Expression): OfRecord<readonly [unknown, unknown]>
  pairs(expr: Expression): OfRecord<Iterable<readonly [unknown, unknown]>>
  values(expr: Expression): OfRecord<Iterable<unknown>>
  ofRow(expr: Expression): (value: unknown, key: unknown) => unknown
  rowPair(expr: Expression): (value: unknown, key: unknown) => readonly [unknown, unknown]
  adder(expr: Expression): (aggregate: unknown, value: unknown, key: unknown) => unknown
  joiner(expr: Expression): (left: unknown, right: unknown, key: unknown) => unknown
  timestamp(expr: Expression): (key: unknown, value: unknown, recordTimestampMs: number) => number
  partitioner(expr: Expression): (record: StreamRecord, partitions: number) => number
}

const recordNames = ['key', 'value', 'timestamp', 'headers'] as const

export function planExpressions(compile: Compile): PlanScope {
  const ofRecord = (expr: Expression): OfRecord<unknown> => {
    const fn = compile(expr, recordNames)
    return ({ key, value, timestampMs, headers }) => fn(key, value, timestampMs, headers)
  }
  return {
    ofRecord,
    pair(expr) {
      const fn = ofRecord(expr)
      return (record) => asPair(fn(record))
    },
    pairs(expr) {
      const fn = ofRecord(expr)
      return (record) => asList(fn(record)).map(asPair)
    },
    values(expr) {
      const fn = ofRecord(expr)
      return (record) => asList(fn(record))
    },
    ofRow(expr) {
      const fn = compile(expr, ['key', 'value'])
      return (value, key) => fn(key, value)
    },
    rowPair(expr) {
      const fn = compile(expr, ['key', 'value'])
      return (value, key) => asPair(fn(key, value))
    },
    adder(expr) {
      const fn = compile(expr, ['aggregate', 'value', 'key'])
      return (aggregate, value, key) => fn(aggregate, value, key)
    },
    joiner(expr) {
      const fn = compile(expr, ['key', 'left', 'right'])
      return (left, right, key) => fn(key, left, right)
    },
    timestamp(expr) {
      const fn = compile(expr, recordNames.slice(0, 3))
      return (key, value, recordTimestampMs) => timestampOf(fn(key, value, recordTimestampMs))
    },
    partitioner(expr) {
      const fn = compile(expr, [...recordNames, 'partitions'])
      return ({ key, value, timestampMs, headers }, partitions) =>
        asPartition(fn(key, value, timestampMs, headers, partitions), partitions)
    },
  }
}

/** Numbers are milliseconds; texts and dates are read as JavaScript reads them. */
function timestampOf(result: unknown): number {
  if (typeof result === 'string') return Date.parse(result)
  if (result instanceof Date) return result.getTime()
  return typeof result === 'number' ? result : Number.NaN
}

/** Any whole number will do: it wraps around. */
function asPartition(result: unknown, partitions: number): number {
  if (typeof result === 'number' && Number.isInteger(result)) {
    return ((result % partitions) + partitions) % partitions
  }
  throw wrongResult(result, 'a whole number for the partition')
}

function asPair(result: unknown): readonly [unknown, unknown] {
  if (Array.isArray(result) && result.length === 2) return [result[0], result[1]]
  throw wrongResult(result, 'a pair [key, value]')
}

function asList(result: unknown): readonly unknown[] {
  if (Array.isArray(result)) return result
  throw wrongResult(result, 'a list')
}

function wrongResult(result: unknown, wanted: string): MillraceError {
  const got = JSON.stringify(result) ?? String(result)
  return new MillraceError({
    code: 'WRONG_RESULT',
    what: `the expression gave ${got.length > 60 ? `${got.slice(0, 57)}…` : got} where ${wanted} is needed`,
    remedy: `let it give ${wanted}`,
  })
}

/** Ready aggregates of one pass: `summarize({flights: count(), delay: avg((flight) => flight.delay)})`. */
import type { SessionAggregator } from './api.ts'

/** One named figure: what is kept between records, and what is shown of it. State must survive JSON. */
export interface Summary<V, S, R> {
  readonly init: S
  add(state: S, value: V, key: unknown): S
  /** One state of two sessions' states. */
  merge(left: S, right: S): S
  result(state: S): R
}

type Pick<V, R> = (value: V, key: unknown) => R

/** How many records there were, whatever their values. */
export function count(): Summary<unknown, number, number> {
  return {
    init: 0,
    add: (state) => state + 1,
    merge: (left, right) => left + right,
    result: (state) => state,
  }
}

/** The sum of what is a finite number; 0 without any. */
export function sum<V>(pick: Pick<V, unknown>): Summary<V, number, number> {
  return {
    init: 0,
    add: (state, value, key) => state + (finite(pick(value, key)) ?? 0),
    merge: (left, right) => left + right,
    result: (state) => state,
  }
}

/** The mean of what is a finite number; null without any. */
export function avg<V>(pick: Pick<V, unknown>): Summary<V, readonly [number, number], number | null> {
  return {
    init: [0, 0],
    add(state, value, key) {
      const number = finite(pick(value, key))
      return number === undefined ? state : [state[0] + number, state[1] + 1]
    },
    merge: (left, right) => [left[0] + right[0], left[1] + right[1]],
    result: ([total, times]) => (times === 0 ? null : total / times),
  }
}

/** The least of what is a finite number; null without any. */
export function min<V>(pick: Pick<V, unknown>): Summary<V, number | null, number | null> {
  return extreme(pick, (candidate, state) => candidate < state)
}

/** The largest of what is a finite number; null without any. */
export function max<V>(pick: Pick<V, unknown>): Summary<V, number | null, number | null> {
  return extreme(pick, (candidate, state) => candidate > state)
}

function extreme<V>(
  pick: Pick<V, unknown>,
  better: (candidate: number, state: number) => boolean,
): Summary<V, number | null, number | null> {
  return {
    init: null,
    add(state, value, key) {
      const number = finite(pick(value, key))
      if (number === undefined) return state
      return state === null || better(number, state) ? number : state
    },
    merge(left, right) {
      if (left === null || right === null) return left ?? right
      return better(right, left) ? right : left
    },
    result: (state) => state,
  }
}

function finite(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined
}

/** A summary whatever its state is. */
interface AnySummary<V> {
  readonly init: unknown
  add(state: never, value: V, key: unknown): unknown
  merge(left: never, right: never): unknown
  result(state: never): unknown
}
type StateOf<T> = T extends { readonly init: infer S } ? S : never
type ResultOf<T> = T extends { result(state: never): infer R } ? R : never

/** Several figures kept together, as one object with their names. */
export function summarize<V, F extends Readonly<Record<string, AnySummary<V>>>>(
  figures: F & Readonly<Record<string, AnySummary<V>>>,
): SessionAggregator<unknown, V, { [N in keyof F]: StateOf<F[N]> }, { [N in keyof F]: ResultOf<F[N]> }>
export function summarize(
  figures: Readonly<Record<string, Summary<unknown, unknown, unknown>>>,
): SessionAggregator<unknown, unknown, Readonly<Record<string, unknown>>, Readonly<Record<string, unknown>>> {
  const entries = Object.entries(figures)
  return {
    init: () => Object.fromEntries(entries.map(([name, figure]) => [name, figure.init])),
    add(state, value, key) {
      const next: Record<string, unknown> = {}
      for (const [name, figure] of entries) next[name] = figure.add(state[name], value, key)
      return next
    },
    merge(left, right) {
      const merged: Record<string, unknown> = {}
      for (const [name, figure] of entries) merged[name] = figure.merge(left[name], right[name])
      return merged
    },
    result(state) {
      const shown: Record<string, unknown> = {}
      for (const [name, figure] of entries) shown[name] = figure.result(state[name])
      return shown
    },
  }
}

import type { SessionAggregator } from './api.ts'

/** Every record counts as one. */
export const counter: SessionAggregator<unknown, unknown, unknown, unknown> = {
  init: () => 0,
  add: (aggregate) => (aggregate as number) + 1,
  merge: (left, right) => (left as number) + (right as number),
}

/** The first value is taken as it is. */
export function reducer<K, V>(
  add: (aggregate: V, value: V, key: K) => V,
): SessionAggregator<K, V, V | null, V | null> {
  return {
    init: () => null,
    add: (aggregate, value, key) => (aggregate === null ? value : add(aggregate, value, key)),
    merge: (left, right, key) => {
      if (left === null) return right
      return right === null ? left : add(left, right, key)
    },
  }
}

/** What must hold, by the numbers that the sources' comments use. */
export const invariants: Readonly<Record<number, string>> = {
  1: 'acknowledged records survive',
  2: 'one value per offset, on every replica',
  3: 'the high watermark, and what consumers may read',
  4: 'one leader per epoch',
  5: 'truncation never goes below committed data',
  6: 'in-sync sets and elections',
  7: 'idempotence: no duplicate, no gap',
  8: 'transactions',
  9: 'committed offsets and owners of partitions',
  10: 'replaying gives the same state',
  11: 'everything converges',
}

export function nameOf(invariant: number): string {
  return `${invariant} (${invariants[invariant] ?? 'unknown'})`
}

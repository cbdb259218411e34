import type { Serde } from '../api.ts'

export type ChangeSink = (key: Uint8Array, value: Uint8Array | null, timestampMs: number) => void

/** State of one step in one task. Rows live as values; bytes are made when changes are drained for the changelog. */
export interface StateStore {
  readonly name: string
  /**
   * Gives every row changed since the last call, with its latest state only, and forgets that it changed: the changelog gets
   * one record per changed row and commit.
   */
  drainChanges(emit: ChangeSink): void
  /** One record of the changelog, in its order. */
  restore(key: Uint8Array, value: Uint8Array | null, timestampMs: number): void
  /** Of stores on disk: writes what was drained or restored. */
  flush?(): Promise<void>
  /** What is visible, in order of key, then of window. */
  rows(): Iterable<StoreRow>
}

export interface StoreRow {
  readonly key: unknown
  readonly value: unknown
  readonly timestampMs: number | undefined
  readonly windowStartMs?: number
  readonly windowEndMs?: number
}

export interface StoreSerdes {
  readonly key: Serde<unknown>
  readonly value: Serde<unknown>
}

export function serializeNullable(serde: Serde<unknown>, value: unknown): Uint8Array | null {
  return value === null || value === undefined ? null : serde.serialize(value)
}

/** Orders rows by their keys' bytes, making each key's bytes once. */
export function sortedByKey<T extends { readonly key: unknown }>(
  rows: Iterable<T>,
  serde: Serde<unknown>,
): T[] {
  const keyed = Array.from(rows, (row) => ({ row, bytes: serde.serialize(row.key) }))
  keyed.sort((a, b) => Buffer.compare(a.bytes, b.bytes))
  return keyed.map(({ row }) => row)
}

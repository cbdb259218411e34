import { documentVersion } from './document.ts'

/** A document of version n − 1 as one of version n, on plain JSON: types of old versions are not kept. */
export type Migration = (document: Readonly<Record<string, unknown>>) => Readonly<Record<string, unknown>>

/** By the version that they lead to. Version 1 is the first. */
export const migrations: Readonly<Record<number, Migration>> = {}

/**
 * The document as one of this version. `table` and `target` are those of this program except in tests.
 * @returns the versions that were passed through, for the note that the file will be saved in a newer form
 */
export function migrate(
  document: Readonly<Record<string, unknown>>,
  from: number,
  table: Readonly<Record<number, Migration>> = migrations,
  target: number = documentVersion,
): { readonly document: Readonly<Record<string, unknown>>; readonly steps: readonly number[] } {
  let current = document
  const steps: number[] = []
  for (let version = from + 1; version <= target; version++) {
    const step = table[version]
    if (!step) continue
    current = { ...step(current), version }
    steps.push(version)
  }
  return { document: current, steps }
}

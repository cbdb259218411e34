/** The format of the golden cases: a topology, steps, and what the oracle gave for them. */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

interface CaseFile {
  readonly oracle: string
  readonly group: string
  readonly cases: readonly Case[]
}

export interface Case {
  readonly id: string
  readonly group: string
  readonly why: string
  /** An accident of the oracle. */
  readonly quirk?: string
  readonly topology: readonly CaseOp[]
  readonly steps: readonly CaseStep[]
  readonly expectedStores?: Readonly<Record<string, readonly CaseRow[]>>
  readonly expectedDropped?: number
}

/** An operator; which other fields there are depends on `op`. */
export interface CaseOp {
  readonly id: string
  readonly op: string
  readonly [field: string]: unknown
}

export interface CaseStep {
  readonly send?: CaseRecord
  readonly advanceWallClockMs?: number
  readonly expected?: readonly CaseRecord[]
  readonly expectedError?: string
}

export interface CaseRecord {
  readonly topic: string
  readonly key: unknown
  readonly value: unknown
  readonly timestampMs: number
  readonly headers?: readonly (readonly [string, string])[]
}

export interface CaseRow {
  readonly key: unknown
  readonly value: unknown
  readonly timestampMs?: number
  readonly windowStartMs?: number
  readonly windowEndMs?: number
}

/** Every case of every file in the folder, in order of file name. */
export async function readCases(folder: string): Promise<Case[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.json')).sort()
  const files = await Promise.all(
    names.map(async (name) => JSON.parse(await readFile(join(folder, name), 'utf8')) as CaseFile),
  )
  return files.flatMap((file) => file.cases)
}

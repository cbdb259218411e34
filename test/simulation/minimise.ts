import type { Violation } from './checks/findings.ts'
import { type LoadName, loadNames } from './loads/loads.ts'
import { runSeed, type SeedOptions, type SeedResult } from './run-seed.ts'

export interface Minimised {
  readonly options: SeedOptions
  readonly result: SeedResult
  /** Runs that it took. */
  readonly runs: number
}

const runsMax = 40

/**
 * The same seed with less: fewer kinds of clients, less time, fewer faults, as long as the same invariant is violated. What is
 * left out draws no other lots for the rest, so that a smaller run is mostly a part of the larger one.
 */
export async function minimise(options: SeedOptions, found: SeedResult): Promise<Minimised> {
  const wanted = new Set(found.violations.map(({ invariant }) => invariant))
  let best: SeedOptions = { ...options, trace: undefined, tell: undefined }
  let result = found
  let runs = 0
  const tryWith = async (change: Partial<SeedOptions>): Promise<boolean> => {
    if (runs >= runsMax) return false
    runs++
    const smaller = { ...best, ...change }
    const again = await runSeed(smaller)
    if (!again.violations.some(({ invariant }) => wanted.has(invariant))) return false
    best = smaller
    result = again
    return true
  }
  let loads = new Set<LoadName>(options.loads ?? loadNames)
  for (const name of loadNames) {
    const without = new Set([...loads].filter((each) => each !== name))
    if (loads.has(name) && without.size > 0 && (await tryWith({ loads: without }))) loads = without
  }
  for (let durationMs = best.durationMs ?? 6000; durationMs > 400; ) {
    durationMs = Math.round(durationMs * 0.7)
    if (!(await tryWith({ durationMs, loads }))) break
  }
  const skipped = new Set(options.skippedFaults)
  // Halves first, then one after the other.
  for (
    let size = Math.ceil(result.faultIndexes.length / 2);
    size >= 1;
    size = size === 1 ? 0 : Math.ceil(size / 2)
  ) {
    const left = result.faultIndexes.filter((index) => !skipped.has(index))
    for (let i = 0; i < left.length; i += size) {
      const more = new Set([...skipped, ...left.slice(i, i + size)])
      if (await tryWith({ skippedFaults: more })) for (const index of more) skipped.add(index)
    }
  }
  return { options: best, result, runs }
}

/** The run once more, as people read it: what failed, what clients did, what brokers said of it. */
export async function transcriptOf(options: SeedOptions, linesMax: number): Promise<string[]> {
  const lines: string[] = []
  const { violations } = await runSeed({ ...options, tell: (line) => lines.push(line) })
  const cut = lines.length - linesMax
  const shown = cut > 0 ? [`… ${cut} lines before`, ...lines.slice(cut)] : lines
  return [...shown, ...violations.map(describeViolation)]
}

export function describeViolation({ invariant, text }: Violation): string {
  return `VIOLATED: invariant ${invariant}: ${text}`
}

/**
 * `npm run simulate -- --seeds N [--from S]` runs many seeds; `-- --seed S --trace` replays one, every event of it.
 * `--duration` is the virtual time under faults in milliseconds.
 * Exit status 1 when an invariant was violated.
 */
import { parseArgs } from 'node:util'
import { allFaults, runSeed, type SeedResult } from './run-seed.ts'

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '20' },
    from: { type: 'string', default: '1' },
    seed: { type: 'string' },
    /** Virtual milliseconds under faults. */
    duration: { type: 'string', default: '6000' },
    trace: { type: 'boolean', default: false },
  },
})

const first = Number(values.seed ?? values.from)
const count = values.seed === undefined ? Number(values.seeds) : 1
const startedMs = performance.now()
const results: SeedResult[] = []
for (let seed = first; seed < first + count; seed++) {
  const result = await runSeed({
    seed,
    durationMs: Number(values.duration),
    trace: values.trace ? (line) => console.log(line) : undefined,
  })
  results.push(result)
  for (const { invariant, text } of result.violations) {
    console.log(`seed ${seed}: invariant ${invariant}: ${text}`)
  }
  if (result.violations.length > 0)
    console.log(`replay it: npm run simulate -- --seed ${seed} --duration ${values.duration} --trace`)
}

const minutes = (performance.now() - startedMs) / 60_000
const total = (pick: (result: SeedResult) => number) => results.reduce((sum, result) => sum + pick(result), 0)
const faults = allFaults.map((kind) => `${kind} ${total((result) => result.faults[kind] ?? 0)}`)
console.log(
  `${count} seeds from ${first}, ${(count / minutes).toFixed(0)} a minute, ${total((r) => r.events)} events`,
)
console.log(
  `records sent ${total((r) => r.sent)}, acknowledged ${total((r) => r.acknowledged)}, checks ${total((r) => r.checks)}`,
)
const outcomes = ['committed', 'aborted', 'unknown'].map((outcome) => {
  return `${total((result) => result.transactions[outcome] ?? 0)} ${outcome}`
})
console.log(`transactions: ${outcomes.join(', ')}; zombies refused ${total((result) => result.zombies)}`)
const operations = [...new Set(results.flatMap(({ administration }) => Object.keys(administration)))].sort()
const administration = operations.map(
  (kind) => `${kind} ${total((result) => result.administration[kind] ?? 0)}`,
)
console.log(`administration: ${administration.join(', ')}`)
console.log(`faults: ${faults.join(', ')}`)
const failed = results.filter(({ violations }) => violations.length > 0)
console.log(`${count - failed.length} passed, ${failed.length} failed`)
process.exitCode = failed.length === 0 ? 0 : 1

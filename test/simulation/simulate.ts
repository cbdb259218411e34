/**
 * `npm run simulate -- --seeds N [--from S]` runs many seeds; `-- --seed S --trace` replays one, every event of it, `--tell`
 * what people can follow. `--duration` is the virtual time under faults in milliseconds, `--loads` and `--skip` leave clients and
 * faults out, as minimising says. Exit status 1 when an invariant was violated, or when over so many seeds that it should have
 * (`--seeds` 30 and more) a kind of operation or fault did not happen or a checker had nothing to check.
 */
import { parseArgs } from 'node:util'
import { invariants, nameOf } from './invariants.ts'
import type { LoadName } from './loads/loads.ts'
import { describeViolation, minimise, transcriptOf } from './minimise.ts'
import { allFaults, runSeed, type SeedOptions, type SeedResult, sum } from './run-seed.ts'

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '20' },
    from: { type: 'string', default: '1' },
    seed: { type: 'string' },
    duration: { type: 'string', default: '6000' },
    loads: { type: 'string' },
    skip: { type: 'string' },
    trace: { type: 'boolean', default: false },
    tell: { type: 'boolean', default: false },
    /** A line of JSON per seed, and nothing else. */
    json: { type: 'boolean', default: false },
  },
})

/** Below so many seeds something rare may not have happened. */
const completeFrom = 30
const minimisedMax = 3
const transcriptLinesMax = 120
const expectedOperations = [
  ...[
    'produce',
    'produce in flight',
    'send again',
    'set key',
    'delete key',
    'produce short-lived',
    'expired',
  ],
  ...['transaction committed', 'transaction aborted', 'zombie refused', 'read committed'],
  ...['assignment', 'poll', 'commit', 'commit late', 'commit alone', 'leave group', 'member dies'],
  ...['create', 'grow', 'configure', 'delete', 'elect', 'reassign'],
]
const expectedFaults = [...allFaults, 'late marker', 'late fetch', 'log directory offline', 'damage found']

const first = Number(values.seed ?? values.from)
const count = values.seed === undefined ? Number(values.seeds) : 1
const print = (line: string) => console.log(line)
const startedMs = performance.now()
const results: SeedResult[] = []
let minimised = 0
for (let seed = first; seed < first + count; seed++) {
  const options: SeedOptions = {
    seed,
    durationMs: Number(values.duration),
    loads: values.loads === undefined ? undefined : new Set(values.loads.split(',') as LoadName[]),
    skippedFaults: values.skip === undefined ? undefined : new Set(values.skip.split(',').map(Number)),
  }
  const result = await runSeed({
    ...options,
    trace: values.trace ? print : undefined,
    tell: values.tell ? print : undefined,
  })
  results.push(result)
  if (values.json) {
    print(JSON.stringify({ seed, violations: result.violations }))
    continue
  }
  for (const violation of result.violations) print(`seed ${seed}: ${describeViolation(violation)}`)
  if (result.violations.length > 0 && minimised++ < minimisedMax && !values.trace && !values.tell) {
    await explain(options, result)
  }
}
if (!values.json) summarise((performance.now() - startedMs) / 60_000)
process.exitCode = results.some(({ violations }) => violations.length > 0) ? 1 : process.exitCode

async function explain(options: SeedOptions, found: SeedResult): Promise<void> {
  const smallest = await minimise(options, found)
  const { loads, skippedFaults, durationMs, seed } = smallest.options
  const { result } = smallest
  print(
    `minimised in ${smallest.runs} runs to ${sum(result.operations)} operations and ${sum(result.faults)} faults:`,
  )
  for (const line of await transcriptOf(smallest.options, transcriptLinesMax)) print(`  ${line}`)
  const parts = [
    `--seed ${seed} --duration ${durationMs}`,
    loads ? `--loads ${[...loads].join(',')}` : '',
    skippedFaults ? `--skip ${[...skippedFaults].join(',')}` : '',
  ]
  print(`replay it: npm run simulate -- ${parts.filter((part) => part !== '').join(' ')} --tell`)
}

function summarise(minutes: number): void {
  const operations = totals(({ operations }) => operations, expectedOperations)
  const faults = totals(({ faults }) => faults, expectedFaults)
  const checked = totals(({ checked }) => checked, Object.keys(invariants))
  const leastOperations = Math.min(...results.map((result) => sum(result.operations)))
  const leastFaults = Math.min(...results.map((result) => result.faultIndexes.length))
  print(`${count} seeds from ${first}, ${(count / minutes).toFixed(0)} a minute`)
  print(`operations, at least ${leastOperations} a seed: ${listed(operations)}`)
  print(`faults, at least ${leastFaults} a seed: ${listed(faults)}`)
  print(
    `checks by invariant: ${[...checked].map(([number, n]) => `${nameOf(Number(number))} ${n}`).join(', ')}`,
  )
  const failed = results.filter(({ violations }) => violations.length > 0)
  print(`${count - failed.length} passed, ${failed.length} failed`)
  const missing = [...operations, ...faults, ...checked].filter(([, n]) => n === 0).map(([kind]) => kind)
  if (missing.length === 0 || count < completeFrom) return
  print(`never: ${missing.join(', ')}`)
  process.exitCode = 1
}

/** Of what is expected, and of whatever else there was. */
function totals(
  pick: (result: SeedResult) => Readonly<Record<string, number>>,
  expected: readonly string[],
): Map<string, number> {
  const all = new Map(expected.map((kind) => [kind, 0]))
  for (const result of results) {
    for (const [kind, n] of Object.entries(pick(result))) all.set(kind, (all.get(kind) ?? 0) + n)
  }
  return all
}

function listed(counts: ReadonlyMap<string, number>): string {
  return [...counts].map(([kind, n]) => `${kind} ${n}`).join(', ')
}

/**
 * `npm run simulate:bugs [-- --seeds N] [--seeds-max M] [--from S] [--only NAME,…]`: plants one mistake after the other into
 * a copy of the sources and lets the simulator look for it, over N seeds and, while it has not been caught, up to M.
 * Exit status 1 when one is not caught, does not apply any more, or when something is found without any.
 */
import { execFile } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import path from 'node:path'
import { parseArgs, promisify } from 'node:util'
import { nameOf } from './invariants.ts'
import { type PlantedBug, plant, readBugs } from './planted-bug.ts'

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '4' },
    'seeds-max': { type: 'string', default: '60' },
    duration: { type: 'string', default: '4000' },
    from: { type: 'string', default: '1' },
    only: { type: 'string' },
  },
})
const seeds = Number(values.seeds)
const seedsMax = Math.max(seeds, Number(values['seeds-max']))
const from = Number(values.from)
/** A mistake may let a seed run for ever. */
const seedWallMsMax = 60_000
const checkout = path.resolve(import.meta.dirname, '../..')

interface Line {
  readonly seed: number
  readonly violations: readonly { readonly invariant: number; readonly text: string }[]
}

interface Outcome {
  readonly name: string
  readonly isAsWanted: boolean
  readonly text: string
}

function copySources(): string {
  const root = mkdtempSync(path.join(tmpdir(), 'planted-'))
  for (const name of ['engine', 'test/simulation', 'package.json']) {
    cpSync(path.join(checkout, name), path.join(root, name), { recursive: true })
  }
  symlinkSync(path.join(checkout, 'node_modules'), path.join(root, 'node_modules'))
  return root
}

async function simulate(root: string, first: number, count: number): Promise<Line[]> {
  const script = path.join(root, 'test/simulation/simulate.ts')
  const args = [script, '--json', '--seeds', String(count), '--from', String(first)]
  args.push('--duration', values.duration)
  const options = { timeout: seedWallMsMax * count, maxBuffer: 64 * 1024 * 1024 }
  const { stdout } = await promisify(execFile)(process.execPath, args, options).catch((failed) => {
    // Violations give status 1; whatever else ends the process early shows in the seeds that lack a line.
    return { stdout: String(failed.stdout) }
  })
  const lines = stdout.split('\n').filter((line) => line.startsWith('{'))
  const found = lines.map((line) => JSON.parse(line) as Line)
  const seed = first + found.length
  if (found.length === count) return found
  return [...found, { seed, violations: [{ invariant: 11, text: `seed ${seed} came to no end` }] }]
}

async function lookFor(bug: PlantedBug | undefined, root: string): Promise<Line[]> {
  const lines: Line[] = []
  const isCaught = () => lines.some(({ violations }) => violations.length > 0)
  while (lines.length < (bug ? seedsMax : seeds) && (lines.length < seeds || !isCaught())) {
    lines.push(...(await simulate(root, from + lines.length, Math.min(seeds, seedsMax - lines.length))))
  }
  return lines
}

function describe(lines: readonly Line[]): string {
  const caught = lines.filter(({ violations }) => violations.length > 0)
  if (caught.length === 0) return `not caught in ${lines.length} seeds`
  const counts = new Map<number, number>()
  for (const { violations } of caught) {
    for (const invariant of new Set(violations.map((each) => each.invariant)))
      counts.set(invariant, (counts.get(invariant) ?? 0) + 1)
  }
  const by = [...counts].sort((a, b) => b[1] - a[1]).map(([invariant, n]) => `${nameOf(invariant)} ${n}×`)
  const [first] = caught
  const example = `seed ${first!.seed}: ${first!.violations[0]!.text.slice(0, 160)}`
  return `caught in ${caught.length} of ${lines.length} seeds by ${by.join(', ')}\n    ${example}`
}

async function tryOut(bug: PlantedBug | undefined, root: string): Promise<Outcome> {
  const name = bug?.name ?? 'nothing planted'
  let restore = () => {}
  try {
    if (bug) restore = plant(bug, root)
  } catch (thrown) {
    return { name, isAsWanted: false, text: String(thrown) }
  }
  const lines = await lookFor(bug, root)
  restore()
  const isCaught = lines.some(({ violations }) => violations.length > 0)
  const text = bug || isCaught ? describe(lines) : `no violation in ${lines.length} seeds`
  return { name, isAsWanted: isCaught === (bug !== undefined), text }
}

const all = readBugs(path.join(import.meta.dirname, 'bugs'))
const chosen =
  values.only === undefined
    ? all
    : all.filter(({ name }) => values.only!.split(',').some((part) => name.includes(part)))
const waiting: (PlantedBug | undefined)[] = [...(values.only === undefined ? [undefined] : []), ...chosen]
const outcomes: Outcome[] = []

async function work(): Promise<void> {
  const root = copySources()
  try {
    while (waiting.length > 0) {
      const bug = waiting.shift()
      const outcome = await tryOut(bug, root)
      outcomes.push(outcome)
      console.log(`${outcome.isAsWanted ? '✓' : '✗'} ${outcome.name}: ${outcome.text}`)
    }
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
}

await Promise.all(Array.from({ length: Math.min(availableParallelism(), 4) }, work))
const bugs = new Set(chosen.map(({ name }) => name))
const caught = outcomes.filter(({ name, isAsWanted }) => isAsWanted && bugs.has(name))
console.log(`${caught.length} of ${chosen.length}`)
process.exitCode = outcomes.every(({ isAsWanted }) => isAsWanted) ? 0 : 1

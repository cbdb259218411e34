/**
 * `npm run fuzz` sends malformed frames to our decoders and to a live broker. `-- --frames N` says how many to each,
 * `--seed S` which, `--only decoders|broker`; `--from I --frames 1` with the seed replays a frame.
 * Exit status 1 when anything but a clean refusal came of one.
 */
import { parseArgs } from 'node:util'
import { fuzzedTopics } from './broker-process.ts'
import { fuzzBroker } from './fuzz-broker.ts'
import { fuzzDecoders } from './fuzz-decoders.ts'
import { FrameMaker, frameKinds } from './malformed-frames.ts'

const shownMax = 10
/** So many frames hold every kind. */
const framesForAllKinds = 20_000

const { values } = parseArgs({
  options: {
    frames: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: String(Date.now()) },
    from: { type: 'string', default: '0' },
    only: { type: 'string' },
  },
})

const frames = Number(values.frames)
const from = Number(values.from)
const { seed } = values
const maker = new FrameMaker(seed, fuzzedTopics)
const failures: string[] = []
console.log(`seed ${seed}, frames ${from} to ${from + frames - 1}`)

if (values.only !== 'broker') {
  const run = await fuzzDecoders(maker, seed, from, frames)
  report('decoders', run)
}
if (values.only !== 'decoders') {
  const run = await fuzzBroker(maker, from, frames)
  report('broker', run)
  const { memory, witnessRecords, witnessSlowestMs } = run
  console.log(`  memory kept, after each part: ${memory.map((one) => mib(one.keptBytes)).join(', ')}`)
  console.log(`  resident: ${memory.map((one) => mib(one.residentBytes)).join(', ')}`)
  console.log(
    `  another client meanwhile: ${witnessRecords} records written and read, the slowest in ${witnessSlowestMs.toFixed(0)} ms`,
  )
}

for (const failure of failures.slice(0, shownMax)) console.log(failure)
if (failures.length > 0) {
  console.log(
    `${failures.length} failures; replay one: npm run fuzz -- --seed ${seed} --from FRAME --frames 1`,
  )
}
console.log(failures.length === 0 ? '1 passed, 0 failed' : '0 passed, 1 failed')
process.exitCode = failures.length === 0 ? 0 : 1

interface Run {
  readonly frames: number
  readonly kinds: Readonly<Record<string, number>>
  readonly outcomes: Readonly<Record<string, number>>
  readonly failures: readonly string[]
  readonly elapsedMs: number
}

function report(name: string, run: Run): void {
  const perMinute = (run.frames / run.elapsedMs) * 60_000
  console.log(`${name}: ${run.frames} frames, ${perMinute.toFixed(0)} a minute`)
  console.log(`  kinds: ${counts(run.kinds)}`)
  console.log(`  outcomes: ${counts(run.outcomes)}`)
  failures.push(...run.failures.map((failure) => `${name}: ${failure}`))
  const missing = frameKinds.filter((kind) => run.kinds[kind] === undefined)
  if (frames >= framesForAllKinds && missing.length > 0)
    failures.push(`${name}: no frame of kind ${missing.join(', ')}`)
}

function counts(by: Readonly<Record<string, number>>): string {
  return Object.entries(by)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ')
}

function mib(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(0)} MiB`
}

/**
 * Produce and consume through kcat (librdkafka), ours against Apache Kafka: three nodes each, RF 3, acks all, both up in
 * one run, sides alternating. Prints medians and spread, and the ratio ours / Kafka.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { startApacheKafka } from '../interop/apache-kafka.ts'
import { startMillraceBroker } from '../interop/millrace-broker.ts'
import { series, short, spread } from './statistics.ts'

const repetitions = 5
const partitions = 6
/** Many enough that kcat's own half seconds (connecting, end of partition) do not hide the brokers. */
const cases = [
  { name: '100 B', bytes: 100, records: 3_000_000 },
  { name: '1 KiB', bytes: 1024, records: 500_000 },
]
const largeFetches = ['-X', 'fetch.message.max.bytes=8388608', '-X', 'queued.min.messages=1000000']
const goals = { produce: 1.0, consume: 0.7 }

interface Side {
  readonly name: 'Millrace' | 'Apache Kafka'
  readonly bootstrap: string
  stop(): Promise<void>
}

type Figures = Record<Side['name'], { produce: number[]; consume: number[] }>

const folder = await mkdtemp(path.join(tmpdir(), 'millrace-bench-'))
const sides: Side[] = []
let missed = 0
try {
  const ours = await startMillraceBroker({ brokers: 3 })
  sides.push({ name: 'Millrace', bootstrap: ours.bootstrap, stop: () => ours.stop() })
  const kafka = await startApacheKafka({ nodes: 3, heapMiB: 1024 })
  sides.push({ name: 'Apache Kafka', bootstrap: kafka.bootstrap.join(','), stop: () => kafka.stop() })
  for (const one of cases) missed += report(one.name, await measure(one))
} finally {
  await Promise.all(sides.map((side) => side.stop()))
  await rm(folder, { recursive: true, force: true })
}
process.exitCode = missed === 0 ? 0 : 1

async function measure({ bytes, records }: { bytes: number; records: number }): Promise<Figures> {
  const input = path.join(folder, `records-${bytes}`)
  await writeRecords(input, bytes, records)
  const figures: Figures = {
    Millrace: { produce: [], consume: [] },
    'Apache Kafka': { produce: [], consume: [] },
  }
  // One round more than counted, first: JIT compilers and page cache warm up on both sides.
  for (let round = 0; round <= repetitions; round++) {
    const order = round % 2 === 0 ? sides : [...sides].reverse()
    for (const side of order) {
      const topic = `bench-${bytes}-${round}`
      await createTopic(side, topic)
      const produce =
        records /
        (await kcat([
          '-P',
          '-b',
          side.bootstrap,
          '-t',
          topic,
          '-X',
          'acks=all',
          '-X',
          'linger.ms=5',
          '-l',
          input,
        ]))
      const consumed = await kcat(
        ['-C', '-b', side.bootstrap, '-t', topic, '-o', 'beginning', '-e', '-q', ...largeFetches],
        records * (bytes + 1),
      )
      if (round === 0) continue
      figures[side.name].produce.push(produce)
      figures[side.name].consume.push(records / consumed)
    }
  }
  return figures
}

function report(name: string, figures: Figures): number {
  let below = 0
  for (const what of ['produce', 'consume'] as const) {
    const ours = series(figures.Millrace[what])
    const theirs = series(figures['Apache Kafka'][what])
    const ratio = ours.median / theirs.median
    if (ratio < goals[what]) below++
    process.stdout.write(
      `${what.padEnd(8)} ${name.padEnd(6)} Millrace ${spread(ours, 'records/s')}, Apache Kafka ${spread(theirs, 'records/s')}, ratio ${ratio.toFixed(2)} (goal ${short(goals[what])}) ${ratio < goals[what] ? 'BELOW' : 'ok'}\n`,
    )
  }
  return below
}

/** Lines of exactly `bytes` characters, no two alike. */
async function writeRecords(file: string, bytes: number, records: number): Promise<void> {
  const out = createWriteStream(file)
  const filler = 'the quick brown fox jumps over the lazy dog 0123456789 '.repeat(Math.ceil(bytes / 50))
  for (let first = 0; first < records; first += 1000) {
    let text = ''
    for (let n = first; n < Math.min(records, first + 1000); n++)
      text += `${`${n}:${filler}`.slice(0, bytes)}\n`
    if (!out.write(text)) await once(out, 'drain')
  }
  out.end()
  await once(out, 'finish')
}

async function createTopic(side: Side, topic: string): Promise<void> {
  const { createAdmin } = await import('../../engine/client/index.ts')
  const { createNodeEnvironment } = await import('../../engine/node/environment/index.ts')
  const admin = createAdmin(createNodeEnvironment(), { bootstrap: side.bootstrap.split(',') })
  await admin.createTopics([
    { name: topic, partitions, replicationFactor: 3, configs: { 'min.insync.replicas': '2' } },
  ])
  await admin.close()
}

/** Runs kcat; seconds it took. Counts its output when `bytesWanted` is given. */
async function kcat(args: string[], bytesWanted?: number): Promise<number> {
  const startedMs = performance.now()
  const child = spawn('kcat', args, { stdio: ['ignore', 'pipe', 'pipe'] })
  let bytes = 0
  let complaint = ''
  child.stdout.on('data', (chunk: Buffer) => {
    bytes += chunk.length
  })
  child.stderr.on('data', (chunk: Buffer) => {
    complaint += chunk
  })
  const [status] = await once(child, 'close')
  const seconds = (performance.now() - startedMs) / 1000
  if (status !== 0) throw new Error(`kcat ${args.join(' ')} ended with ${status}: ${complaint}`)
  if (bytesWanted !== undefined && bytes !== bytesWanted)
    throw new Error(`kcat read ${bytes} bytes of ${bytesWanted}`)
  return seconds
}

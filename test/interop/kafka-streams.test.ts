/** Kafka Streams, unmodified and exactly once (KIP-447), on `millrace broker`, killed and started again. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Consumer, createAdmin, createConsumer, createProducer } from '../../engine/client/index.ts'
import { createNodeEnvironment } from '../../engine/node/environment/index.ts'
import { apacheKafkaMissing, fetchJars, jarFolder } from './apache-kafka.ts'
import { type MillraceBroker, startMillraceBroker } from './millrace-broker.ts'

const environment = createNodeEnvironment({ log: { write: () => undefined } })
const missing = await apacheKafkaMissing()
const source = 'clicks'
const sink = 'counts'
const keys = 20
const windowMs = 60_000
const startMs = 1_700_000_040_000

describe.skipIf(missing !== undefined)('Kafka Streams', () => {
  let broker: MillraceBroker
  let folder: string
  const jobs = new Set<ChildProcess>()

  beforeAll(async () => {
    await fetchJars()
    folder = await mkdtemp(path.join(tmpdir(), 'millrace-kafka-streams-'))
    const args = [
      '--set',
      'broker.session.timeout.ms=3000',
      '--topic',
      `${source}:4:3`,
      '--topic',
      `${sink}:4:3`,
    ]
    broker = await startMillraceBroker({ brokers: 3, args })
  })
  afterAll(async () => {
    for (const job of jobs) job.kill('SIGKILL')
    await broker?.stop()
    if (folder) await rm(folder, { recursive: true, force: true })
  })

  /** What it says goes nowhere but into the error of a job that ended by itself. */
  const startJob = () => {
    const program = path.join(import.meta.dirname, 'java/WindowedCount.java')
    const vm = ['-Xmx256m', '-cp', `${jarFolder()}/*`, program]
    const args = [...vm, broker.bootstrap, 'windowed-count', source, sink, path.join(folder, 'state')]
    const job = spawn('java', args, { stdio: 'ignore' })
    jobs.add(job)
    return {
      isRunning: () => job.exitCode === null && job.signalCode === null,
      async kill() {
        const closed = once(job, 'close')
        job.kill('SIGKILL')
        await closed
        jobs.delete(job)
      },
    }
  }

  test('a windowed count, killed twice and once without a broker, writes each count exactly once', async () => {
    const bootstrap = broker.bootstrap.split(',')
    const reader = createConsumer(environment, {
      bootstrap,
      autoOffsetReset: 'earliest',
      isolation: 'read_committed',
    })
    reader.assign([0, 1, 2, 3].map((partition) => ({ topic: sink, partition })))
    const counts = new Counts(reader)

    const perPhase = 4000
    let job = startJob()
    await fill(bootstrap, 0, perPhase)
    await counts.readUntil(perPhase / 4)
    await job.kill()
    job = startJob()
    await fill(bootstrap, perPhase, 2 * perPhase)
    await counts.readUntil(1.25 * perPhase)
    await broker.command('kill 2')
    await counts.readUntil(1.5 * perPhase)
    await job.kill()
    await broker.command('start 2')
    job = startJob()
    await fill(bootstrap, 2 * perPhase, 3 * perPhase)
    await counts.readUntil(3 * perPhase)
    await counts.readFor(1000)
    expect(job.isRunning()).toBe(true)
    await job.kill()
    await reader.close()
    expect(counts.byWindow).toEqual(expectedCounts(3 * perPhase))
    await expectNothingOpen(bootstrap)
  })
})

/** Record `i` has the key and the time that follow from `i`: three windows in all. */
const keyOf = (index: number) => `key-${index % keys}`
const timeOf = (index: number) => startMs + Math.floor(index / 4000) * windowMs + (index % 4000)

async function fill(bootstrap: readonly string[], from: number, to: number): Promise<void> {
  const producer = createProducer(environment, { bootstrap })
  for (let index = from; index < to; index++) {
    const value = Buffer.from(String(index))
    producer.post({ topic: source, key: Buffer.from(keyOf(index)), value, timestampMs: timeOf(index) })
  }
  await producer.flush()
  await producer.close()
}

/** Of each window of each key: 1, 2, 3 … in order, none twice and none left out. */
function expectedCounts(records: number): Record<string, number[]> {
  const counts: Record<string, number[]> = {}
  for (let index = 0; index < records; index++) {
    const time = timeOf(index)
    const name = `${keyOf(index)}@${time - (time % windowMs)}`
    counts[name] ??= []
    counts[name].push(counts[name].length + 1)
  }
  return counts
}

/** What was written to the sink and committed, in order. */
class Counts {
  readonly byWindow: Record<string, number[]> = {}
  readonly #reader: Consumer
  #read = 0

  constructor(reader: Consumer) {
    this.#reader = reader
  }

  async readUntil(count: number): Promise<void> {
    const endMs = performance.now() + 120_000
    while (this.#read < count) {
      if (performance.now() > endMs) throw new Error(`${this.#read} counts instead of ${count} came in time`)
      await this.#poll()
    }
  }

  async readFor(durationMs: number): Promise<void> {
    const endMs = performance.now() + durationMs
    while (performance.now() < endMs) await this.#poll()
  }

  async #poll(): Promise<void> {
    for (const { key, value } of await this.#reader.poll(100)) {
      this.#read++
      const name = Buffer.from(key!).toString()
      this.byWindow[name] ??= []
      this.byWindow[name].push(Number(Buffer.from(value!).toString()))
    }
  }
}

/** All that is in the sink is decided: its last stable offset comes to be its end. */
async function expectNothingOpen(bootstrap: readonly string[]): Promise<void> {
  const admin = createAdmin(environment, { bootstrap })
  const partitions = [0, 1, 2, 3].map((partition) => ({ topic: sink, partition, spec: 'latest' as const }))
  const ends = async (isolation: 'read_committed' | 'read_uncommitted') =>
    (await admin.listOffsets(partitions, isolation)).map(({ offset }) => offset)
  await expect
    .poll(async () => (await ends('read_committed')).join() === (await ends('read_uncommitted')).join(), {
      timeout: 60_000,
    })
    .toBe(true)
  await admin.close()
}

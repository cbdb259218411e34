/** `millrace run --until-idle` over each sample, on a cluster of three brokers; what its sinks hold afterwards. */
import { spawn } from 'node:child_process'
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Admin, type ConsumerRecord, createAdmin, createConsumer } from '../../engine/client/index.ts'
import { EmbeddedCluster } from '../../engine/cluster/index.ts'
import { createNodeEnvironment } from '../../engine/node/environment/index.ts'
import type { PipelineDocument } from '../../engine/pipeline/index.ts'
import {
  alerts,
  type Bill,
  damageReports,
  delaysByAirport,
  harmlessStrikes,
  warmerCities,
  wildlifeCosts,
} from './expected.ts'
import { csvRows, samplesFolder } from './sample-files.ts'

const commandLine = path.resolve(import.meta.dirname, '../../engine/node/command-line/main.ts')
const environment = createNodeEnvironment({ log: { write: () => undefined } })

interface Row {
  readonly key: string
  readonly value: unknown
  readonly timestampMs: number
}

interface NodeFigures {
  readonly in: number
  readonly out: number
  readonly failed: number
  readonly dropped: number
  readonly lagRecords?: number
}

interface Summary {
  readonly reason: string
  readonly nodes: Readonly<Record<string, NodeFigures>>
}

let folder: string
let cluster: EmbeddedCluster
let admin: Admin

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'millrace-samples-'))
  cluster = await EmbeddedCluster.start(() => environment)
  admin = createAdmin(environment, { bootstrap: cluster.bootstrap })
})

afterAll(async () => {
  await admin?.close()
  await cluster?.stop()
  await rm(folder, { recursive: true, force: true })
})

describe('flight-delays', { timeout: 90_000 }, () => {
  let summary: Summary
  beforeAll(async () => {
    summary = await runSample('flight-delays')
  }, 90_000)

  test('ends idle, with every line read and nothing failed or left', () => {
    expect(summary.reason).toBe('idle')
    expect(summary.nodes.flights).toMatchObject({ in: 20_000, lagRecords: 0 })
    expect(Object.values(summary.nodes).filter(({ failed, dropped }) => failed + dropped > 0)).toEqual([])
  })

  test('the last figures of each airport and day in the topic are what the files say', async () => {
    const rows = lastOfEachKey(await rowsOf('delays-by-airport'))
    const expected = delaysByAirport()
    expect(rows.size).toBe(expected.size)
    for (const [key, { flights, avgDelay, worstDelay }] of expected) {
      const row = rows.get(key) as { flights: number; avgDelay: number; worstDelay: number }
      expect({ key, flights: row.flights, worstDelay: row.worstDelay }).toEqual({ key, flights, worstDelay })
      expect(row.avgDelay).toBeCloseTo(avgDelay, 9)
    }
  })

  test("each airport's alerts stand in the topic once, in order", async () => {
    const rows = await rowsOf('alerts')
    const byAirport = Map.groupBy(rows, ({ key }) => JSON.parse(key) as string)
    const expected = Map.groupBy(alerts(), ({ origin }) => origin)
    expect(new Set(byAirport.keys())).toEqual(new Set(expected.keys()))
    for (const [airport, written] of byAirport) {
      expect(written.map(({ value }) => value)).toEqual(expected.get(airport))
    }
  })
})

describe('two-cities', { timeout: 90_000 }, () => {
  beforeAll(() => runSample('two-cities'), 90_000)

  test.for(['seattle-warmer', 'new-york-warmer'])('%s holds each of its days once', async (topic) => {
    const byDay = (a: Row, b: Row) => a.timestampMs - b.timestampMs
    const expected = warmerCities()
      .filter((day) => day.topic === topic)
      .map(({ key, value, timestampMs }) => ({ key: JSON.stringify(key), value, timestampMs }))
    expect((await rowsOf(topic)).sort(byDay)).toEqual(expected)
  })
})

describe('wildlife-strikes', { timeout: 90_000 }, () => {
  let sample: string
  let summary: Summary
  beforeAll(async () => {
    summary = await runSample('wildlife-strikes')
    sample = path.join(folder, 'wildlife-strikes')
  }, 90_000)

  test('the file holds each report of damage once', async () => {
    const sorted = (rows: object[]) => rows.map((row) => JSON.stringify(row)).sort()
    const written = csvRows(await readFile(path.join(sample, 'out/damage.csv'), 'utf8'))
    expect(sorted(written)).toEqual(sorted(damageReports()))
    expect(summary.nodes['damage-file']).toMatchObject({ in: written.length })
  })

  test('costs by species and state are what the files and the inspections add up to', async () => {
    const inspections: Bill[] = (await rowsOf('wildlife-strikes-inspections-source')).map(
      ({ key, value }) => ({
        key: JSON.parse(key) as string,
        cost: (value as { cost: number }).cost,
      }),
    )
    expect(inspections).toHaveLength(700)
    expect(lastOfEachKey(await rowsOf('wildlife-costs'))).toEqual(wildlifeCosts(inspections))
  })

  test('harmless strikes per state and quarter are what the files say', async () => {
    expect(lastOfEachKey(await rowsOf('harmless-strikes'))).toEqual(harmlessStrikes())
  })
})

/** In a copy whose sources take no notice of their pace. */
async function runSample(name: string): Promise<Summary> {
  const copy = path.join(folder, name)
  await cp(path.join(samplesFolder, name), copy, { recursive: true })
  const file = path.join(copy, 'pipeline.json')
  const document = JSON.parse(await readFile(file, 'utf8')) as PipelineDocument
  const nodes = document.nodes.map((node) => ({ ...node, config: unpaced(node.config) }))
  await writeFile(file, JSON.stringify({ ...document, nodes }))
  const args = [
    commandLine,
    'run',
    copy,
    '--bootstrap',
    cluster.bootstrap.join(','),
    '--until-idle',
    '--json',
  ]
  const lines = (await outputOf(process.execPath, args)).trim().split('\n')
  return JSON.parse(lines.at(-1)!) as Summary
}

function unpaced(config: PipelineDocument['nodes'][number]['config']) {
  if (config.pace !== undefined) return { ...config, pace: 'fastest' }
  return config.rate === undefined ? config : { ...config, rate: 10_000 }
}

function outputOf(program: string, args: readonly string[]): Promise<string> {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  let errors = ''
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString()
  })
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk.toString()
  })
  return new Promise((resolve, reject) => {
    child.on('close', (status) =>
      status === 0 && errors === ''
        ? resolve(output)
        : reject(new Error(`it ended with status ${status}:\n${errors}\n${output}`)),
    )
  })
}

/** All that lies in a topic's partitions, up to their ends as they are now. Keys as JSON text. */
async function rowsOf(topic: string): Promise<Row[]> {
  const [description] = await admin.describeTopics([topic])
  const partitions = description!.partitions.map(({ partition }) => ({ topic, partition }))
  const ends = await admin.listOffsets(
    partitions.map((partition) => ({ ...partition, spec: 'latest' as const })),
  )
  const consumer = createConsumer(environment, { bootstrap: cluster.bootstrap, autoOffsetReset: 'earliest' })
  try {
    consumer.assign(partitions)
    const rows: Row[] = []
    while (!ends.every((end) => (consumer.position(end) ?? 0) >= end.offset)) {
      rows.push(...(await consumer.poll(1000)).map(rowOf))
    }
    return rows
  } finally {
    await consumer.close()
  }
}

const textOf = (bytes: Uint8Array | null) => Buffer.from(bytes ?? []).toString()

function rowOf({ key, value, timestampMs }: ConsumerRecord): Row {
  return { key: textOf(key), value: JSON.parse(textOf(value)), timestampMs }
}

/** As a table's reader would have it. */
const lastOfEachKey = (rows: readonly Row[]) => new Map(rows.map(({ key, value }) => [key, value]))

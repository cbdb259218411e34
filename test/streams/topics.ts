/** Writing to and reading from topics, as tests of the runtime need it. */
import { createAdmin, createConsumer, createProducer } from '../../engine/client/index.ts'
import type { Environment } from '../../engine/environment/index.ts'

export interface Site {
  readonly environment: Environment
  readonly bootstrap: readonly string[]
}

interface JsonRecord {
  readonly key?: unknown
  readonly value: unknown
  readonly timestampMs?: number
  readonly partition?: number
}

export async function createTopics(site: Site, partitions: Readonly<Record<string, number>>): Promise<void> {
  const admin = createAdmin(site.environment, site)
  await admin.createTopics(Object.entries(partitions).map(([name, count]) => ({ name, partitions: count })))
  await admin.close()
}

export async function produce(site: Site, topic: string, records: Iterable<JsonRecord>): Promise<void> {
  const producer = createProducer(site.environment, { ...site, lingerMs: 5 })
  for (const { key = null, value, timestampMs, partition } of records) {
    const bytes = value === null ? null : Buffer.from(JSON.stringify(value))
    const keyBytes = key === null ? null : Buffer.from(JSON.stringify(key))
    producer.post({ topic, partition, key: keyBytes, value: bytes, timestampMs })
    if (producer.full) await producer.ready()
  }
  await producer.flush()
  await producer.close()
}

export interface ReadRecord {
  readonly partition: number
  readonly offset: number
  readonly timestampMs: number
  readonly key: unknown
  readonly value: unknown
}

/** Everything committed that lies in the topic now, in order of partition and offset. */
export async function readAll(site: Site, topic: string): Promise<ReadRecord[]> {
  const admin = createAdmin(site.environment, site)
  const [description] = await admin.describeTopics([topic])
  const partitions = description!.partitions.map(({ partition }) => ({ topic, partition }))
  const ends = await admin.listOffsets(partitions.map((at) => ({ ...at, spec: 'latest' as const })))
  await admin.close()
  const consumer = createConsumer(site.environment, {
    ...site,
    autoOffsetReset: 'earliest',
    isolation: 'read_committed',
  })
  consumer.assign(partitions)
  const records: ReadRecord[] = []
  const left = () => ends.some((end) => (consumer.position(end) ?? 0) < end.offset)
  while (left()) {
    for (const { partition, offset, timestampMs, key, value } of await consumer.poll(200)) {
      records.push({ partition, offset, timestampMs, key: parsed(key), value: parsed(value) })
    }
  }
  await consumer.close()
  return records.sort((a, b) => a.partition - b.partition || a.offset - b.offset)
}

/** The last value of every key, by the key's JSON. */
export function latest(records: readonly ReadRecord[]): Map<string, unknown> {
  return new Map(records.map(({ key, value }) => [JSON.stringify(key), value]))
}

function parsed(bytes: Uint8Array | null): unknown {
  return bytes === null ? null : JSON.parse(Buffer.from(bytes).toString('utf8'))
}

/** Asks again every 50 ms until it holds. @throws when it does not within the time */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  limitMs = 100_000,
): Promise<void> {
  const endMs = Date.now() + limitMs
  while (!(await holds())) {
    if (Date.now() > endMs) throw new Error(`not within ${limitMs} ms: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

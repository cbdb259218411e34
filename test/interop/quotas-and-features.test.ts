/** Kafka's tools set quotas and switch features of `millrace broker`; its own clients obey. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { apacheKafkaMissing, fetchJars, jarFolder } from './apache-kafka.ts'
import { kafkaTools } from './foreign/features.ts'
import { type MillraceBroker, startMillraceBroker } from './millrace-broker.ts'

const run = promisify(execFile)
const missing = await apacheKafkaMissing()
if (missing !== undefined) process.stdout.write(`SKIPPED Kafka's tools for quotas and features: ${missing}\n`)

let broker: MillraceBroker

describe.skipIf(missing !== undefined)("Kafka's tools for quotas and features", () => {
  beforeAll(async () => {
    await fetchJars()
    broker = await startMillraceBroker({ brokers: 3, args: ['--topic', 'load:1:3'] })
  })
  afterAll(() => broker?.stop())

  test('features are described, lowered, raised, and refused', async () => {
    const command = 'kafka-features'
    const described = await tool(command, ['describe'])
    expect(described).toMatch(
      /metadata\.version\s+SupportedMinVersion: 4\.3-IV0\s.*FinalizedVersionLevel: 4\.3-IV0/,
    )
    expect(described).toMatch(/transaction\.version\s.*SupportedMaxVersion: 2\s+FinalizedVersionLevel: 2/)
    expect(described).toMatch(/group\.version\s.*SupportedMaxVersion: 1\s+FinalizedVersionLevel: 1/)
    await tool(command, ['downgrade', '--feature', 'transaction.version=1'])
    expect(await tool(command, ['describe'])).toMatch(/transaction\.version\s.*FinalizedVersionLevel: 1/)
    await tool(command, ['upgrade', '--feature', 'transaction.version=2'])
    expect(await tool(command, ['describe'])).toMatch(/transaction\.version\s.*FinalizedVersionLevel: 2/)
    const failed = await tool(command, ['downgrade', '--metadata', '3.9-IV0']).catch(text)
    expect(failed).toMatch(/only supports versions 30-30/)
  })

  test('quotas of users and clients are set, described and taken away', async () => {
    const quota = 'producer_byte_rate=1000000,consumer_byte_rate=2000000,request_percentage=50'
    const entity = [
      '--entity-type',
      'users',
      '--entity-name',
      'ann',
      '--entity-type',
      'clients',
      '--entity-default',
    ]
    await configs('--alter', '--add-config', quota, ...entity)
    const described = await configs('--describe', ...entity)
    for (const setting of quota.split(',')) expect(described).toContain(`${setting}.0`)
    const keys = quota.replaceAll(/=\d+/g, '')
    await configs('--alter', '--delete-config', keys, ...entity)
    expect(await configs('--describe', ...entity)).not.toContain('producer_byte_rate')
  })

  test("a quota holds Kafka's own producer and consumer back", async () => {
    const client = ['--entity-type', 'clients', '--entity-name', 'held']
    const records = 300
    const produce = () =>
      tool('kafka-producer-perf-test', [
        ...['--topic', 'load', '--num-records', String(records), '--record-size', '10000'],
        ...['--throughput', '-1', '--command-property', 'client.id=held'],
      ])
    const secondsOf = (printed: string) => records / Number(/, ([\d.]+) records\/sec/.exec(printed)?.[1])
    expect(secondsOf(await produce())).toBeLessThan(3)
    // Ten seconds' worth may come at once: 3 MB at 200 kB a second take five more.
    await configs('--alter', '--add-config', 'producer_byte_rate=200000', ...client)
    expect(secondsOf(await produce())).toBeGreaterThan(4)
    await configs('--alter', '--delete-config', 'producer_byte_rate', ...client)
    await configs('--alter', '--add-config', 'consumer_byte_rate=200000', ...client)
    const startedMs = performance.now()
    const printed = await tool('kafka-console-consumer', [
      ...['--topic', 'load', '--from-beginning', '--max-messages', String(records)],
      ...['--command-property', 'client.id=held', '--command-property', 'fetch.max.bytes=100000'],
      ...['--command-property', 'max.partition.fetch.bytes=100000'],
    ])
    expect(printed).toContain(`Processed a total of ${records} messages`)
    expect(performance.now() - startedMs).toBeGreaterThan(4000)
    await configs('--alter', '--delete-config', 'consumer_byte_rate', ...client)
  })
})

function configs(...args: readonly string[]): Promise<string> {
  return tool('kafka-configs', args)
}

function text(thrown: { readonly stdout?: string; readonly stderr?: string }): string {
  return `${thrown.stdout ?? ''}${thrown.stderr ?? ''}`
}

/** What it prints. */
async function tool(name: keyof typeof kafkaTools, args: readonly string[]): Promise<string> {
  const vm = ['-Xmx128m', '-XX:TieredStopAtLevel=1', '-cp', `${jarFolder()}/*`]
  return text(
    await run('java', [...vm, kafkaTools[name], '--bootstrap-server', broker.bootstrap, ...args], {
      maxBuffer: 2 ** 26,
    }),
  )
}

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { ForeignClient, PlainRecord, ReadRecord } from './foreign-client.ts'
import { consumeMsMax, until } from './foreign-client.ts'

/** What kcat prints with -J. */
interface JsonLine {
  readonly partition: number
  readonly offset: number
  readonly key: string | null
  readonly payload: string | null
  readonly headers?: readonly string[]
}

/** kcat, and so librdkafka. Its command line takes the headers of all records at once: one run for each set of them. */
export const kcat: ForeignClient = {
  name: 'kcat',
  version: undefined,
  isIdempotent: true,
  readsCommitted: true,
  groupProtocols: ['classic'],

  async missing() {
    return (await run(['-V'], '').catch(() => undefined)) === undefined ? 'kcat is not installed' : undefined
  },

  async produce(bootstrap, topic, records, { compression, idempotent }) {
    for (const [headers, group] of byHeaders(records)) {
      const lines = group.map(({ key, value }) => `${key ?? ''}\t${value ?? ''}\n`)
      // -Z: what is empty is null.
      const codec = compression === 'none' ? [] : ['-z', compression]
      codec.push('-X', `enable.idempotence=${idempotent}`)
      await run(['-P', '-b', bootstrap, '-t', topic, '-K', '\t', '-Z', ...codec, ...headers], lines.join(''))
    }
  },

  async consume(bootstrap, topic, count, isolation) {
    const args = ['-C', '-q', '-b', bootstrap, '-t', topic, '-o', 'beginning', '-c', String(count), '-J']
    const output = await run([...args, '-X', `isolation.level=${isolation}`], '')
    return output
      .split('\n')
      .filter((line) => line !== '')
      .map(parse)
  },

  async join(bootstrap, topic, groupId) {
    const read: ReadRecord[] = []
    const child = spawn('kcat', [
      ...['-G', groupId, '-q', '-u', '-b', bootstrap, '-J'],
      ...['-X', 'auto.offset.reset=earliest', '-X', 'heartbeat.interval.ms=200', topic],
    ])
    createInterface({ input: child.stdout }).on('line', (line) => read.push(parse(line)))
    return { read, leave: () => end(child) }
  },

  async offsetsAt(bootstrap, topic, partitions, timestampMs) {
    const asked = Array.from({ length: partitions }, (_, i) => ['-t', `${topic}:${i}:${timestampMs}`]).flat()
    const output = await run(['-Q', '-b', bootstrap, ...asked], '')
    const found = new Map(
      [...output.matchAll(/\[(\d+)\] offset (-?\d+)/g)].map((match) => [match[1], match[2]]),
    )
    return Array.from({ length: partitions }, (_, i) => Number(found.get(String(i))))
  },
}

function byHeaders(records: readonly PlainRecord[]): [string[], PlainRecord[]][] {
  const groups = new Map<string, PlainRecord[]>()
  for (const record of records) {
    const key = JSON.stringify(record.headers)
    groups.set(key, [...(groups.get(key) ?? []), record])
  }
  return [...groups.values()].map((group) => {
    const headers = Object.entries(group[0]!.headers).flatMap(([name, value]) => ['-H', `${name}=${value}`])
    return [headers, group]
  })
}

function parse(line: string): ReadRecord {
  const { partition, offset, key, payload: value, headers: flat = [] } = JSON.parse(line) as JsonLine
  const headers: Record<string, string> = {}
  for (let index = 0; index + 1 < flat.length; index += 2) headers[flat[index]!] = flat[index + 1]!
  return { partition, offset, key, value, headers }
}

async function run(args: readonly string[], input: string, timeoutMs = consumeMsMax): Promise<string> {
  const child = spawn('kcat', args, { timeout: timeoutMs, stdio: ['pipe', 'pipe', 'pipe'] })
  let output = ''
  let complaints = ''
  child.stdout.setEncoding('utf8').on('data', (text) => {
    output += text
  })
  child.stderr.setEncoding('utf8').on('data', (text) => {
    complaints += text
  })
  child.stdin.end(input)
  const [code, signal] = await once(child, 'close')
  if (code !== 0) throw new Error(`kcat ended with ${code ?? signal}: ${complaints}\n${output}`)
  return output
}

/** On an interrupt kcat commits, leaves and ends. */
async function end(child: ChildProcess): Promise<void> {
  child.kill('SIGINT')
  await until(() => child.exitCode !== null || child.signalCode !== null, 'kcat ends')
}

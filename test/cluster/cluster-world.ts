import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import * as net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createConsumer, createProducer } from '../../engine/client/index.ts'
import { type ClusterOptions, EmbeddedCluster } from '../../engine/cluster/index.ts'
import { createNodeEnvironment } from '../../engine/node/environment/index.ts'

/** Far more than anything takes: there to end a test that hangs. */
const waitMsMax = 100_000

export const logged: string[] = []

export const environment = createNodeEnvironment({
  log: { write: (level, source, text) => logged.push(`${level} ${source}: ${text}`) },
})

/** Clusters, clients and folders of one test; `end` lets go of all of them, the last first. */
export class ClusterWorld {
  private readonly endings: (() => Promise<unknown>)[] = []

  async start(options: ClusterOptions = {}, ofBrokers = environment): Promise<EmbeddedCluster> {
    const cluster = await EmbeddedCluster.start(() => ofBrokers, options)
    this.endings.push(() => cluster.stop())
    return cluster
  }

  async folder(): Promise<string> {
    const path = await mkdtemp(join(tmpdir(), 'cluster-test-'))
    this.endings.push(() => rm(path, { recursive: true, force: true }))
    return path
  }

  producer(cluster: EmbeddedCluster) {
    const producer = createProducer(environment, { bootstrap: cluster.bootstrap, lingerMs: 0 })
    this.endings.push(() => producer.close())
    return producer
  }

  write(cluster: EmbeddedCluster, topic: string, values: readonly string[]): Promise<void> {
    return writeTo(cluster.bootstrap, topic, values)
  }

  /** Values of all partitions, sorted, once there are as many. */
  async read(cluster: EmbeddedCluster, topic: string, count: number): Promise<string[]> {
    const partitions = cluster.status().topics.find(({ name }) => name === topic)?.partitions ?? []
    const consumer = createConsumer(environment, {
      bootstrap: cluster.bootstrap,
      autoOffsetReset: 'earliest',
    })
    consumer.assign(partitions.map(({ partition }) => ({ topic, partition })))
    const values: string[] = []
    const endMs = performance.now() + waitMsMax
    while (values.length < count && performance.now() < endMs) {
      for (const { value } of await consumer.poll(100)) values.push(Buffer.from(value!).toString())
    }
    await consumer.close()
    return values.sort()
  }

  async end(): Promise<void> {
    for (const end of this.endings.splice(0).reverse()) await end()
  }
}

export async function writeTo(
  bootstrap: readonly string[],
  topic: string,
  values: readonly string[],
): Promise<void> {
  const producer = createProducer(environment, { bootstrap })
  await Promise.all(values.map((value) => producer.send({ topic, key: null, value: Buffer.from(value) })))
  await producer.close()
}

/** A cluster in a process of its own. */
export async function startProcess(dataFolder: string) {
  const script = new URL('./cluster-process.ts', import.meta.url).pathname
  const child = spawn(process.execPath, [script, dataFolder], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  return {
    bootstrap: line.toString().trim().split(','),
    async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
      const exit = once(child, 'exit')
      child.kill(signal)
      await exit
    },
  }
}

export function numbers(from: number, to: number): string[] {
  return Array.from({ length: to - from }, (_, i) => String(from + i).padStart(6, '0'))
}

export async function until(condition: () => boolean, timeoutMs = waitMsMax): Promise<void> {
  const endMs = performance.now() + timeoutMs
  while (!condition()) {
    if (performance.now() > endMs) throw new Error(`not within ${timeoutMs} ms: ${condition}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

export function isWhole(cluster: EmbeddedCluster): boolean {
  const { brokers, underReplicatedPartitions, offlinePartitions } = cluster.status()
  return (
    brokers.every(({ state }) => state === 'running') && underReplicatedPartitions + offlinePartitions === 0
  )
}

export function leaderOf(cluster: EmbeddedCluster, topic: string, partition = 0): number {
  return cluster.status().topics.find(({ name }) => name === topic)!.partitions[partition]!.leader
}

/** What the broker answers to raw bytes until it closes the connection. */
export async function sendRaw(address: string, bytes: Buffer): Promise<Buffer> {
  const [host, port] = address.split(':')
  const socket = net.connect(Number(port), host)
  const chunks: Buffer[] = []
  socket.on('data', (chunk) => chunks.push(chunk))
  socket.on('error', () => undefined)
  socket.write(bytes)
  await once(socket, 'close')
  return Buffer.concat(chunks)
}

/** Runs a program; its output, and an error with it when it fails. */
export async function run(program: string, args: readonly string[], input = ''): Promise<string> {
  const child = spawn(program, args)
  let output = ''
  let errors = ''
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk
  })
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk
  })
  child.stdin.end(input)
  const [status] = await once(child, 'close')
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${status}: ${errors}`)
  return output
}

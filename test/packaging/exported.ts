/** An exported project as the person who got it meets it: with the Node and npm of the machine, away from the checkout. */
import { type ChildProcess, spawn } from 'node:child_process'
import path from 'node:path'
import { createAdmin, createConsumer } from '../../engine/client/index.ts'
import { createNodeEnvironment } from '../../engine/node/environment/index.ts'

export const checkout = path.resolve(import.meta.dirname, '../..')
const commandLine = path.join(checkout, '.build/engine/millrace.mjs')
export const minuteMs = 60_000

/** Without the checkout's own Node, which a project elsewhere does not have. */
const pathOutside = (process.env.PATH ?? '')
  .split(path.delimiter)
  .filter((folder) => !folder.startsWith(checkout))
  .join(path.delimiter)

export interface Ended {
  readonly status: number | null
  readonly text: string
}

const running = new Set<ChildProcess>()
// A test that ran out of time leaves its program behind.
process.on('exit', () => {
  for (const child of running) child.kill()
})

export function ended(
  program: string,
  args: readonly string[],
  cwd: string,
  variables: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  const own = Object.entries(process.env).filter(([name]) => !/^(npm_|NODE_|VITEST)/i.test(name))
  const child = spawn(program, args, {
    cwd,
    env: { ...Object.fromEntries(own), PATH: pathOutside, ...variables },
    stdio: ['ignore', 'pipe', 'pipe'],
    shell: process.platform === 'win32',
  })
  running.add(child)
  let text = ''
  const read = (chunk: Buffer) => {
    text += chunk.toString()
  }
  child.stdout.on('data', read)
  child.stderr.on('data', read)
  return new Promise((resolve) => {
    child.on('close', (status) => {
      running.delete(child)
      resolve({ status, text })
    })
  })
}

/** Exports a sample of the checkout into `out`. */
export function exportSample(name: string, out: string): Promise<Ended> {
  const sample = path.join(checkout, 'pipelines', name)
  return ended(
    process.execPath,
    [commandLine, 'export', sample, '--target', 'node', '--out', out],
    path.dirname(out),
  )
}

/** How many records lie in the topic. */
export async function recordsIn(topic: string, bootstrap: string): Promise<number> {
  const environment = createNodeEnvironment({ log: { write: () => undefined } })
  const admin = createAdmin(environment, { bootstrap: bootstrap.split(',') })
  try {
    const [description] = await admin.describeTopics([topic])
    const ends = await admin.listOffsets(
      description!.partitions.map(({ partition }) => ({ topic, partition, spec: 'latest' as const })),
    )
    return ends.reduce((sum, { offset }) => sum + offset, 0)
  } finally {
    await admin.close()
  }
}

/** The values of the topic's records, each as often as it lies there. */
export async function valuesIn(topic: string, bootstrap: string): Promise<unknown[]> {
  const environment = createNodeEnvironment({ log: { write: () => undefined } })
  const count = await recordsIn(topic, bootstrap)
  const connection = { bootstrap: bootstrap.split(',') }
  const admin = createAdmin(environment, connection)
  const consumer = createConsumer(environment, { ...connection, autoOffsetReset: 'earliest' })
  try {
    const [description] = await admin.describeTopics([topic])
    consumer.assign(description!.partitions.map(({ partition }) => ({ topic, partition })))
    const values: unknown[] = []
    while (values.length < count) {
      for (const { value } of await consumer.poll(500)) values.push(JSON.parse(String(value)))
    }
    return values
  } finally {
    await Promise.all([consumer.close(), admin.close()])
  }
}

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createAdmin, createProducer } from '../../engine/client/index.ts'
import { EmbeddedCluster } from '../../engine/cluster/index.ts'
import { createNodeEnvironment } from '../../engine/node/environment/index.ts'

const environment = createNodeEnvironment({ log: { write: () => undefined } })
const packageFolder = path.resolve(import.meta.dirname, '../../engine/node/package')

let folder: string
let cluster: EmbeddedCluster
beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'millrace-application-'))
  cluster = await EmbeddedCluster.start(() => environment, { brokers: 1 })
})
afterAll(async () => {
  await cluster.stop()
  rmSync(folder, { recursive: true, force: true })
})

/** An exported project's `main.ts` in its own process: reads `source` into `copy`. */
async function run(application: object, source: string, bootstrap = cluster.bootstrap) {
  const file = path.join(folder, `${source}.ts`)
  writeFileSync(
    file,
    `import { runApplication } from ${JSON.stringify(`${packageFolder}/index.ts`)}
import { createBuilder } from ${JSON.stringify(`${packageFolder}/streams.ts`)}
const builder = createBuilder()
builder.stream(${JSON.stringify(source)}, { name: 'in' }).to(${JSON.stringify(`${source}-copy`)}, { name: 'out' })
await runApplication({ ...${JSON.stringify({ ...application, folder })}, topology: builder.build() })
`,
  )
  const child = spawn(process.execPath, [file, '--until-idle', '--fast'], {
    env: { ...process.env, KAFKA_BOOTSTRAP_SERVERS: bootstrap.join(',') },
  })
  let out = ''
  let err = ''
  child.stdout.on('data', (chunk) => {
    out += chunk
  })
  child.stderr.on('data', (chunk) => {
    err += chunk
  })
  const status = await new Promise<number | null>((resolve) => child.on('close', resolve))
  return { status, out, err }
}

it('an application that can not start says so in one line and ends', async () => {
  const { status, err } = await run({ applicationId: 'no-source' }, 'absent')
  expect(err).toMatch(/^error [A-Z_]+: .*absent.*\n$/)
  expect(status).toBe(1)
}, 60_000)

it('an application waits for brokers that are away, without a socket to keep its process', async () => {
  const port = await freePort()
  const early = run({ applicationId: 'early', topics: [{ name: 'late', partitions: 1 }] }, 'late', [
    `127.0.0.1:${port}`,
  ])
  // Longer than any socket of the first attempts stays open.
  await setTimeout(7000)
  const late = await EmbeddedCluster.start(() => environment, { brokers: 1, ports: [port] })
  try {
    const admin = createAdmin(environment, { bootstrap: late.bootstrap })
    const producer = createProducer(environment, { bootstrap: late.bootstrap })
    await expect
      .poll(async () => (await admin.listTopics()).map(({ name }) => name), { timeout: 60_000 })
      .toContain('late')
    await producer.send({ topic: 'late', key: Buffer.from('"k"'), value: Buffer.from('1') })
    await Promise.all([producer.close(), admin.close()])
    expect(await early).toMatchObject({ status: 0, out: expect.stringContaining('out: 1 in') })
  } finally {
    await late.stop()
  }
}, 150_000)

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  return port
}

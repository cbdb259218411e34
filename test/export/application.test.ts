import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
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
async function run(application: object, source: string) {
  const file = path.join(folder, 'main.ts')
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
    env: { ...process.env, KAFKA_BOOTSTRAP_SERVERS: cluster.bootstrap.join(',') },
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

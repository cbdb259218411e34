import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { Command, millrace } from '../bad-input/command.ts'

/** `topics`, `records` and `groups` where the cluster asks who they are. */
let cluster: Command
let bootstrap: string
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'millrace-sign-in-'))
  const users = 'org.apache.kafka.common.security.plain.PlainLoginModule required user_ann="secret";'
  cluster = new Command([
    ...['broker', '--brokers', '1', '--port', '0', '--topic', 'orders:1'],
    ...['--set', 'listeners=SASL_PLAINTEXT://'],
    ...['--set', `listener.name.sasl_plaintext.plain.sasl.jaas.config=${users}`],
  ])
  bootstrap = (await cluster.says(/ready (\S+)/))[1]!
}, 60_000)
afterAll(async () => {
  await cluster.end()
  await rm(folder, { recursive: true, force: true })
})

async function list(...properties: readonly string[]) {
  const file = path.join(folder, 'client.properties')
  await writeFile(file, properties.join('\n'))
  return millrace(['topics', 'list', '--bootstrap', bootstrap, '--command-config', file])
}

const signIn = (word: string) => [
  'security.protocol=SASL_PLAINTEXT',
  'sasl.mechanism=PLAIN',
  `sasl.jaas.config=PlainLoginModule required username="ann" password="${word}";`,
]

it('the file that Kafka’s tools take signs them in', async () => {
  const { out, err, status } = await list(...signIn('secret'))
  expect([status, err]).toEqual([0, ''])
  expect(out).toContain('orders')
}, 60_000)

it('a wrong password is told so, with what to do', async () => {
  const { err, status } = await list(...signIn('wrong'))
  expect(err).toMatch(
    /^error SASL_AUTHENTICATION_FAILED: .*Invalid username or password.*check the user.*\n$/,
  )
  expect(status).toBe(2)
}, 60_000)

it('a file that makes no sense is bad input', async () => {
  const { err, status } = await list('security.protocol=TLS')
  expect(err).toMatch(/^error BAD_OPTION: .*security\.protocol.*give one of.*\n$/)
  expect(status).toBe(2)
}, 60_000)

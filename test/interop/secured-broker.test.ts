/** Foreign clients, unmodified, that sign in to `millrace broker`, and speak TLS with it. */
import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import kafkajs, { type KafkaConfig } from 'kafkajs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Certificates, makeCertificates, opensslMissing } from '../client/certificates.ts'
import { apacheKafkaMissing, fetchJars, jarFolder } from './apache-kafka.ts'
import { type MillraceBroker, startMillraceBroker } from './millrace-broker.ts'

const { Kafka, logLevel } = kafkajs
const run = promisify(execFile)
const word = 'a-word+and-more'
const noTools = (await apacheKafkaMissing()) ?? (await opensslMissing())
const noKcat = await run('kcat', ['-V']).then(
  () => undefined,
  () => 'kcat is not installed',
)
if (noTools !== undefined) process.stdout.write(`SKIPPED foreign clients that sign in: ${noTools}\n`)
if (noKcat !== undefined) process.stdout.write(`SKIPPED kcat that signs in: ${noKcat}\n`)

let certificates: Certificates
const brokers = new Map<string, MillraceBroker>()
const bootstrap = (protocol: string) => brokers.get(protocol)!.bootstrap

describe.skipIf(noTools !== undefined)('clients that sign in to millrace broker', () => {
  beforeAll(async () => {
    await fetchJars()
    certificates = await makeCertificates()
    const { folder } = certificates
    const users = `org.apache.kafka.common.security.plain.PlainLoginModule required user_admin="${word}";`
    const tls = [
      `ssl.keystore.location=${folder}/keystore.pem`,
      `ssl.truststore.location=${folder}/authority.pem`,
    ]
    const texts = [
      `ssl.keystore.certificate.chain=${certificates.server.certificate}`,
      `ssl.keystore.key=${certificates.server.key}`,
    ]
    const settings: Record<string, string[]> = {
      SASL_PLAINTEXT: [`listener.name.sasl_plaintext.plain.sasl.jaas.config=${users}`],
      SASL_SSL: [`listener.name.sasl_ssl.plain.sasl.jaas.config=${users}`, ...texts],
      SSL: ['ssl.client.auth=required', ...tls],
    }
    for (const [protocol, ownSettings] of Object.entries(settings)) {
      const args = [`listeners=${protocol}://`, ...ownSettings].flatMap((setting) => ['--set', setting])
      brokers.set(
        protocol,
        await startMillraceBroker({ brokers: protocol === 'SASL_PLAINTEXT' ? 3 : 1, args }),
      )
    }
    for (const protocol of ['SASL_PLAINTEXT', 'SASL_SSL']) await addAlice(protocol)
  })
  afterAll(async () => {
    for (const broker of brokers.values()) await broker.stop()
    await certificates?.remove()
  })

  test("Kafka's tools see the users they have made", async () => {
    const described = await tool('SASL_PLAINTEXT', 'kafka.admin.ConfigCommand', [
      ...['--describe', '--entity-type', 'users', '--entity-name', 'alice'],
    ])
    expect(described).toMatch(/SCRAM-SHA-256=iterations=8192/)
    expect(described).toMatch(/SCRAM-SHA-512=iterations=4096/)
  })

  test.each([
    ['SASL_PLAINTEXT', 'SCRAM-SHA-256'],
    ['SASL_PLAINTEXT', 'SCRAM-SHA-512'],
    ['SASL_SSL', 'SCRAM-SHA-512'],
    ['SASL_SSL', 'PLAIN'],
    ['SSL', ''],
  ])("Kafka's Java clients come in by %s %s", async (protocol, mechanism) => {
    const name = `java-${protocol}-${mechanism}`.toLowerCase()
    await tool(protocol, 'org.apache.kafka.tools.TopicCommand', ['--create', '--topic', name], mechanism)
    const consumer = 'org.apache.kafka.tools.consumer.ConsoleConsumer'
    await tool(protocol, 'org.apache.kafka.tools.ConsoleProducer', ['--topic', name], mechanism, 'one\ntwo\n')
    const reading = ['--topic', name, '--from-beginning', '--max-messages', '2', '--timeout-ms', '30000']
    expect(await tool(protocol, consumer, reading, mechanism)).toMatch(/one\ntwo\n/)
  })

  test("Kafka's Java client with a wrong password is told so", async () => {
    const name = 'org.apache.kafka.tools.TopicCommand'
    const failing = tool('SASL_PLAINTEXT', name, ['--list'], 'SCRAM-SHA-256', '', 'wrong')
    const { stdout, stderr } = await failing.then(
      (text) => ({ stdout: text, stderr: '' }),
      (thrown: { stdout: string; stderr: string }) => thrown,
    )
    expect(stdout + stderr).toMatch(/Authentication failed during authentication due to invalid credentials/)
  })

  test.skipIf(noKcat !== undefined).each([
    ['SASL_PLAINTEXT', 'PLAIN'],
    ['SASL_PLAINTEXT', 'SCRAM-SHA-256'],
    ['SASL_PLAINTEXT', 'SCRAM-SHA-512'],
    ['SASL_SSL', 'SCRAM-SHA-256'],
    ['SSL', ''],
  ])('kcat comes in by %s %s', async (protocol, mechanism) => {
    const name = `kcat-${protocol}-${mechanism}`.toLowerCase()
    const args = ['-b', bootstrap(protocol), '-t', name, ...kcatSettings(protocol, mechanism)]
    const producing = run('kcat', ['-P', ...args])
    producing.child.stdin?.end('one\ntwo\n')
    await producing
    const { stdout } = await run('kcat', ['-C', '-q', '-e', '-o', 'beginning', ...args])
    expect(stdout).toBe('one\ntwo\n')
  })

  test.skipIf(noKcat !== undefined)('kcat with a wrong password is refused', async () => {
    const args = [
      '-L',
      '-b',
      bootstrap('SASL_PLAINTEXT'),
      ...kcatSettings('SASL_PLAINTEXT', 'PLAIN', 'wrong'),
    ]
    const failed = await run('kcat', args).catch((thrown: { stderr: string }) => thrown)
    expect(failed.stderr).toMatch(/Invalid username or password/)
  })

  test.each([
    ['SASL_PLAINTEXT', 'plain'],
    ['SASL_PLAINTEXT', 'scram-sha-256'],
    ['SASL_PLAINTEXT', 'scram-sha-512'],
    ['SASL_SSL', 'scram-sha-256'],
    ['SSL', undefined],
  ] as const)('kafkajs comes in by %s %s', async (protocol, mechanism) => {
    const { ca, client } = certificates
    const isTls = protocol.endsWith('SSL')
    const config: KafkaConfig = {
      brokers: bootstrap(protocol).split(','),
      logLevel: logLevel.NOTHING,
      ...(isTls ? { ssl: { ca: [ca], cert: client.certificate, key: client.key } } : {}),
      ...(mechanism ? { sasl: { mechanism, ...userOf(mechanism) } as KafkaConfig['sasl'] } : {}),
    }
    const kafka = new Kafka(config)
    const topic = `kafkajs-${protocol}-${mechanism}`.toLowerCase()
    const producer = kafka.producer()
    await producer.connect()
    await producer.send({ topic, messages: [{ value: 'one' }, { value: 'two' }] })
    await producer.disconnect()
    const consumer = kafka.consumer({ groupId: topic, maxWaitTimeInMs: 100 })
    await consumer.connect()
    await consumer.subscribe({ topic, fromBeginning: true })
    const read: string[] = []
    await consumer.run({
      eachMessage: async ({ message }) => {
        read.push(String(message.value))
      },
    })
    await expect.poll(() => read, { timeout: 30_000 }).toEqual(['one', 'two'])
    await consumer.disconnect()
  })
})

/** PLAIN knows the user from the settings, SCRAM the one who was made since. */
function userOf(mechanism: string, password = word) {
  return { username: mechanism.toUpperCase() === 'PLAIN' ? 'admin' : 'alice', password }
}

function addAlice(protocol: string): Promise<string> {
  const scram = `SCRAM-SHA-256=[iterations=8192,password=${word}],SCRAM-SHA-512=[password=${word}]`
  const change = ['--alter', '--add-config', scram, '--entity-type', 'users', '--entity-name', 'alice']
  return tool(protocol, 'kafka.admin.ConfigCommand', change)
}

function kcatSettings(protocol: string, mechanism: string, password = word): string[] {
  const { folder } = certificates
  const settings = [`security.protocol=${protocol}`]
  const user = userOf(mechanism, password)
  if (mechanism) {
    settings.push(
      `sasl.mechanism=${mechanism}`,
      `sasl.username=${user.username}`,
      `sasl.password=${user.password}`,
    )
  }
  if (protocol.endsWith('SSL')) settings.push(`ssl.ca.location=${folder}/authority.pem`)
  if (protocol === 'SSL') {
    settings.push(`ssl.certificate.location=${folder}/client.pem`, `ssl.key.location=${folder}/client.key`)
  }
  return settings.flatMap((setting) => ['-X', setting])
}

/** What it prints. */
async function tool(
  protocol: string,
  name: string,
  args: readonly string[],
  mechanism = 'PLAIN',
  input = '',
  password = word,
): Promise<string> {
  const file = path.join(certificates.folder, `${protocol}-${mechanism}-${password}.properties`)
  await writeFile(file, clientProperties(protocol, mechanism, password))
  const vm = ['-Xmx128m', '-XX:TieredStopAtLevel=1', '-cp', `${jarFolder()}/*`]
  const running = run('java', [
    ...vm,
    name,
    '--bootstrap-server',
    bootstrap(protocol),
    '--command-config',
    file,
    ...args,
  ])
  running.child.stdin?.end(input)
  const { stdout, stderr } = await running
  return `${stdout}${stderr}`
}

function clientProperties(protocol: string, mechanism: string, password: string): string {
  const { folder } = certificates
  const user = userOf(mechanism, password)
  const module = mechanism === 'PLAIN' ? 'plain.PlainLoginModule' : 'scram.ScramLoginModule'
  const jaas = `org.apache.kafka.common.security.${module} required username="${user.username}" password="${user.password}";`
  return [
    `security.protocol=${protocol}`,
    ...(protocol.startsWith('SASL') ? [`sasl.mechanism=${mechanism}`, `sasl.jaas.config=${jaas}`] : []),
    ...(protocol.endsWith('SSL')
      ? ['ssl.truststore.type=PEM', `ssl.truststore.location=${folder}/authority.pem`]
      : []),
    ...(protocol === 'SSL'
      ? ['ssl.keystore.type=PEM', `ssl.keystore.location=${folder}/client-store.pem`]
      : []),
  ].join('\n')
}

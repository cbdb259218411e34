/** Kafka's own tools and its Java consumer of the new protocol (KIP-848), unmodified, against `millrace broker`. */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Admin, createAdmin, createConsumer, createProducer } from '../../engine/client/index.ts'
import { createNodeEnvironment } from '../../engine/node/environment/index.ts'
import { apacheKafkaMissing, fetchJars, jarFolder } from './apache-kafka.ts'
import { kafkaTools } from './foreign/features.ts'
import { type MillraceBroker, startMillraceBroker } from './millrace-broker.ts'

const environment = createNodeEnvironment({ log: { write: () => undefined } })
const run = promisify(execFile)
const missing = await apacheKafkaMissing()

let broker: MillraceBroker
let admin: Admin
let folder: string
const consumers = new Set<ChildProcess>()

describe.skipIf(missing !== undefined)("Kafka's tools", () => {
  beforeAll(async () => {
    await fetchJars()
    folder = await mkdtemp(path.join(tmpdir(), 'millrace-tools-'))
    const args = [
      '--set',
      'broker.session.timeout.ms=30000',
      '--set',
      'group.consumer.heartbeat.interval.ms=500',
    ]
    broker = await startMillraceBroker({ brokers: 3, args })
    admin = createAdmin(environment, { bootstrap: bootstrap() })
  }, 120_000)
  afterAll(async () => {
    for (const child of consumers) child.kill('SIGKILL')
    await admin?.close()
    await broker?.stop()
    if (folder) await rm(folder, { recursive: true, force: true })
  })

  test('topics are made, described, grown, configured and deleted', async () => {
    await topicCommand('--create', '--topic', 'made', '--partitions', '2', '--config', 'retention.ms=60000')
    const described = await topicCommand('--describe', '--topic', 'made')
    expect(described).toMatch(/PartitionCount: 2\s+ReplicationFactor: 3\s+Configs: .*retention\.ms=60000/)
    expect(described.match(/Isr: \d,\d,\d/g)).toHaveLength(2)
    await topicCommand('--alter', '--topic', 'made', '--partitions', '3')
    await tool('kafka-configs', [
      '--alter',
      '--entity-type',
      'topics',
      '--entity-name',
      'made',
      '--add-config',
      'max.message.bytes=5000,cleanup.policy=[compact,delete]',
      '--delete-config',
      'retention.ms',
    ])
    const configs = await tool('kafka-configs', [
      '--describe',
      '--entity-type',
      'topics',
      '--entity-name',
      'made',
    ])
    expect(configs).toMatch(/max\.message\.bytes=5000/)
    expect(configs).toMatch(/cleanup\.policy=compact,delete/)
    expect(configs).not.toMatch(/retention\.ms=60000/)
    await topicCommand('--delete', '--topic', 'made')
    expect(await topicCommand('--list')).not.toMatch(/made/)
  })

  test("brokers' settings are changed while they run", async () => {
    const entity = ['--entity-type', 'brokers', '--entity-default']
    await tool('kafka-configs', ['--alter', ...entity, '--add-config', 'log.retention.ms=123456'])
    const described = await tool('kafka-configs', ['--describe', ...entity])
    expect(described).toMatch(/log\.retention\.ms=123456/)
    await tool('kafka-configs', ['--alter', ...entity, '--delete-config', 'log.retention.ms'])
  })

  test('replicas are reassigned, and the tool sees it complete', async () => {
    await admin.createTopics([{ name: 'moving', partitions: 1, replicationFactor: 2 }])
    await fill('moving', 100)
    const [before] = await admin.describeTopics(['moving'])
    const { replicas } = before!.partitions[0]!
    const target = [[1, 2, 3].find((id) => !replicas.includes(id))!, replicas[0]!]
    const file = path.join(folder, 'moving.json')
    const plan = { version: 1, partitions: [{ topic: 'moving', partition: 0, replicas: target }] }
    await writeFile(file, JSON.stringify(plan))
    const reassign = 'kafka-reassign-partitions'
    await tool(reassign, ['--reassignment-json-file', file, '--execute'])
    await expect
      .poll(() => tool(reassign, ['--reassignment-json-file', file, '--verify']), { timeout: 60_000 })
      .toMatch(/Reassignment of partition moving-0 is completed/)
    const election = 'kafka-leader-election'
    const elected = await tool(election, ['--election-type', 'preferred', '--all-topic-partitions'])
    expect(elected).not.toMatch(/Error/)
    const [after] = await admin.describeTopics(['moving'])
    expect(after!.partitions[0]!.leader).toBe(target[0])
  })

  test('records are deleted up to an offset; offsets, disks and the quorum are described', async () => {
    await admin.createTopics([{ name: 'cut', partitions: 1 }])
    await fill('cut', 100)
    const file = path.join(folder, 'cut.json')
    await writeFile(
      file,
      JSON.stringify({ version: 1, partitions: [{ topic: 'cut', partition: 0, offset: 30 }] }),
    )
    const deleted = await tool('kafka-delete-records', ['--offset-json-file', file])
    expect(deleted).toMatch(/cut-0\s+low_watermark: 30/)
    const offsets = await tool('kafka-get-offsets', ['--topic', 'cut', '--time', 'earliest'])
    expect(offsets).toMatch(/cut:0:30/)
    const disks = await tool('kafka-log-dirs', ['--describe', '--topic-list', 'cut'])
    expect(disks.match(/"partition":"cut-0"/g)).toHaveLength(3)
    const quorum = await tool('kafka-metadata-quorum', ['describe', '--status'])
    expect(quorum).toMatch(/LeaderId:\s+[123]\n/)
    const voters = await tool('kafka-metadata-quorum', ['describe', '--replication'])
    expect(voters.match(/^[123]\s.*(Leader|Follower)/gm)).toHaveLength(3)
  })

  test('the cluster says its id, and each broker what it serves', async () => {
    const { clusterId } = await admin.describeCluster()
    expect(await tool('kafka-cluster', ['cluster-id'])).toContain(clusterId)
    const served = await tool('kafka-broker-api-versions', [])
    expect(served.match(/Produce\(0\): .*\[usable: \d+\]/g)).toHaveLength(3)
    expect(served).not.toMatch(/ConsumerGroupHeartbeat\(68\): UNSUPPORTED/)
  })

  test('the leader of a partition moves back to the first replica, by name and by file', async () => {
    await admin.createTopics([{ name: 'elected', partitions: 1 }])
    const leaderOf = async () => (await admin.describeTopics(['elected']))[0]!.partitions[0]!
    const [first] = (await leaderOf()).replicas
    await broker.command(`kill ${first}`)
    await expect.poll(async () => (await leaderOf()).leader, { timeout: 60_000 }).not.toBe(first)
    await broker.command(`start ${first}`)
    await expect.poll(async () => (await leaderOf()).inSyncReplicas.length, { timeout: 60_000 }).toBe(3)
    const one = ['--topic', 'elected', '--partition', '0']
    await tool('kafka-leader-election', ['--election-type', 'preferred', ...one])
    expect((await leaderOf()).leader).toBe(first)
    const refused = await tool('kafka-leader-election', ['--election-type', 'unclean', ...one])
    expect(refused).toMatch(/Valid replica already elected/)
  })

  test.each(['classic', 'consumer'])(
    'the verifiable consumer of the %s protocol reads and commits what the verifiable producer wrote',
    async (protocol) => {
      const topic = `verified-${protocol}`
      await admin.createTopics([{ name: topic, partitions: 2 }])
      const produced = await tool('kafka-verifiable-producer', ['--topic', topic, '--max-messages', '200'])
      expect(produced.match(/"name":"producer_send_success"/g)).toHaveLength(200)
      expect(produced).toMatch(/"name":"tool_data".*"sent":200.*"acked":200|"acked":200.*"sent":200/)
      const consumed = await tool('kafka-verifiable-consumer', [
        ...['--topic', topic, '--group-id', `group-of-${topic}`, '--group-protocol', protocol],
        ...['--max-messages', '200', '--reset-policy', 'earliest'],
      ])
      expect(consumed).toContain('"name":"partitions_assigned"')
      expect(consumed).not.toContain('"success":false')
      const committed = await admin.groupOffsets(`group-of-${topic}`)
      expect(committed.reduce((sum, { offset }) => sum + offset, 0)).toBe(200)
    },
  )

  test('groups are listed with their kind, moved in time, and deleted', async () => {
    await admin.createTopics([{ name: 'grouped', partitions: 1 }])
    await fill('grouped', 50)
    const consumer = createConsumer(environment, { bootstrap: bootstrap(), groupId: 'grouped' })
    consumer.assign([{ topic: 'grouped', partition: 0 }])
    await consumer.commit([{ topic: 'grouped', partition: 0, offset: 20 }])
    await consumer.close()
    expect(await tool('kafka-groups', ['--list'])).toMatch(/^grouped\s+Classic\s+/m)
    const groups = (...args: string[]) => tool('kafka-consumer-groups', [...args, '--group', 'grouped'])
    const reset = (...how: string[]) => groups('--reset-offsets', '--topic', 'grouped', '--execute', ...how)
    expect(await reset('--shift-by', '-5')).toMatch(/grouped\s+0\s+15/)
    expect(await reset('--to-datetime', '2001-01-01T00:00:00.000')).toMatch(/grouped\s+0\s+0/)
    expect(await reset('--to-latest')).toMatch(/grouped\s+0\s+50/)
    expect(await groups('--describe', '--state')).toMatch(/grouped\s.*Empty/)
    expect(await groups('--delete-offsets', '--topic', 'grouped')).toMatch(/Successful/)
    expect(await admin.groupOffsets('grouped')).toEqual([])
    expect(await groups('--delete')).toMatch(/Deletion of requested consumer groups.*successful/)
    expect(await tool('kafka-consumer-groups', ['--list'])).not.toMatch(/^grouped$/m)
  })

  test('the console producer writes what the console consumer reads', async () => {
    await admin.createTopics([{ name: 'console', partitions: 2 }])
    const producer = [
      '--topic',
      'console',
      '--reader-property',
      'parse.key=true',
      '--reader-property',
      'key.separator=:',
    ]
    await tool('kafka-console-producer', producer, 'a:1\nb:2\nc:3\n')
    const read = await tool('kafka-console-consumer', [
      ...['--topic', 'console', '--from-beginning', '--max-messages', '3'],
      ...['--formatter-property', 'print.key=true', '--formatter-property', 'key.separator=:'],
    ])
    expect(read.match(/^[abc]:\d$/gm)?.sort()).toEqual(['a:1', 'b:2', 'c:3'])
  })

  test.each(['classic', 'consumer'])(
    'two consumers of the %s protocol share a topic, one takes over from the other, and offsets are reset',
    async (protocol) => {
      const topic = `shared-${protocol}`
      const group = `group-${protocol}`
      await admin.createTopics([{ name: topic, partitions: 6 }])
      const first = consume(topic, group, protocol)
      const second = consume(topic, group, protocol)
      const membersWithPartitions = async () => {
        const [described] = await admin.describeGroups([group])
        return described!.members.filter(({ assignment }) => assignment.length === 3).length
      }
      await expect.poll(membersWithPartitions, { timeout: 60_000, interval: 500 }).toBe(2)
      await fill(topic, 600)
      await expect.poll(() => first.lines() + second.lines(), { timeout: 60_000 }).toBe(600)
      expect(first.lines()).toBeGreaterThan(0)
      expect(second.lines()).toBeGreaterThan(0)
      await first.end()
      const secondHad = second.lines()
      await fill(topic, 600)
      await expect.poll(() => second.lines() - secondHad, { timeout: 60_000 }).toBe(600)
      const groups = 'kafka-consumer-groups'
      // Commits follow every five seconds.
      const ofMember = new RegExp(`^${group}\\s+${topic}\\s+\\d\\s+\\d+\\s+\\d+\\s+0\\s+[^-\\s]`, 'gm')
      const caughtUp = async () =>
        (await tool(groups, ['--describe', '--group', group])).match(ofMember)?.length
      await expect.poll(caughtUp, { timeout: 60_000, interval: 500 }).toBe(6)
      await second.end()
      const reset = ['--reset-offsets', '--group', group, '--topic', topic, '--to-earliest', '--execute']
      await expect
        .poll(async () => (await admin.describeGroups([group]))[0]!.state, { timeout: 60_000 })
        .toBe('Empty')
      await tool(groups, reset)
      expect((await admin.groupOffsets(group)).map(({ offset }) => offset)).toEqual(Array(6).fill(0))
    },
  )
})

function bootstrap(): string[] {
  return broker.bootstrap.split(',')
}

async function fill(topic: string, count: number): Promise<void> {
  const producer = createProducer(environment, { bootstrap: bootstrap() })
  for (let i = 0; i < count; i++)
    producer.post({ topic, key: Buffer.from(`k${i}`), value: Buffer.from(`v${i}`) })
  await producer.flush()
  await producer.close()
}

function topicCommand(...args: readonly string[]): Promise<string> {
  return tool('kafka-topics', args)
}

/** What it prints. */
async function tool(name: keyof typeof kafkaTools, args: readonly string[], input = ''): Promise<string> {
  const where = ['--bootstrap-server', broker.bootstrap]
  // Only this one takes it behind its command.
  const all = name === 'kafka-cluster' ? [...args, ...where] : [...where, ...args]
  const running = run('java', [...java(name), ...all])
  running.child.stdin?.end(input)
  const { stdout, stderr } = await running
  return `${stdout}${stderr}`
}

function java(name: keyof typeof kafkaTools): string[] {
  return ['-Xmx128m', '-XX:TieredStopAtLevel=1', '-cp', `${jarFolder()}/*`, kafkaTools[name]]
}

function consume(topic: string, group: string, protocol: string) {
  const name = 'kafka-console-consumer'
  const args = [
    '--bootstrap-server',
    broker.bootstrap,
    '--topic',
    topic,
    '--group',
    group,
    '--from-beginning',
  ]
  const property = ['--command-property', `group.protocol=${protocol}`]
  const child = spawn('java', [...java(name), ...args, ...property], { stdio: ['ignore', 'pipe', 'ignore'] })
  consumers.add(child)
  let text = ''
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk
  })
  return {
    lines: () => text.match(/^v\d+$/gm)?.length ?? 0,
    async end() {
      const closed = once(child, 'close')
      child.kill('SIGTERM')
      await closed
      consumers.delete(child)
    },
  }
}

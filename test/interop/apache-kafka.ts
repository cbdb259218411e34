/**
 * Apache Kafka as a peer: a KRaft cluster of real JVMs on free loopback ports, from the jars that Maven fetches once
 * into `~/.cache/millrace-peers`. `MILLRACE_PEERS` names another place for them.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { createWriteStream, existsSync, readFileSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

export const kafkaVersion = '4.3.1'

const run = promisify(execFile)
const startMsMax = 180_000
const stopMsMax = 15_000
const clusterId = 'TWlsbHJhY2VJbnRlcm9wAA'

export interface ApacheKafkaOptions {
  /** 1 or 3; each is broker and controller in one. Default 1. */
  readonly nodes?: number
  /** Broker settings on top of ours. */
  readonly settings?: Readonly<Record<string, string>>
  /** Of each JVM. Default 512. */
  readonly heapMiB?: number
  /** Further listeners by name, with their security protocol. */
  readonly listeners?: Readonly<Record<string, string>>
  /** Further arguments of the formatting, such as `--add-scram`. */
  readonly formatArguments?: readonly string[]
}

export interface ApacheKafka {
  /** `host:port` of every node, in order of id. */
  readonly bootstrap: readonly string[]
  /** The same of a further listener. */
  listener(name: string): readonly string[]
  /** Ends a node (1, 2, 3) at once, as a crash would. */
  kill(id: number): Promise<void>
  /** Starts a killed node again, on its port and data. */
  restart(id: number): Promise<void>
  /** Resident memory of a node's process. */
  residentBytes(id: number): Promise<number>
  stop(): Promise<void>
}

interface KafkaNode {
  readonly id: number
  readonly port: number
  /** Of the further listeners, by name. */
  readonly ports: ReadonlyMap<string, number>
  readonly propertiesFile: string
  process: ChildProcess | undefined
}

/** Why Apache Kafka can't be run here; undefined when it can. */
export async function apacheKafkaMissing(): Promise<string | undefined> {
  if (!(await answers('java', ['-version']))) return 'java is not installed (17 or newer is needed)'
  if (existsSync(jarFolder())) return undefined
  return (await answers('mvn', ['-version'])) ? undefined : 'mvn is not installed, and the jars are not there'
}

export async function startApacheKafka(options: ApacheKafkaOptions = {}): Promise<ApacheKafka> {
  const missing = await apacheKafkaMissing()
  if (missing !== undefined) throw new Error(`Apache Kafka can't be started: ${missing}`)
  await fetchJars()
  const folder = await mkdtemp(join(tmpdir(), 'millrace-apache-kafka-'))
  const heapMiB = options.heapMiB ?? 512
  const nodes = await prepareNodes(folder, options)
  const endAll = () => {
    for (const node of nodes) node.process?.kill('SIGKILL')
  }
  process.once('exit', endAll)
  try {
    await Promise.all(nodes.map((node) => format(node, options.formatArguments ?? [])))
    await Promise.all(nodes.map((node) => startNode(node, folder, heapMiB)))
  } catch (thrown) {
    endAll()
    throw thrown
  }
  const nodeById = (id: number): KafkaNode => {
    const node = nodes.find((one) => one.id === id)
    if (node === undefined) throw new Error(`there is no node ${id}`)
    return node
  }
  return {
    bootstrap: nodes.map((node) => `127.0.0.1:${node.port}`),
    listener: (name) => nodes.map(({ ports }) => `127.0.0.1:${ports.get(name)}`),
    kill: (id) => endNode(nodeById(id), 'SIGKILL'),
    restart: (id) => startNode(nodeById(id), folder, heapMiB),
    residentBytes: (id) => residentBytes(nodeById(id)),
    async stop() {
      process.off('exit', endAll)
      await Promise.all(nodes.map((node) => endNode(node, 'SIGKILL')))
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Where peers are kept from one run to the next. */
export function peerFolder(): string {
  return process.env.MILLRACE_PEERS ?? join(homedir(), '.cache', 'millrace-peers')
}

/** Named by what is asked of Maven: other jars, another folder. */
export function jarFolder(): string {
  const pom = readFileSync(new URL('pom.xml', import.meta.url))
  const digest = createHash('sha256').update(pom).digest('hex').slice(0, 8)
  return join(peerFolder(), `kafka-${kafkaVersion}-${digest}`, 'lib')
}

export async function fetchJars(): Promise<void> {
  const folder = jarFolder()
  if (existsSync(folder)) return
  // Under another name until all is there, so that a broken download is never taken for the whole.
  const partial = `${folder}.${process.pid}.partial`
  await mkdir(partial, { recursive: true })
  const pom = new URL('pom.xml', import.meta.url).pathname
  await run('mvn', ['-q', '-B', '-f', pom, 'dependency:copy-dependencies', `-DoutputDirectory=${partial}`])
  await rename(partial, folder)
}

async function prepareNodes(folder: string, options: ApacheKafkaOptions): Promise<KafkaNode[]> {
  const count = options.nodes ?? 1
  const further = Object.entries(options.listeners ?? {})
  const ports = await freePorts((2 + further.length) * count)
  const ids = Array.from({ length: count }, (_, index) => index + 1)
  const voters = ids.map((id) => `${id}@127.0.0.1:${ports[count + id - 1]}`).join(',')
  const nodes: KafkaNode[] = []
  for (const id of ids) {
    const port = ports[id - 1]!
    const ofFurther = new Map(further.map(([name], i) => [name, ports[(2 + i) * count + id - 1]!]))
    const open = [...ofFurther].map(([name, each]) => `,${name}://127.0.0.1:${each}`).join('')
    const protocols = further.map(([name, protocol]) => `,${name}:${protocol}`).join('')
    const settings: Record<string, string> = {
      ...commonSettings(count),
      'node.id': String(id),
      'controller.quorum.voters': voters,
      listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${ports[count + id - 1]}${open}`,
      'advertised.listeners': `PLAINTEXT://127.0.0.1:${port}${open}`,
      'listener.security.protocol.map': `PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT${protocols}`,
      'log.dirs': join(folder, `node-${id}`),
      ...options.settings,
    }
    const propertiesFile = join(folder, `node-${id}.properties`)
    const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}`)
    await writeFile(propertiesFile, `${lines.join('\n')}\n`)
    nodes.push({ id, port, ports: ofFurther, propertiesFile, process: undefined })
  }
  await writeFile(join(folder, 'log4j2.properties'), loggingProperties)
  return nodes
}

function commonSettings(nodes: number): Record<string, string> {
  return {
    'process.roles': 'broker,controller',
    'controller.listener.names': 'CONTROLLER',
    'offsets.topic.replication.factor': String(nodes),
    'offsets.topic.num.partitions': '8',
    'transaction.state.log.replication.factor': String(nodes),
    'transaction.state.log.min.isr': String(Math.min(2, nodes)),
    'default.replication.factor': String(nodes),
    'min.insync.replicas': String(Math.min(2, nodes)),
    'num.partitions': '1',
    'group.initial.rebalance.delay.ms': '0',
    'broker.session.timeout.ms': '3000',
    'broker.heartbeat.interval.ms': '500',
  }
}

const loggingProperties = `
appender.out.type = Console
appender.out.name = out
appender.out.layout.type = PatternLayout
appender.out.layout.pattern = %d{HH:mm:ss.SSS} %p %c{1} %m%n
rootLogger.level = warn
rootLogger.appenderRef.out.ref = out
logger.start.name = kafka.server.KafkaRaftServer
logger.start.level = info
`

async function format(node: KafkaNode, further: readonly string[]): Promise<void> {
  await run('java', [
    '-Xmx256m',
    '-XX:TieredStopAtLevel=1',
    '-cp',
    `${jarFolder()}/*`,
    'kafka.tools.StorageTool',
    'format',
    '-t',
    clusterId,
    '-c',
    node.propertiesFile,
    ...further,
  ])
}

async function startNode(node: KafkaNode, folder: string, heapMiB: number): Promise<void> {
  const output = join(folder, `node-${node.id}.out`)
  const started = spawn(
    'java',
    [
      `-Xmx${heapMiB}m`,
      `-Dlog4j2.configurationFile=${join(folder, 'log4j2.properties')}`,
      '-cp',
      `${jarFolder()}/*`,
      'kafka.Kafka',
      node.propertiesFile,
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  )
  node.process = started
  const file = createWriteStream(output, { flags: 'a' })
  started.stderr.pipe(file, { end: false })
  await new Promise<void>((resolve, reject) => {
    const fail = async (why: string) => {
      const tail = (await readFile(output, 'utf8').catch(() => '')).split('\n').slice(-15).join('\n')
      reject(new Error(`Apache Kafka node ${node.id} ${why}\n${tail}`))
    }
    const timer = setTimeout(() => void fail(`did not start within ${startMsMax} ms`), startMsMax)
    started.stdout.on('data', (chunk: Buffer) => {
      file.write(chunk)
      if (!chunk.includes('Kafka Server started')) return
      clearTimeout(timer)
      resolve()
    })
    started.once('exit', (code) => {
      clearTimeout(timer)
      file.end()
      void fail(`ended with code ${code}`)
    })
  })
}

function endNode(node: KafkaNode, signal: NodeJS.Signals): Promise<void> {
  const running = node.process
  node.process = undefined
  if (running === undefined || running.exitCode !== null) return Promise.resolve()
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`node ${node.id} does not end`)), stopMsMax)
    running.once('exit', () => {
      clearTimeout(timer)
      resolve()
    })
    running.kill(signal)
  })
}

async function residentBytes(node: KafkaNode): Promise<number> {
  const status = await readFile(`/proc/${node.process?.pid}/status`, 'utf8')
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? 0) * 1024
}

/** All held open together, so that no port comes twice. */
async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer()
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      return server
    }),
  )
  const ports = servers.map((server) => {
    const address = server.address()
    return typeof address === 'object' && address !== null ? address.port : 0
  })
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}

async function answers(command: string, args: readonly string[]): Promise<boolean> {
  return run(command, [...args]).then(
    () => true,
    () => false,
  )
}

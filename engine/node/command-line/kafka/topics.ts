import { isMillraceError } from '../../../base/errors.ts'
import type { TopicDescription, TopicSpec } from '../../../client/api.ts'
import { isRetriable } from '../../../client/kafka-error.ts'
import { RecordReader } from '../../../host/records/reader.ts'
import { parseOptions, usage } from '../arguments.ts'
import type { Command } from '../command.ts'
import { type Output, printError } from '../output.ts'
import { tableLines } from '../table.ts'
import {
  actionOf,
  clusterHelp,
  clusterOptions,
  connected,
  type Kafka,
  noneOf,
  oneOf,
  someOf,
} from './connection.ts'

const actions = ['list', 'describe', 'create', 'configure', 'grow', 'delete'] as const

export const topics: Command = {
  help: `millrace topics list [--all]
millrace topics describe TOPIC…
millrace topics create NAME[:PARTITIONS[:REPLICAS]]… [--config key=value]…
millrace topics configure TOPIC… [--config key=value]… [--default key]…
millrace topics grow TOPIC --partitions N
millrace topics delete TOPIC…

Topics of any Kafka cluster.

${clusterHelp}
  --all               the cluster's own topics as well
  --config key=value  a setting of the topics by Kafka's name
  --default key       a setting that returns to its default
  --partitions N      how many partitions the topic gets in all`,
  async run(args, output) {
    const { values, positionals } = parseOptions(
      'topics',
      args,
      {
        ...clusterOptions,
        all: { type: 'boolean' },
        config: { type: 'string', multiple: true },
        default: { type: 'string', multiple: true },
        partitions: { type: 'string' },
      },
      Number.POSITIVE_INFINITY,
    )
    const { action, names } = actionOf('topics', actions, positionals)
    const work = workFor(action, names, values, output)
    await connected('topics', values, output, work)
  },
}

interface Values {
  readonly all?: boolean
  readonly config?: readonly string[]
  readonly default?: readonly string[]
  readonly partitions?: string
}

/** Looks at all that was given first: nothing is asked of a cluster for a command that cannot be meant. */
function workFor(
  action: (typeof actions)[number],
  names: readonly string[],
  { all, config, default: defaults, partitions }: Values,
  output: Output,
): (kafka: Kafka) => Promise<void> {
  switch (action) {
    case 'list':
      noneOf('topics', names)
      return (kafka) => list(kafka, output, all === true)
    case 'describe':
      someOf('topics', 'the topic', names)
      return (kafka) => describe(kafka, output, names)
    case 'create': {
      const specs = someOf('topics', "the new topic's name", names).map((name) => specOf(name, config ?? []))
      return async ({ connections }) => {
        await each(specs, async (spec) => {
          await connections.admin().createTopics([spec])
          said(output, 'created', spec.name)
        })
      }
    }
    case 'configure': {
      someOf('topics', 'the topic', names)
      const changes = [
        ...(config ?? [])
          .map(parseConfig)
          .map(([name, value]) => ({ name, operation: 'set' as const, value })),
        ...(defaults ?? []).map((name) => ({ name, operation: 'delete' as const, value: null })),
      ]
      someOf('topics', '--config or --default', changes)
      return async ({ connections }) => {
        await each(names, async (name) => {
          await connections.admin().alterConfigs({ type: 'topic', name }, changes)
          said(output, 'configured', name)
        })
      }
    }
    case 'grow': {
      const topic = oneOf('topics', 'the topic', names)
      const count = Number(partitions)
      if (!/^\d+$/.test(partitions ?? '') || count < 1) {
        throw usage('topics', '--partitions takes the number of partitions that the topic gets in all')
      }
      return async ({ connections }) => {
        await connections.admin().createPartitions(topic, count)
        said(output, 'grown', topic)
      }
    }
    case 'delete':
      someOf('topics', 'the topic', names)
      return async ({ connections }) => {
        await each(names, async (name) => {
          await connections.admin().deleteTopics([name])
          said(output, 'deleted', name)
        })
      }
  }
}

/** What goes wrong with one is told, and the others have their turn: but not where no broker answers. @throws the last error */
async function each<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  let last: unknown
  for (const item of items) {
    try {
      await work(item)
    } catch (thrown) {
      if (!isMillraceError(thrown) || isRetriable(thrown)) throw thrown
      if (last !== undefined) printError(last)
      last = thrown
    }
  }
  if (last !== undefined) throw last
}

function said(output: Output, event: string, topic: string): void {
  output.object({ event, topic })
  output.line(`${event} ${topic}`)
}

async function list({ connections }: Kafka, output: Output, all: boolean): Promise<void> {
  const found = (await connections.admin().listTopics())
    .filter((topic) => all || !topic.internal)
    .sort((a, b) => (a.name < b.name ? -1 : 1))
  const rows = found.map((topic) => ({
    topic: topic.name,
    partitions: topic.partitions.length,
    replicas: Math.max(0, ...topic.partitions.map(({ replicas }) => replicas.length)),
    underReplicated: underReplicatedIn(topic),
  }))
  for (const row of rows) output.object({ event: 'topic', ...row })
  if (rows.length === 0) return output.line('no topics')
  const lines = tableLines(
    ['topic', 'partitions', 'replicas', 'under-replicated'],
    rows.map((row) => [row.topic, row.partitions, row.replicas, row.underReplicated]),
  )
  for (const line of lines) output.line(line)
}

function underReplicatedIn({ partitions }: TopicDescription): number {
  return partitions.filter(({ replicas, inSyncReplicas }) => inSyncReplicas.length < replicas.length).length
}

async function describe(
  { environment, connections }: Kafka,
  output: Output,
  names: readonly string[],
): Promise<void> {
  const admin = connections.admin()
  const reader = new RecordReader(environment, connections)
  const described = await admin.describeTopics(names)
  for (const [index, topic] of described.entries()) {
    const partitions = [...topic.partitions].sort((a, b) => a.partition - b.partition)
    // The ends of a partition without a leader are not known, and are not waited for.
    const led = partitions.filter(({ leader }) => leader >= 0).map(({ partition }) => partition)
    const bounds = await reader.bounds(topic.name, led)
    const configs = (await admin.describeConfigs({ type: 'topic', name: topic.name })).filter(
      ({ source }) => source === 'topic',
    )
    const rows = partitions.map((partition) => ({
      ...partition,
      ...bounds.find((bound) => bound.partition === partition.partition),
    }))
    output.object({
      event: 'topic',
      topic: topic.name,
      topicId: topic.topicId,
      configs: Object.fromEntries(configs.map(({ name, value }) => [name, value])),
      partitions: rows.map(
        ({ partition, leader, leaderEpoch, replicas, inSyncReplicas, startOffset, endOffset }) => ({
          partition,
          leader,
          leaderEpoch,
          replicas,
          isr: inSyncReplicas,
          startOffset,
          endOffset,
        }),
      ),
    })
    if (index > 0) output.line('')
    output.line(`${topic.name} · ${partitions.length} partitions · id ${topic.topicId}`)
    for (const { name, value } of configs) output.line(`${name}=${value}`)
    const lines = tableLines(
      ['partition', 'leader', 'epoch', 'replicas', 'isr', 'start', 'end'],
      rows.map(({ partition, leader, leaderEpoch, replicas, inSyncReplicas, startOffset, endOffset }) => [
        partition,
        leader < 0 ? 'none' : leader,
        leaderEpoch,
        replicas.join(','),
        inSyncReplicas.join(','),
        startOffset ?? '–',
        endOffset ?? '–',
      ]),
    )
    for (const line of lines) output.line(line)
  }
}

function specOf(text: string, config: readonly string[]): TopicSpec {
  const [, name, partitions, replicas] = /^([^:]+)(?::(\d+)(?::(\d+))?)?$/.exec(text) ?? []
  if (name === undefined) throw usage('topics', `a new topic is NAME[:PARTITIONS[:REPLICAS]], not "${text}"`)
  return {
    name,
    partitions: partitions === undefined ? -1 : Number(partitions),
    replicationFactor: replicas === undefined ? undefined : Number(replicas),
    configs: Object.fromEntries(config.map(parseConfig)),
  }
}

function parseConfig(text: string): [name: string, value: string] {
  const [, name, value] = /^([^=]+)=(.*)$/.exec(text) ?? []
  if (name === undefined || value === undefined)
    throw usage('topics', `--config takes key=value, not "${text}"`)
  return [name.trim(), value.trim()]
}

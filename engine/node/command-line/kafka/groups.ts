import { MillraceError } from '../../../base/errors.ts'
import type { Output as Of, Position } from '../../../host/contract.ts'
import { describeGroups, listGroups } from '../../../host/records/groups.ts'
import { RecordReader } from '../../../host/records/reader.ts'
import { parseOptions, usage } from '../arguments.ts'
import type { Command } from '../command.ts'
import type { Output } from '../output.ts'
import { tableLines } from '../table.ts'
import {
  actionOf,
  clusterHelp,
  clusterOptions,
  connected,
  type Kafka,
  noneOf,
  oneOf,
  partitionsOf,
  someOf,
} from './connection.ts'
import { parsePosition, positionHelp } from './positions.ts'

const actions = ['list', 'describe', 'reset', 'delete'] as const

type Group = Of<'groups.list'>['groups'][number]

export const groups: Command = {
  help: `millrace groups list
millrace groups describe GROUP…
millrace groups reset GROUP --to POSITION [--topic TOPIC]… [--partition N]… [--dry-run]
millrace groups delete GROUP…

Consumer groups of any Kafka cluster: their members, their lag, and where they go on.

${clusterHelp}
  --to POSITION       ${positionHelp}
  --topic TOPIC       default every topic that the group has committed for
  --partition N       default every partition
  --dry-run           say what would be committed, and commit nothing`,
  async run(args, output) {
    const { values, positionals } = parseOptions(
      'groups',
      args,
      {
        ...clusterOptions,
        to: { type: 'string' },
        topic: { type: 'string', multiple: true },
        partition: { type: 'string', multiple: true },
        'dry-run': { type: 'boolean' },
      },
      Number.POSITIVE_INFINITY,
    )
    const { action, names } = actionOf('groups', actions, positionals)
    const partitions = partitionsOf('groups', values.partition)
    if (action === 'list') noneOf('groups', names)
    else if (action !== 'reset') someOf('groups', 'the group', names)
    else {
      oneOf('groups', 'the group', names)
      if (values.to === undefined) throw usage('groups', `--to is missing: ${positionHelp}`)
    }
    await connected('groups', values, output, async (kafka) => {
      if (action === 'list') return list(kafka, output)
      if (action === 'describe') return describe(kafka, output, names)
      if (action === 'delete') return remove(kafka, output, names)
      const to = parsePosition('groups', 'to', values.to ?? '', kafka.environment.clock)
      const request = {
        group: names[0]!,
        to,
        topics: values.topic,
        partitions,
        dry: values['dry-run'] === true,
      }
      await reset(kafka, output, request)
    })
  },
}

async function list({ connections }: Kafka, output: Output): Promise<void> {
  const found = await listGroups(connections)
  for (const { groupId, state, members, lagRecords } of found) {
    output.object({ event: 'group', group: groupId, state, members, lagRecords })
  }
  if (found.length === 0) return output.line('no groups')
  const lines = tableLines(
    ['group', 'state', 'members', 'lag'],
    found.map(({ groupId, state, members, lagRecords }) => [groupId, state, members, lagRecords]),
  )
  for (const line of lines) output.line(line)
}

async function describe({ connections }: Kafka, output: Output, names: readonly string[]): Promise<void> {
  const found = await describeGroups(connections, names)
  for (const group of found) if (isNowhere(group)) throw noSuchGroup(group.groupId)
  for (const [index, { groupId, state, members, lagRecords, partitions }] of found.entries()) {
    const rows = partitions
      .map((partition) => ({ ...partition, lagRecords: Math.max(0, partition.end - partition.committed) }))
      .sort((a, b) => (a.topic === b.topic ? a.partition - b.partition : a.topic < b.topic ? -1 : 1))
    output.object({ event: 'group', group: groupId, state, members, lagRecords, partitions: rows })
    if (index > 0) output.line('')
    output.line(`${groupId} · ${state} · ${members} members · lag ${lagRecords}`)
    const lines = tableLines(
      ['topic', 'partition', 'committed', 'end', 'lag', 'member'],
      rows.map((row) => [
        row.topic,
        row.partition,
        row.committed,
        row.end,
        row.lagRecords,
        row.member ?? 'none',
      ]),
    )
    if (rows.length > 0) for (const line of lines) output.line(line)
  }
}

function isNowhere({ state, partitions }: Group): boolean {
  return state === 'Dead' && partitions.length === 0
}

function noSuchGroup(group: string): MillraceError {
  return new MillraceError({
    code: 'GROUP_ID_NOT_FOUND',
    what: 'there is no such group',
    where: group,
    remedy: 'see millrace groups list',
  })
}

/** @throws MillraceError NON_EMPTY_GROUP, GROUP_ID_NOT_FOUND */
async function remove({ connections }: Kafka, output: Output, names: readonly string[]): Promise<void> {
  for (const group of names) {
    await connections.admin().deleteGroups([group])
    output.object({ event: 'deleted', group })
    output.line(`deleted ${group}`)
  }
}

interface Reset {
  readonly group: string
  readonly to: Position
  readonly topics: readonly string[] | undefined
  readonly partitions: readonly number[] | undefined
  readonly dry: boolean
}

/** @throws MillraceError GROUP_ID_NOT_FOUND, NON_EMPTY_GROUP, UNKNOWN_TOPIC_OR_PARTITION */
async function reset({ environment, connections }: Kafka, output: Output, request: Reset): Promise<void> {
  const { group, to, dry } = request
  const admin = connections.admin()
  const reader = new RecordReader(environment, connections)
  const committed = await admin.groupOffsets(group)
  const topics = request.topics ?? [...new Set(committed.map(({ topic }) => topic))].sort()
  if (topics.length === 0) throw noSuchGroup(group)
  const changes = []
  for (const topic of topics) {
    const bounds = await reader.bounds(topic, request.partitions)
    const missing = request.partitions?.find((one) => !bounds.some(({ partition }) => partition === one))
    if (missing !== undefined) throw noSuchPartition(topic, missing)
    const offsets = await reader.offsetsAt(topic, bounds, to)
    for (const [index, { partition }] of bounds.entries()) {
      const before = committed.find((one) => one.topic === topic && one.partition === partition)?.offset
      changes.push({ topic, partition, before, offset: offsets[index]! })
    }
  }
  if (!dry) await admin.resetGroupOffsets(group, changes)
  for (const change of changes) output.object({ event: dry ? 'would-reset' : 'reset', group, ...change })
  const lines = tableLines(
    ['topic', 'partition', 'before', dry ? 'would be' : 'now'],
    changes.map(({ topic, partition, before, offset }) => [topic, partition, before ?? '–', offset]),
  )
  for (const line of lines) output.line(line)
}

export function noSuchPartition(topic: string, partition: number): MillraceError {
  return new MillraceError({
    code: 'UNKNOWN_TOPIC_OR_PARTITION',
    what: 'the topic has no such partition',
    where: `${topic}-${partition}`,
    remedy: `see millrace topics describe ${topic}`,
  })
}

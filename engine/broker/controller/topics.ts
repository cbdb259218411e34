import { assert } from '../../base/assert.ts'
import { isMillraceError } from '../../base/errors.ts'
import type { ErrorName } from '../../protocol/error-codes.ts'
import { checkedTopicSetting } from '../settings/topic-configs.ts'
import type { ControllerState, Decision } from './decision.ts'
import { electLeader, eligibleIn } from './elections.ts'
import { placeReplicas } from './placement.ts'
import type { MetadataRecord, PartitionState } from './records.ts'
import { collides, topicNameFault } from './topic-names.ts'

export interface NewTopic {
  readonly name: string
  /** −1: the default. */
  readonly partitions: number
  /** −1: the default. */
  readonly replicationFactor: number
  /** Replicas by partition, chosen by the caller; empty: the controller chooses. */
  readonly assignments: readonly (readonly number[])[]
  readonly configs: readonly { readonly name: string; readonly value: string | null }[]
}

export interface TopicAnswer {
  readonly error: ErrorName
  readonly message?: string
  readonly topicId: string
  readonly partitions: number
  readonly replicationFactor: number
}

/** That one request may add: each partition is a record of the quorum and a folder on every replica. */
export const partitionsPerRequestMax = 10_000
export const excessivePartitions = 'Excessively large number of partitions per request.'

const noTopicId = '00000000-0000-0000-0000-000000000000'

export function createTopic(
  state: ControllerState,
  topic: NewTopic,
  validateOnly: boolean,
): Decision<TopicAnswer> {
  const { image } = state
  const fault = topicNameFault(topic.name)
  if (fault) return refuse('INVALID_TOPIC_EXCEPTION', `Topic name is invalid: ${fault}`)
  if (image.topics.has(topic.name)) {
    return refuse('TOPIC_ALREADY_EXISTS', `Topic '${topic.name}' already exists.`)
  }
  for (const other of image.topics.keys()) {
    if (collides(topic.name, other)) {
      return refuse('INVALID_TOPIC_EXCEPTION', `Topic '${topic.name}' collides with existing topic: ${other}`)
    }
  }
  const configs = checkedConfigs(topic)
  if (typeof configs === 'string') return refuse('INVALID_CONFIG', configs)
  const replicas = topic.assignments.length > 0 ? givenReplicas(state, topic) : chosenReplicas(state, topic)
  if ('error' in replicas) return refuse(replicas.error, replicas.message)
  const topicId = state.random.uuid()
  assert(image.topicById(topicId) === undefined, `topic id ${topicId} is taken`)
  const records: MetadataRecord[] = [
    { type: 'topic', name: topic.name, topicId },
    ...configs.map(
      ([key, value]): MetadataRecord => ({ type: 'config', resource: 'topic', name: topic.name, key, value }),
    ),
    ...partitionRecords(state, topicId, 0, replicas.placed),
  ]
  const partitions = replicas.placed.length
  const response = {
    error: 'NONE',
    topicId,
    partitions,
    replicationFactor: replicas.placed[0]!.length,
  } as const
  return { records: validateOnly ? [] : records, response }
}

export function deleteTopic(state: ControllerState, topicId: string): Decision<TopicAnswer> {
  const topic = state.image.topicById(topicId)
  if (!topic) return refuse('UNKNOWN_TOPIC_ID', undefined)
  const partitions = topic.partitions.length
  const replicationFactor = topic.partitions[0]?.replicas.length ?? 0
  const response = { error: 'NONE', topicId, partitions, replicationFactor } as const
  return { records: [{ type: 'remove-topic', topicId }], response }
}

export function createPartitions(
  state: ControllerState,
  request: {
    readonly name: string
    readonly count: number
    readonly assignments: readonly (readonly number[])[] | null
  },
  validateOnly: boolean,
): Decision<TopicAnswer> {
  const topic = state.image.topics.get(request.name)
  if (!topic) return refuse('UNKNOWN_TOPIC_OR_PARTITION', undefined)
  const present = topic.partitions.length
  const added = request.count - present
  if (added === 0) return refuse('INVALID_PARTITIONS', `Topic already has ${present} partition(s).`)
  if (added < 0) {
    return refuse(
      'INVALID_PARTITIONS',
      `The topic ${request.name} currently has ${present} partition(s); ${request.count} would not be an increase.`,
    )
  }
  const replicationFactor = topic.partitions[0]!.replicas.length
  const replicas =
    request.assignments === null
      ? chosen(state, added, replicationFactor, present)
      : checkedAssignments(state, request.assignments, added)
  if ('error' in replicas) return refuse(replicas.error, replicas.message)
  const records = partitionRecords(state, topic.topicId, present, replicas.placed)
  const response = {
    error: 'NONE',
    topicId: topic.topicId,
    partitions: request.count,
    replicationFactor,
  } as const
  return { records: validateOnly ? [] : records, response }
}

function refuse(error: ErrorName, message: string | undefined): Decision<TopicAnswer> {
  return {
    records: [],
    response: { error, message, topicId: noTopicId, partitions: -1, replicationFactor: -1 },
  }
}

type Placed = { readonly placed: number[][] } | { readonly error: ErrorName; readonly message: string }

function chosenReplicas(state: ControllerState, topic: NewTopic): Placed {
  const { settings } = state
  const partitions = topic.partitions === -1 ? settings.number('num.partitions') : topic.partitions
  const factor =
    topic.replicationFactor === -1 ? settings.number('default.replication.factor') : topic.replicationFactor
  if (partitions <= 0) {
    return {
      error: 'INVALID_PARTITIONS',
      message: 'Number of partitions was set to an invalid non-positive value.',
    }
  }
  if (factor <= 0) {
    return {
      error: 'INVALID_REPLICATION_FACTOR',
      message: 'Replication factor must be larger than 0, or -1 to use the default value.',
    }
  }
  return chosen(state, partitions, factor, state.random.int(1 << 16))
}

function chosen(state: ControllerState, partitions: number, factor: number, start: number): Placed {
  if (partitions > partitionsPerRequestMax) return { error: 'POLICY_VIOLATION', message: excessivePartitions }
  const all = [...state.image.brokers.keys()]
  if (factor > all.length) {
    const message = `Unable to replicate the partition ${factor} time(s): only ${all.length} broker(s) are registered.`
    return { error: 'INVALID_REPLICATION_FACTOR', message }
  }
  return { placed: placeReplicas(all, partitions, factor, start) }
}

function givenReplicas(state: ControllerState, topic: NewTopic): Placed {
  if (topic.partitions !== -1 || topic.replicationFactor !== -1) {
    return {
      error: 'INVALID_REQUEST',
      message:
        'A manual partition assignment was specified, but numPartitions or replicationFactor was not -1.',
    }
  }
  return checkedAssignments(state, topic.assignments, topic.assignments.length)
}

function checkedAssignments(
  state: ControllerState,
  assignments: readonly (readonly number[])[],
  count: number,
): Placed {
  const fail = (message: string): Placed => ({ error: 'INVALID_REPLICA_ASSIGNMENT', message })
  if (assignments.length !== count)
    return fail(`${count} assignments are needed, ${assignments.length} given.`)
  for (const replicas of assignments) {
    if (replicas.length === 0) return fail('The manual partition assignment includes an empty replica list.')
    if (new Set(replicas).size !== replicas.length) {
      return fail('The manual partition assignment includes the same broker twice.')
    }
    const unknown = replicas.find((id) => !state.image.brokers.has(id))
    if (unknown !== undefined) {
      return fail(
        `The manual partition assignment includes broker ${unknown}, but no such broker is registered.`,
      )
    }
    if (replicas.length !== assignments[0]!.length) {
      return fail('The manual partition assignment has partitions with different replication factors.')
    }
  }
  return { placed: assignments.map((replicas) => [...replicas]) }
}

/** New partitions start with every active replica in sync: there is nothing that it could lack. */
function partitionRecords(
  state: ControllerState,
  topicId: string,
  first: number,
  placed: readonly number[][],
): MetadataRecord[] {
  const isEligible = eligibleIn(state.image)
  return placed.map((replicas, i): MetadataRecord => {
    const active = replicas.filter(isEligible)
    const isr = active.length > 0 ? active : [replicas[0]!]
    const leader = electLeader(replicas, isr, isEligible)
    const partition: PartitionState = { replicas, isr, leader, leaderEpoch: 0, partitionEpoch: 0 }
    return { type: 'partition', topicId, partition: first + i, state: partition }
  })
}

function checkedConfigs(topic: NewTopic): (readonly [string, string])[] | string {
  try {
    return topic.configs.map(({ name, value }) => [name, checkedTopicSetting(name, value)] as const)
  } catch (thrown) {
    if (isMillraceError(thrown, 'INVALID_CONFIG')) return thrown.what
    throw thrown
  }
}

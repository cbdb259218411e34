import type { ConsumerOptions, PartitionAssignor } from '../api.ts'
import { badOption, type ConnectionSettings, connectionSettings, positive } from '../settings.ts'
import { rangeAssignor } from './assignors/range.ts'

export interface ConsumerSettings extends ConnectionSettings {
  readonly group: GroupSettings | undefined
  readonly fetchBytesMin: number
  readonly fetchBytesMax: number
  readonly fetchWaitMsMax: number
  readonly partitionFetchBytesMax: number
  readonly recordsPerPollMax: number
  readonly autoOffsetReset: 'earliest' | 'latest' | 'none'
  readonly autoCommitIntervalMs: number | undefined
  /** As on the wire: 1 is read committed. */
  readonly isolationLevel: 0 | 1
}

export interface GroupSettings {
  readonly groupId: string
  readonly groupInstanceId: string | null
  readonly sessionTimeoutMs: number
  readonly rebalanceTimeoutMs: number
  readonly heartbeatIntervalMs: number
  readonly assignors: readonly PartitionAssignor[]
  /** Cooperative only if all assignors are. */
  readonly isCooperative: boolean
}

/** @throws MillraceError BAD_OPTION, BAD_ADDRESS */
export function consumerSettings(options: ConsumerOptions): ConsumerSettings {
  const group = groupSettings(options)
  if (options.autoCommitIntervalMs !== undefined && group === undefined) {
    throw badOption('autoCommitIntervalMs', 'it needs a groupId to commit for')
  }
  return {
    ...connectionSettings(options),
    group,
    fetchBytesMin: positive('fetchBytesMin', options.fetchBytesMin ?? 1),
    fetchBytesMax: positive('fetchBytesMax', options.fetchBytesMax ?? 50 * 1024 * 1024),
    fetchWaitMsMax: positive('fetchWaitMsMax', options.fetchWaitMsMax ?? 500),
    partitionFetchBytesMax: positive('partitionFetchBytesMax', options.partitionFetchBytesMax ?? 1024 * 1024),
    recordsPerPollMax: positive('recordsPerPollMax', options.recordsPerPollMax ?? 500),
    autoOffsetReset: options.autoOffsetReset ?? 'latest',
    autoCommitIntervalMs: options.autoCommitIntervalMs,
    isolationLevel: options.isolation === 'read_committed' ? 1 : 0,
  }
}

function groupSettings(options: ConsumerOptions): GroupSettings | undefined {
  if (options.groupId === undefined) return undefined
  if (options.groupId === '') throw badOption('groupId', 'give it at least one character')
  const sessionTimeoutMs = positive('sessionTimeoutMs', options.sessionTimeoutMs ?? 45_000)
  const heartbeatIntervalMs = positive(
    'heartbeatIntervalMs',
    options.heartbeatIntervalMs ?? Math.min(3000, sessionTimeoutMs / 3),
  )
  if (heartbeatIntervalMs >= sessionTimeoutMs) {
    throw badOption('heartbeatIntervalMs', `it must be below the session timeout of ${sessionTimeoutMs} ms`)
  }
  const assignors = options.assignors ?? [rangeAssignor]
  if (assignors.length === 0) throw badOption('assignors', 'give at least one')
  return {
    groupId: options.groupId,
    groupInstanceId: options.groupInstanceId ?? null,
    sessionTimeoutMs,
    rebalanceTimeoutMs: positive('rebalanceTimeoutMs', options.rebalanceTimeoutMs ?? 300_000),
    heartbeatIntervalMs,
    assignors,
    isCooperative: assignors.every((assignor) => assignor.protocol === 'cooperative'),
  }
}

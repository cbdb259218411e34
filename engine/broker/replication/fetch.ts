import { isMillraceError } from '../../base/errors.ts'
import type { AbortedTransaction } from '../../log/aborted-transactions.ts'
import type { LogRead } from '../../log/log-reader.ts'
import type { ErrorName } from '../../protocol/error-codes.ts'
import { splitBatches } from '../../protocol/record-batch.ts'
import type { Asker, Delayed } from '../purgatory/purgatory.ts'
import type { Replica } from './replica.ts'
import type { Replicas } from './replicas.ts'

export interface FetchPart {
  readonly topic: string
  readonly partition: number
  /** What the client takes for the leader epoch; −1: it does not say. */
  readonly currentLeaderEpoch: number
  readonly fetchOffset: number
  /** −1: it does not say. */
  readonly lastFetchedEpoch: number
  readonly bytesMax: number
  /** Found to be wrong before it came here. */
  readonly fault?: ErrorName
}

export interface FetchLimits {
  readonly maxWaitMs: number
  readonly bytesMin: number
  readonly bytesMax: number
  readonly asker: Asker
  /** Nothing of transactions that are still open (isolation level 1). */
  readonly readsCommitted: boolean
}

export interface FetchAnswer {
  readonly error: ErrorName
  readonly highWatermark: number
  readonly lastStableOffset: number
  readonly logStartOffset: number
  /** Those with records among the ones that are answered; undefined: the reader does not ask. */
  readonly aborted: readonly AbortedTransaction[] | undefined
  readonly diverging: { readonly epoch: number; readonly endOffset: number } | undefined
  readonly pieces: readonly Buffer[]
}

const nothing = {
  highWatermark: -1,
  lastStableOffset: -1,
  logStartOffset: -1,
  aborted: undefined,
  diverging: undefined,
  pieces: [],
}

/**
 * What a consumer may read now; waits for `bytesMin`, for an error, or for the time to run out. In order of `parts`; nothing
 * for one that is gone meanwhile.
 */
export async function fetchRecords(
  replicas: Replicas,
  parts: readonly FetchPart[],
  limits: FetchLimits,
): Promise<FetchAnswer[]> {
  await Promise.all(parts.map(({ topic, partition }) => replicas.whenOpen(topic, partition)))
  if (limits.maxWaitMs > 0 && !hasEnough(replicas, parts, limits)) await untilEnough(replicas, parts, limits)
  return limits.asker.isGone ? [] : readAll(replicas, parts, limits)
}

function untilEnough(replicas: Replicas, parts: readonly FetchPart[], limits: FetchLimits): Promise<void> {
  const keys = parts.flatMap(({ topic, partition }) => replicas.find(topic, partition)?.key ?? [])
  return new Promise((resolve, reject) => {
    const operation: Delayed = {
      kind: 'Fetch',
      tryComplete() {
        if (!hasEnough(replicas, parts, limits)) return false
        resolve()
        return true
      },
      expire: resolve,
      fail: reject,
    }
    replicas.purgatory.add(operation, keys, limits.maxWaitMs, limits.asker)
  })
}

/** Looks without reading files: what lies there is taken for enough. */
function hasEnough(replicas: Replicas, parts: readonly FetchPart[], limits: FetchLimits): boolean {
  const { bytesMin, readsCommitted } = limits
  let bytes = 0
  for (const part of parts) {
    const replica = replicas.find(part.topic, part.partition)
    if (faultOf(replica, part) !== 'NONE' || !replica) return true
    if (divergenceOf(replica, part)) return true
    const endOffset = visibleEnd(replica, readsCommitted)
    if (part.fetchOffset >= endOffset) continue
    if (bytesMin <= 1) return true
    const read = replica.log.read(part.fetchOffset, bytesMin - bytes, { endOffset })
    if (read instanceof Promise) {
      read.catch(() => undefined) // the real reading comes next, and meets the same error
      return true
    }
    bytes += read.sizeBytes
    if (bytes >= bytesMin) return true
  }
  return bytes >= bytesMin
}

async function readAll(
  replicas: Replicas,
  parts: readonly FetchPart[],
  limits: FetchLimits,
): Promise<FetchAnswer[]> {
  const answers: FetchAnswer[] = []
  let bytes = 0
  for (const part of parts) {
    const replica = replicas.find(part.topic, part.partition)
    const error = faultOf(replica, part)
    if (error !== 'NONE' || !replica) {
      const logStartOffset = replica?.log.logStartOffset ?? -1
      answers.push({ ...nothing, error, logStartOffset, highWatermark: replica?.highWatermark ?? -1 })
      continue
    }
    const { highWatermark, log, leaderEpoch } = replica
    const endOffset = visibleEnd(replica, limits.readsCommitted)
    const { lastStableOffset } = replica
    const head = { error, highWatermark, lastStableOffset, logStartOffset: log.logStartOffset }
    const diverging = divergenceOf(replica, part)
    if (diverging) {
      answers.push({ ...nothing, ...head, diverging })
      continue
    }
    // Between there and the log's end there is something, but not for consumers yet (invariant 3).
    const bytesMax = Math.max(0, Math.min(part.bytesMax, limits.bytesMax - bytes))
    const read: LogRead | undefined =
      part.fetchOffset < endOffset && (bytesMax > 0 || bytes === 0)
        ? await readOrNothing(replica, part.fetchOffset, endOffset, bytesMax, bytes === 0)
        : undefined
    if (replica.leaderEpoch !== leaderEpoch) {
      answers.push({ ...nothing, error: 'NOT_LEADER_OR_FOLLOWER' })
      continue
    }
    bytes += read?.sizeBytes ?? 0
    const pieces = read?.pieces ?? []
    const aborted = limits.readsCommitted ? abortedAmong(replica, part.fetchOffset, pieces) : undefined
    answers.push({ ...nothing, ...head, aborted, pieces })
  }
  return answers
}

/** Exclusive. Readers of committed data wait for what is undecided. */
function visibleEnd(replica: Replica, readsCommitted: boolean): number {
  return readsCommitted ? replica.lastStableOffset : replica.highWatermark
}

function abortedAmong(
  { log }: Replica,
  fetchOffset: number,
  pieces: readonly Buffer[],
): readonly AbortedTransaction[] {
  const last = pieces.at(-1)
  if (!last || log.abortedBetween(fetchOffset, Number.POSITIVE_INFINITY).length === 0) return []
  let endOffset = fetchOffset
  for (const batch of splitBatches(last)) endOffset = batch.nextOffset
  return log.abortedBetween(fetchOffset, endOffset)
}

/** Retention, or the end of this replica, may take the records away while their file is read: the next fetch tells. */
async function readOrNothing(
  { log }: Replica,
  offset: number,
  endOffset: number,
  bytesMax: number,
  minOneBatch: boolean,
): Promise<LogRead | undefined> {
  try {
    return await log.read(offset, bytesMax, { endOffset, minOneBatch })
  } catch (thrown) {
    if (isMillraceError(thrown)) return undefined
    throw thrown
  }
}

function faultOf(replica: Replica | undefined, part: FetchPart): ErrorName {
  if (part.fault) return part.fault
  const fault = leadershipFault(replica, part.currentLeaderEpoch)
  if (fault !== 'NONE' || !replica) return fault
  const { logStartOffset, logEndOffset } = replica.log
  const isInside = part.fetchOffset >= logStartOffset && part.fetchOffset <= logEndOffset
  return isInside || divergenceOf(replica, part) ? 'NONE' : 'OFFSET_OUT_OF_RANGE'
}

/** KIP-320: whoever knows another leader epoch than this leader's is told so. */
export function leadershipFault(replica: Replica | undefined, currentLeaderEpoch: number): ErrorName {
  if (!replica?.leader) return 'NOT_LEADER_OR_FOLLOWER'
  if (currentLeaderEpoch === -1 || currentLeaderEpoch === replica.leaderEpoch) return 'NONE'
  return currentLeaderEpoch < replica.leaderEpoch ? 'FENCED_LEADER_EPOCH' : 'UNKNOWN_LEADER_EPOCH'
}

function divergenceOf({ log }: Replica, part: FetchPart): FetchAnswer['diverging'] {
  if (part.lastFetchedEpoch < 0) return undefined
  const end = log.endOffsetFor(part.lastFetchedEpoch)
  if (!end) return undefined
  const agrees = end.leaderEpoch >= part.lastFetchedEpoch && end.endOffset >= part.fetchOffset
  return agrees ? undefined : { epoch: end.leaderEpoch, endOffset: end.endOffset }
}

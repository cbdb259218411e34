import { isMillraceError } from '../../base/errors.ts'
import type { LeaderAppendOptions } from '../../log/append.ts'
import type { ErrorName } from '../../protocol/error-codes.ts'
import type { Asker, Delayed, Purgatory } from '../purgatory/purgatory.ts'
import type { Replica } from './replica.ts'

export type Acks = 0 | 1 | -1

export interface ProduceAnswer {
  readonly error: ErrorName
  readonly message?: string
  readonly baseOffset: number
  readonly logAppendTimeMs: number
  readonly logStartOffset: number
}

/** How errors of the log are told to clients. */
const errorNames: Readonly<Record<string, ErrorName>> = {
  CORRUPT_BATCH: 'CORRUPT_MESSAGE',
  UNSUPPORTED_RECORD_FORMAT: 'UNSUPPORTED_FOR_MESSAGE_FORMAT',
  INVALID_RECORD: 'INVALID_RECORD',
  MESSAGE_TOO_LARGE: 'MESSAGE_TOO_LARGE',
  INVALID_PRODUCER_EPOCH: 'INVALID_PRODUCER_EPOCH',
  OUT_OF_ORDER_SEQUENCE_NUMBER: 'OUT_OF_ORDER_SEQUENCE_NUMBER',
  INVALID_TXN_STATE: 'INVALID_TXN_STATE',
  TRANSACTION_COORDINATOR_FENCED: 'TRANSACTION_COORDINATOR_FENCED',
  KAFKA_STORAGE_ERROR: 'KAFKA_STORAGE_ERROR',
}

export function refusedProduce(error: ErrorName, message?: string): ProduceAnswer {
  return { error, message, baseOffset: -1, logAppendTimeMs: -1, logStartOffset: -1 }
}

/** An append that is made; `requiredOffset` is what has to be written, or be below the high watermark, to answer. */
export interface Appended {
  readonly replica: Replica
  readonly leaderEpoch: number
  readonly requiredOffset: number
  readonly answer: ProduceAnswer
}

/** Appends at once, or says why not. */
export function appendToReplica(
  replica: Replica,
  records: Buffer,
  acks: Acks,
  options: LeaderAppendOptions = {},
): Appended | ProduceAnswer {
  const { leader } = replica
  if (!leader) return refusedProduce('NOT_LEADER_OR_FOLLOWER')
  if (acks === -1 && leader.isr.length < replica.minInSyncEffective) {
    const sizes = `${leader.isr.length} in-sync replicas, ${replica.minInSyncEffective} are needed`
    return refusedProduce('NOT_ENOUGH_REPLICAS', `${replica.name} has ${sizes}`)
  }
  try {
    const { baseOffset, lastOffset, logAppendTimeMs } = replica.append(records, options)
    const { logStartOffset } = replica.log
    return {
      replica,
      leaderEpoch: leader.leaderEpoch,
      requiredOffset: lastOffset + 1,
      answer: { error: 'NONE', baseOffset, logAppendTimeMs, logStartOffset },
    }
  } catch (thrown) {
    const error = isMillraceError(thrown) ? errorNames[thrown.code] : undefined
    if (error === undefined || !isMillraceError(thrown)) throw thrown
    return refusedProduce(error, thrown.what)
  }
}

/** Resolves with an answer per append once each is as safe as `acks` asks, or cannot be, or the time is up. */
export function whenAcknowledged(
  purgatory: Purgatory,
  appends: readonly (Appended | ProduceAnswer)[],
  acks: Acks,
  timeoutMs: number,
  asker?: Asker,
): Promise<ProduceAnswer[]> {
  const answers = appends.map((append) => ('replica' in append ? undefined : append))
  const settle = (appended: Appended, i: number): void => {
    answers[i] ??= acknowledged(appended, acks)
  }
  const tryComplete = (): boolean => {
    appends.forEach((append, i) => {
      if ('replica' in append) settle(append, i)
    })
    return answers.every((answer) => answer !== undefined)
  }
  const keys = appends.flatMap((append) => ('replica' in append ? append.replica.key : []))
  return new Promise((resolve, reject) => {
    const finish = () => resolve(answers.map((answer) => answer ?? refusedProduce('REQUEST_TIMED_OUT')))
    const operation: Delayed = {
      kind: 'Produce',
      tryComplete() {
        if (!tryComplete()) return false
        finish()
        return true
      },
      expire: finish,
      fail: reject,
    }
    purgatory.add(operation, keys, timeoutMs, asker)
  })
}

/** Undefined: not yet. */
function acknowledged(appended: Appended, acks: Acks): ProduceAnswer | undefined {
  const { replica, leaderEpoch, requiredOffset, answer } = appended
  // Invariant 1: under another leader epoch the high watermark says nothing about what was appended under this one.
  if (replica.leader?.leaderEpoch !== leaderEpoch) return refusedProduce('NOT_LEADER_OR_FOLLOWER')
  if (acks === 1) return replica.log.writtenEndOffset >= requiredOffset ? answer : undefined
  if (replica.highWatermark < requiredOffset) return undefined
  if (replica.leader.isr.length >= replica.minInSyncEffective) return answer
  return refusedProduce('NOT_ENOUGH_REPLICAS_AFTER_APPEND')
}

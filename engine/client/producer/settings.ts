import type { CompressionName } from '../../environment/index.ts'
import type { Partitioner, ProducerOptions, TransactionalProducerOptions } from '../api.ts'
import { atLeast, badOption, type ConnectionSettings, connectionSettings, positive } from '../settings.ts'

export interface ProducerSettings extends ConnectionSettings {
  /** As on the wire: −1 is all. */
  readonly acks: 0 | 1 | -1
  readonly idempotence: boolean
  readonly compression: CompressionName
  readonly batchBytesMax: number
  readonly lingerMs: number
  readonly deliveryTimeoutMs: number
  readonly requestBytesMax: number
  readonly bufferBytesMax: number
  readonly maxInFlight: number
  readonly partitioner: Partitioner
  readonly partitioners: ReadonlyMap<string, Partitioner>
  readonly unknownTopicMsMax: number
  readonly stopAtFailure: boolean
  /** Undefined: without transactions. */
  readonly transactionalId: string | undefined
  readonly transactionTimeoutMs: number
}

/** Brokers keep the last five batches of a producer to recognise what is sent twice. */
const inFlightMaxWithIdempotence = 5

/** @throws MillraceError BAD_OPTION, BAD_ADDRESS */
export function producerSettings(
  options: ProducerOptions & Partial<TransactionalProducerOptions>,
): ProducerSettings {
  const acks = options.acks ?? 'all'
  const idempotence = options.idempotence ?? acks === 'all'
  const maxInFlight = atLeast('maxInFlight', options.maxInFlight ?? 5, 1)
  if (idempotence && acks !== 'all') throw badOption('idempotence', "it needs acks 'all'")
  if (idempotence && maxInFlight > inFlightMaxWithIdempotence) {
    throw badOption('maxInFlight', `with idempotence it may be ${inFlightMaxWithIdempotence} at most`)
  }
  if (options.transactionalId !== undefined && !idempotence) {
    throw badOption('transactionalId', 'transactions need idempotence')
  }
  if (options.transactionalId === '') throw badOption('transactionalId', 'it must not be empty')
  return {
    ...connectionSettings(options),
    acks: acks === 'all' ? -1 : acks,
    idempotence,
    compression: options.compression ?? 'none',
    batchBytesMax: positive('batchBytesMax', options.batchBytesMax ?? 16 * 1024),
    lingerMs: atLeast('lingerMs', options.lingerMs ?? 5, 0),
    deliveryTimeoutMs: positive('deliveryTimeoutMs', options.deliveryTimeoutMs ?? 120_000),
    requestBytesMax: positive('requestBytesMax', options.requestBytesMax ?? 1024 * 1024),
    bufferBytesMax: positive('bufferBytesMax', options.bufferBytesMax ?? 32 * 1024 * 1024),
    maxInFlight,
    partitioner: options.partitioner ?? 'default',
    partitioners: options.partitioners ?? new Map(),
    unknownTopicMsMax: positive('unknownTopicMsMax', options.unknownTopicMsMax ?? 10_000),
    stopAtFailure: options.stopAtFailure ?? false,
    transactionalId: options.transactionalId,
    transactionTimeoutMs: positive('transactionTimeoutMs', options.transactionTimeoutMs ?? 60_000),
  }
}

import type { MillraceError } from '../../base/errors.ts'
import type { Codecs, CompressionName } from '../../environment/index.ts'
import { BatchBuilder } from '../../protocol/batch-builder.ts'
import { BatchView } from '../../protocol/record-batch-header.ts'
import type { Header } from '../api.ts'

/** Told once of what became of a record. The time is the broker's, −1 if the record kept its own. */
export type Settle = (
  error: MillraceError | undefined,
  offset: number,
  appendTimeMs: number,
  partition: number,
) => void

/** A producer id with its epoch: what a broker tells apart the sequences of batches by (KIP-98). */
export interface ProducerIdentity {
  readonly producerId: number
  readonly producerEpoch: number
}

/** Records for one partition on their way: filled, closed, sent (perhaps more than once), settled. */
export class ProducerBatch {
  readonly partition: number
  readonly createdMs: number
  /** Order within its partition. */
  readonly ordinal: number
  sizeBytes = 0
  isClosed = false
  attempts = 0
  /** Not to be sent again before. */
  retryAtMs = Number.NEGATIVE_INFINITY
  lastError: MillraceError | undefined
  identity: ProducerIdentity | undefined
  baseSequence = -1
  isSettled = false
  readonly #builder: BatchBuilder
  #bytes: Buffer | undefined
  readonly #settles: Settle[] = []
  readonly #settleIndexes: number[] = []
  #done: PromiseWithResolvers<void> | undefined

  constructor(partition: number, ordinal: number, createdMs: number, capacityBytes: number) {
    this.partition = partition
    this.ordinal = ordinal
    this.createdMs = createdMs
    this.#builder = new BatchBuilder(capacityBytes)
  }

  get recordCount(): number {
    return this.#builder.recordCount
  }

  /** As sent, compressed; not less than `sizeBytes` before that. */
  get wireBytes(): number {
    return this.#bytes?.length ?? this.sizeBytes
  }

  append(
    timestampMs: number,
    key: Uint8Array | null,
    value: Uint8Array | null,
    headers: readonly Header[] | undefined,
    settle: Settle | undefined,
  ): void {
    if (settle !== undefined) {
      this.#settles.push(settle)
      this.#settleIndexes.push(this.#builder.recordCount)
    }
    this.sizeBytes = this.#builder.append(timestampMs, key, value, headers)
  }

  /** The batch for the wire, made when first asked for and the same from then on. */
  bytes(codecs: Codecs, compression: CompressionName, isTransactional = false): Buffer {
    this.isClosed = true
    this.#bytes ??= this.#builder.build({
      codecs,
      compression,
      isTransactional,
      producerId: this.identity?.producerId,
      producerEpoch: this.identity?.producerEpoch,
      baseSequence: this.baseSequence,
    })
    return this.#bytes
  }

  /** Gives it a place in another sequence. The bytes sent before may still be on their way, so they stay as they are. */
  resequence(identity: ProducerIdentity, baseSequence: number, codecs: Codecs): void {
    this.identity = identity
    this.baseSequence = baseSequence
    if (this.#bytes === undefined) return
    this.#bytes = Buffer.from(this.#bytes)
    const { producerId, producerEpoch } = identity
    new BatchView(this.#bytes).setProducer({ producerId, producerEpoch, baseSequence }, codecs)
  }

  /** Resolves when it is settled, however. */
  done(): Promise<void> {
    if (this.isSettled) return Promise.resolve()
    this.#done ??= Promise.withResolvers<void>()
    return this.#done.promise
  }

  /** @param baseOffset −1 when the broker did not say */
  complete(baseOffset: number, appendTimeMs: number): void {
    const { partition } = this
    this.#settle((settle, index) =>
      settle(undefined, baseOffset < 0 ? -1 : baseOffset + index, appendTimeMs, partition),
    )
  }

  fail(error: MillraceError): void {
    this.#settle((settle) => settle(error, -1, -1, this.partition))
  }

  /** Hands its records' settling over, for a batch that is sent in pieces. */
  takeSettle(index: number): Settle | undefined {
    const at = this.#settleIndexes.indexOf(index)
    return at < 0 ? undefined : this.#settles[at]
  }

  /** For a batch whose records now travel in others. */
  retire(): void {
    this.isSettled = true
    this.#done?.resolve()
  }

  #settle(tell: (settle: Settle, index: number) => void): void {
    this.retire()
    for (let at = 0; at < this.#settles.length; at++) tell(this.#settles[at]!, this.#settleIndexes[at]!)
  }
}

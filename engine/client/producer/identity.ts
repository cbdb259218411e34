import { MillraceError } from '../../base/errors.ts'
import { initProducerId } from '../../protocol/apis/init-producer-id.ts'
import { backoffMs } from '../backoff.ts'
import type { ClusterClient } from '../cluster/cluster-client.ts'
import { checkCode, isRetriable } from '../kafka-error.ts'
import type { ProducerIdentity } from './batch.ts'

const producerEpochMax = 0x7fff
/** Idempotence alone has no transaction whose time could run out. */
const noTransactionTimeoutMs = 0x7fffffff

/** Under which identity batches go, and when. */
export interface Identities {
  /** Undefined while there is none yet; who asked is woken when there is. */
  readonly current: ProducerIdentity | undefined
  /** What comes after an identity; undefined while that is not known, or not for the producer to say. */
  after(identity: ProducerIdentity): ProducerIdentity | undefined
  /** Whether the partition may be written to now; who asked is woken when it may. */
  admits(topic: string, partition: number): boolean
}

/** Gets producer ids from the cluster. */
export class IdentitySource implements Identities {
  #current: ProducerIdentity | undefined
  #asking = false
  readonly #cluster: ClusterClient
  readonly #onChange: () => void
  readonly #onRefused: (error: MillraceError) => void

  constructor(cluster: ClusterClient, onChange: () => void, onRefused: (error: MillraceError) => void) {
    this.#cluster = cluster
    this.#onChange = onChange
    this.#onRefused = onRefused
  }

  /** Undefined while the cluster is being asked; `onChange` tells when it has answered. */
  get current(): ProducerIdentity | undefined {
    if (this.#current === undefined) void this.#ask()
    return this.#current
  }

  /** What comes after an identity: its next epoch, or another producer id when there is none. */
  after(identity: ProducerIdentity): ProducerIdentity | undefined {
    if (identity.producerEpoch < producerEpochMax) {
      return { producerId: identity.producerId, producerEpoch: identity.producerEpoch + 1 }
    }
    if (this.#current?.producerId === identity.producerId) this.#current = undefined
    return this.current
  }

  admits(): boolean {
    return true
  }

  async #ask(): Promise<void> {
    if (this.#asking) return
    this.#asking = true
    const { timers, random } = this.#cluster.environment
    for (let attempt = 0; !this.#cluster.isClosed; attempt++) {
      try {
        const answer = await this.#cluster.requestAny(initProducerId, {
          transactionalId: null,
          transactionTimeoutMs: noTransactionTimeoutMs,
        })
        checkCode(answer.errorCode)
        this.#current = { producerId: answer.producerId, producerEpoch: answer.producerEpoch }
        break
      } catch (thrown) {
        if (!isRetriable(thrown)) {
          this.#onRefused(MillraceError.from(thrown))
          break
        }
        await timers.sleep(backoffMs(attempt, this.#cluster.settings, random))
      }
    }
    this.#asking = false
    this.#onChange()
  }
}

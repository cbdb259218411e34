import type { Clock } from '../../../environment/index.ts'
import type { ClientsImage, QuotaEntity } from '../../controller/clients-image.ts'
import type { BrokerSettings } from '../../settings/broker-settings.ts'
import { SampledRate } from './sampled-rate.ts'
import { TokenBucket } from './token-bucket.ts'

/** Those that are measured as rates. */
export type QuotaKey = 'producer_byte_rate' | 'consumer_byte_rate' | 'request_percentage'

const mutations = 'controller_mutation_rate'

export interface QuotaClient {
  readonly user: string
  readonly clientId: string
}

interface Limit {
  /** Bytes or partitions a second; of request_percentage: percent of the broker's time. */
  readonly max: number
  /** Who shares it. */
  readonly sharers: string
}

/** Above so many, rates of clients that have not been seen lately are forgotten. */
const ratesMax = 1000

/** What clients have had of this broker lately, and how long they have to wait for more (KIP-13, KIP-124, KIP-599). */
export class ClientQuotas {
  private readonly clients: () => ClientsImage
  private readonly clock: Clock
  private readonly settings: BrokerSettings
  private readonly rates = new Map<string, SampledRate>()
  private readonly buckets = new Map<string, TokenBucket>()

  constructor(clients: () => ClientsImage, clock: Clock, settings: BrokerSettings) {
    this.clients = clients
    this.clock = clock
    this.settings = settings
  }

  get isEmpty(): boolean {
    return !this.clients().hasQuotas
  }

  get nowMs(): number {
    return this.clock.monotonicMs()
  }

  takeMutations(client: QuotaClient, partitions: number): void {
    const limit = this.limitOf(mutations, client)
    if (limit) this.bucketOf(limit).take(partitions, limit.max, this.burstOf(limit), this.nowMs)
  }

  /** How long until the client may change topics again (KIP-599); 0: at once. */
  mutationThrottleMs(client: QuotaClient): number {
    const limit = this.limitOf(mutations, client)
    return limit ? this.bucketOf(limit).throttleMs(limit.max, this.burstOf(limit), this.nowMs) : 0
  }

  /** Counts the amount, and gives how long the client is to be kept waiting: 0 within its quota. */
  charge(key: QuotaKey, client: QuotaClient, amount: number): number {
    const limit = this.limitOf(key, client)
    if (!limit) return 0
    const { nowMs } = this
    const rate = this.rateOf(limit, nowMs)
    rate.record(amount, nowMs)
    return rate.throttleMs(limit.max, nowMs)
  }

  /** What was charged has not been given after all. */
  takeBack(key: QuotaKey, client: QuotaClient, amount: number): void {
    const limit = this.limitOf(key, client)
    if (!limit) return
    const { nowMs } = this
    this.rateOf(limit, nowMs).record(-amount, nowMs)
  }

  /** The most particular entity that has the quota, in Kafka's order. */
  private limitOf(key: string, { user, clientId }: QuotaClient): Limit | undefined {
    const image = this.clients()
    for (const ofUser of [user, null, undefined]) {
      for (const ofClient of [clientId, null, undefined]) {
        const max = image.quotasOf(entityOf(ofUser, ofClient))?.get(key)
        if (max === undefined) continue
        const sharers = [key, ofUser === undefined ? [] : [user], ofClient === undefined ? [] : [clientId]]
        return { max, sharers: JSON.stringify(sharers) }
      }
    }
    return undefined
  }

  private bucketOf({ sharers }: Limit): TokenBucket {
    const bucket = this.buckets.get(sharers) ?? new TokenBucket()
    this.buckets.set(sharers, bucket)
    return bucket
  }

  /** What may come at once after a while without anything. */
  private burstOf({ max }: Limit): number {
    return max * this.settings.number('quota.window.num') * this.settings.number('quota.window.size.seconds')
  }

  private rateOf({ sharers }: Limit, nowMs: number): SampledRate {
    const known = this.rates.get(sharers)
    if (known) return known
    if (this.rates.size >= ratesMax) {
      for (const [key, rate] of this.rates) if (rate.isIdle(nowMs)) this.rates.delete(key)
    }
    const sampleMs = this.settings.number('quota.window.size.seconds') * 1000
    const rate = new SampledRate(this.settings.number('quota.window.num'), sampleMs)
    this.rates.set(sharers, rate)
    return rate
  }
}

function entityOf(user: string | null | undefined, clientId: string | null | undefined): QuotaEntity {
  return {
    ...(user === undefined ? {} : { user }),
    ...(clientId === undefined ? {} : { 'client-id': clientId }),
  }
}

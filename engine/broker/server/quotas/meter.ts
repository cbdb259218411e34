import type { Clock } from '../../../environment/index.ts'
import type { ClientSession } from '../client-session.ts'
import type { ClientQuotas, QuotaClient } from './client-quotas.ts'

type ByteQuota = 'producer_byte_rate' | 'consumer_byte_rate'

/** No answer is held back for longer because of the time that requests take. */
const requestThrottleMsMax = 10_000

/** Undefined as long as nobody has a quota. */
export function startMeter(clock: Clock, client: ClientSession, clientId: string): RequestMeter | undefined {
  const { quotas } = client
  return quotas && !quotas.isEmpty ? new RequestMeter(quotas, clock, client, clientId) : undefined
}

/** What one request takes: the time in which the broker does nothing else for it, and bytes. */
class RequestMeter {
  private readonly quotas: ClientQuotas
  private readonly clock: Clock
  private readonly session: ClientSession
  private readonly client: QuotaClient
  private startedMs: number
  private spentMs = 0
  private bytes = 0

  constructor(quotas: ClientQuotas, clock: Clock, session: ClientSession, clientId: string) {
    this.quotas = quotas
    this.clock = clock
    this.session = session
    this.client = { user: session.user, clientId }
    this.startedMs = clock.monotonicMs()
  }

  /** What is waited for costs nothing. */
  pause(): void {
    this.spentMs += this.clock.monotonicMs() - this.startedMs
  }

  resume(): void {
    this.startedMs = this.clock.monotonicMs()
  }

  /** Counts the request, and mutes the connection for the time it gives: 0 within the quotas. */
  charge(quota: ByteQuota | undefined, requestBytes: number, answer: readonly Buffer[] | undefined): number {
    this.pause()
    const percentOfSecond = this.spentMs / 10
    const byTimeMs = this.quotas.charge('request_percentage', this.client, percentOfSecond)
    const answerBytes = answer?.reduce((sum, piece) => sum + piece.length, 0) ?? 0
    this.bytes = quota === 'producer_byte_rate' ? requestBytes : answerBytes
    const byBytesMs = quota === undefined ? 0 : this.quotas.charge(quota, this.client, this.bytes)
    const throttleMs = Math.max(Math.min(byTimeMs, requestThrottleMsMax), byBytesMs)
    if (throttleMs > 0) this.session.mute(throttleMs, this.clock.monotonicMs())
    return throttleMs
  }

  takeBack(quota: ByteQuota | undefined): void {
    if (quota !== undefined) this.quotas.takeBack(quota, this.client, this.bytes)
  }
}

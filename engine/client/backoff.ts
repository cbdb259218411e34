import type { Random } from '../environment/index.ts'

export interface BackoffPolicy {
  readonly retryBackoffMs: number
  readonly retryBackoffMaxMs: number
}

const jitter = 0.2

/** The pause before retry number `attempt`, from 0: doubling up to the maximum, give or take a fifth (KIP-580). */
export function backoffMs(attempt: number, policy: BackoffPolicy, random: Random): number {
  const exponential = policy.retryBackoffMs * 2 ** Math.min(attempt, 30)
  const capped = Math.min(exponential, Math.max(policy.retryBackoffMs, policy.retryBackoffMaxMs))
  return capped * (1 - jitter + 2 * jitter * random.float())
}

import type { RequestContext } from '../handler.ts'

/** What a request may still change of topics and partitions (KIP-599). */
export interface MutationPermits {
  /** For so many partitions that come or go. False: the quota is used up, and it may not be done. */
  take(partitions: number): boolean
  /** How long the client is kept waiting for what was taken; mutes its connection for as long. */
  settle(): number
}

/** @param strictSince the version from which requests past the quota are refused; earlier ones are done, and held up after */
export function mutationPermits(context: RequestContext, strictSince: number): MutationPermits {
  const { client, clientId, version } = context
  const { quotas } = client
  if (!quotas || quotas.isEmpty) return unlimited
  const who = { user: client.user, clientId }
  return {
    take(partitions) {
      if (version >= strictSince && quotas.mutationThrottleMs(who) > 0) return false
      quotas.takeMutations(who, partitions)
      return true
    },
    settle() {
      const throttleMs = quotas.mutationThrottleMs(who)
      if (throttleMs > 0) client.mute(throttleMs, quotas.nowMs)
      return throttleMs
    },
  }
}

const unlimited: MutationPermits = { take: () => true, settle: () => 0 }

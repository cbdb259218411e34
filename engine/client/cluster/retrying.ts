import { backoffMs } from '../backoff.ts'
import { isRetriable } from '../kafka-error.ts'
import type { ClusterClient } from './cluster-client.ts'

/** Runs `attempt` until it gives a result, pausing longer each time, as long as its errors say that this may help. */
export async function retrying<T>(
  cluster: ClusterClient,
  timeoutMs: number,
  attempt: () => Promise<T>,
): Promise<T> {
  const { clock, timers, random } = cluster.environment
  const deadlineMs = clock.monotonicMs() + timeoutMs
  for (let tries = 0; ; tries++) {
    try {
      return await attempt()
    } catch (thrown) {
      const delayMs = backoffMs(tries, cluster.settings, random)
      if (cluster.isClosed || !isRetriable(thrown) || clock.monotonicMs() + delayMs > deadlineMs) throw thrown
      await timers.sleep(delayMs)
    }
  }
}

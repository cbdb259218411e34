import { MillraceError } from '../../base/errors.ts'
import type { Api } from '../../protocol/api.ts'
import { findCoordinator } from '../../protocol/apis/find-coordinator.ts'
import { errorCodes } from '../../protocol/error-codes.ts'
import type { Decoded, Field } from '../../protocol/schema.ts'
import { backoffMs } from '../backoff.ts'
import type { ClusterClient } from '../cluster/cluster-client.ts'
import type { Body, RequestOptions } from '../cluster/connection.ts'
import { checkCode, isRetriable } from '../kafka-error.ts'

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

/** The broker that keeps a group's state. */
export async function coordinatorOf(cluster: ClusterClient, groupId: string): Promise<number> {
  const answer = await cluster.requestAny(findCoordinator, (version) =>
    version >= 4 ? { coordinatorKeys: [groupId], keyType: 0 } : { key: groupId, keyType: 0 },
  )
  const found = answer.coordinators[0] ?? answer
  checkCode(found.errorCode, groupId, found.errorMessage)
  cluster.metadata.applyEndpoints([{ ...found, rack: null }])
  return found.nodeId
}

/** To the controller, where brokers name one that takes requests; any broker passes them on otherwise. */
export async function requestController<Request extends Field, Response extends Field>(
  cluster: ClusterClient,
  api: Api<Request, Response>,
  body: Body<Request>,
  options: RequestOptions = {},
): Promise<Decoded<Response>> {
  if (cluster.metadata.version === 0) await cluster.refresh()
  const { controllerId, brokers } = cluster.metadata
  if (!brokers.has(controllerId)) return cluster.requestAny(api, body, options)
  try {
    return await cluster.request(controllerId, api, body, options)
  } catch (thrown) {
    if (isRetriable(thrown)) cluster.refreshSoon()
    throw thrown
  }
}

/** As `checkCode`; a controller that has moved makes the next try look for it. */
export function checkControllerCode(
  cluster: ClusterClient,
  errorCode: number,
  where: string,
  message?: string | null,
): void {
  if (errorCode === errorCodes.NOT_CONTROLLER) cluster.refreshSoon()
  checkCode(errorCode, where, message)
}

export function notInAnswer(where: string): MillraceError {
  return new MillraceError({
    code: 'INCOMPLETE_ANSWER',
    what: 'the broker did not answer for all that was asked',
    where,
  })
}

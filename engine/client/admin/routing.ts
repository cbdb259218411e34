import { MillraceError } from '../../base/errors.ts'
import type { Api } from '../../protocol/api.ts'
import { errorCodes } from '../../protocol/error-codes.ts'
import type { Decoded, Field } from '../../protocol/schema.ts'
import type { ClusterClient } from '../cluster/cluster-client.ts'
import type { Body, RequestOptions } from '../cluster/connection.ts'
import { checkCode, isRetriable } from '../kafka-error.ts'

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

/** That a topic is unknown does not pass with time here, as nobody is about to make it. */
export function checkNamed(
  cluster: ClusterClient,
  errorCode: number,
  where: string,
  message: string | null,
): void {
  try {
    checkControllerCode(cluster, errorCode, where, message)
  } catch (thrown) {
    if (errorCode === errorCodes.UNKNOWN_TOPIC_OR_PARTITION) throw final(thrown)
    throw thrown
  }
}

function final(thrown: unknown): MillraceError {
  const error = MillraceError.from(thrown)
  return new MillraceError({ ...error.toJSON(), details: { ...error.details, retriable: false } })
}

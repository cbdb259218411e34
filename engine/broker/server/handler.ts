import type { AnyApi, Api } from '../../protocol/api.ts'
import { decodeRequest, encodeResponse, type RequestHeader } from '../../protocol/frames.ts'
import type { Decoded, Encodable, Field } from '../../protocol/schema.ts'
import type { ClientSession } from './client-session.ts'
import type { BrokerContext } from './context.ts'

export interface RequestContext {
  readonly version: number
  readonly clientId: string
  readonly client: ClientSession
}

/** One API at work: a request's bytes in, the answer's pieces out. */
export interface Handler {
  readonly api: AnyApi
  /** May begin before earlier requests of the connection have been answered, after others of its kind. */
  readonly isPipelined: boolean
  /** Undefined: the client wants no answer. */
  run(
    broker: BrokerContext,
    header: RequestHeader,
    frame: Buffer,
    client: ClientSession,
  ): Promise<Buffer[] | undefined>
}

type Answer<Response> = Response | undefined | Promise<Response | undefined>

export function handler<Request extends Field, Response extends Field>(
  api: Api<Request, Response>,
  handle: (
    broker: BrokerContext,
    request: Decoded<Request>,
    context: RequestContext,
  ) => Answer<Encodable<Response>>,
  options: { readonly isPipelined?: boolean } = {},
): Handler {
  return {
    api,
    isPipelined: options.isPipelined ?? false,
    async run(broker, header, frame, client) {
      const request = decodeRequest(api, header, frame)
      const { apiVersion: version, clientId, correlationId } = header
      const response = await handle(broker, request, { version, clientId: clientId ?? '', client })
      return response === undefined ? undefined : encodeResponse(api, version, correlationId, response)
    },
  }
}

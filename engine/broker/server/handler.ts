import type { AnyApi, Api } from '../../protocol/api.ts'
import { decodeRequest, encodeResponse, type RequestHeader } from '../../protocol/frames.ts'
import type { Decoded, Encodable, Field } from '../../protocol/schema.ts'
import type { ClientSession } from './client-session.ts'
import type { BrokerContext } from './context.ts'
import { startMeter } from './quotas/meter.ts'

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

export interface HandlerOptions<Response> {
  readonly isPipelined?: boolean
  /** Which quota the bytes count for: of the request for producers, of the answer for consumers. */
  readonly quota?: 'producer_byte_rate' | 'consumer_byte_rate'
  /** What is answered to a client past its quota, in place of the answer, which then counts for nothing. */
  readonly whenThrottled?: Response
}

export function handler<Request extends Field, Response extends Field>(
  api: Api<Request, Response>,
  handle: (
    broker: BrokerContext,
    request: Decoded<Request>,
    context: RequestContext,
  ) => Answer<Encodable<Response>>,
  options: HandlerOptions<Encodable<Response>> = {},
): Handler {
  return {
    api,
    isPipelined: options.isPipelined ?? false,
    async run(broker, header, frame, client) {
      const { apiVersion: version, clientId, correlationId } = header
      const meter = startMeter(broker.environment.clock, client, clientId ?? '')
      const request = decodeRequest(api, header, frame)
      const handled = handle(broker, request, { version, clientId: clientId ?? '', client })
      meter?.pause()
      const response = await handled
      meter?.resume()
      const pieces = response && encodeResponse(api, version, correlationId, response)
      if (!meter) return pieces
      const throttleTimeMs = meter.charge(options.quota, frame.length, pieces)
      if (throttleTimeMs === 0 || response === undefined) return pieces
      if (options.whenThrottled) meter.takeBack(options.quota)
      const told: Encodable<Response> = { ...(options.whenThrottled ?? response), throttleTimeMs }
      return encodeResponse(api, version, correlationId, told)
    },
  }
}

import type { AnyApi, Api } from './api.ts'
import { apiByKey } from './apis/index.ts'
import { inside } from './faults.ts'
import { Reader } from './reader.ts'
import type { Decoded, Encodable, Field } from './schema.ts'
import { Writer } from './writer.ts'

/** ApiVersions answers with response header v0 in every version, so that a client of any age can read it (KIP-511). */
const apiVersionsKey = 18
/** A cluster of others, which is trusted more than any client, may have millions of partitions. */
const responseElementsMax = 2 ** 23

export interface RequestHeader {
  readonly apiKey: number
  readonly apiVersion: number
  readonly correlationId: number
  readonly clientId: string | null
  /** Where the body starts. Holds only if we know the API and the version: unknown ones may have more header. */
  readonly bodyPosition: number
}

/** The whole request with its length in front, as pieces for a gather write. */
export function encodeRequest<Request extends Field>(
  api: Api<Request, Field>,
  version: number,
  header: { readonly correlationId: number; readonly clientId: string | null },
  body: Encodable<Request>,
): Buffer[] {
  const writer = new Writer()
  writer.int32(0)
  writer.int16(api.key)
  writer.int16(version)
  writer.int32(header.correlationId)
  writer.nullableString(header.clientId)
  if (api.request.isFlexible(version)) writer.uvarint(0)
  try {
    api.request.write(writer, version, body)
  } catch (thrown) {
    throw inside(title(api, version, 'request'), thrown)
  }
  return writer.finishFrame()
}

/** The header of a request; `frame` comes without its length. @throws MillraceError MALFORMED_FRAME */
export function decodeRequestHeader(frame: Buffer): RequestHeader {
  const reader = new Reader(frame)
  try {
    const apiKey = reader.int16()
    const apiVersion = reader.int16()
    const correlationId = reader.int32()
    const clientId = reader.nullableString()
    const api = apiByKey(apiKey)
    if (api !== undefined && knows(api, apiVersion) && api.request.isFlexible(apiVersion)) {
      reader.skipTaggedFields()
    }
    return { apiKey, apiVersion, correlationId, clientId, bodyPosition: reader.position }
  } catch (thrown) {
    throw inside('request header', thrown)
  }
}

/**
 * The body of a request. Bytes in it are views into the frame. Bytes after it are ignored, as Kafka does.
 * @throws MillraceError MALFORMED_FRAME, UNSUPPORTED_VERSION
 */
export function decodeRequest<Request extends Field>(
  api: Api<Request, Field>,
  header: Pick<RequestHeader, 'apiVersion' | 'bodyPosition'>,
  frame: Buffer,
): Decoded<Request> {
  try {
    return api.request.read(new Reader(frame, header.bodyPosition), header.apiVersion)
  } catch (thrown) {
    throw inside(title(api, header.apiVersion, 'request'), thrown)
  }
}

/** The whole response with its length in front, as pieces for a gather write. */
export function encodeResponse<Response extends Field>(
  api: Api<Field, Response>,
  version: number,
  correlationId: number,
  body: Encodable<Response>,
): Buffer[] {
  const writer = new Writer()
  writer.int32(0)
  writer.int32(correlationId)
  if (hasFlexibleResponseHeader(api, version)) writer.uvarint(0)
  try {
    api.response.write(writer, version, body)
  } catch (thrown) {
    throw inside(title(api, version, 'response'), thrown)
  }
  return writer.finishFrame()
}

/** The correlation id, to find out which request a response answers; `frame` comes without its length. */
export function correlationIdOf(frame: Buffer): number {
  return new Reader(frame).int32()
}

/**
 * A response; `frame` comes without its length. Bytes in it are views into the frame.
 * @throws MillraceError MALFORMED_FRAME, UNSUPPORTED_VERSION
 */
export function decodeResponse<Response extends Field>(
  api: Api<Field, Response>,
  version: number,
  frame: Buffer,
): { correlationId: number; body: Decoded<Response> } {
  try {
    const reader = new Reader(frame, 0, frame.length, responseElementsMax)
    const correlationId = reader.int32()
    if (hasFlexibleResponseHeader(api, version)) reader.skipTaggedFields()
    return { correlationId, body: api.response.read(reader, version) }
  } catch (thrown) {
    throw inside(title(api, version, 'response'), thrown)
  }
}

function hasFlexibleResponseHeader(api: AnyApi, version: number): boolean {
  return api.key !== apiVersionsKey && api.request.isFlexible(version)
}

function knows(api: AnyApi, version: number): boolean {
  return version >= api.versions[0] && version <= api.versions[1]
}

function title(api: AnyApi, version: number, kind: string): string {
  return `${api.name} v${version} ${kind}`
}

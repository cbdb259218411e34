import { MillraceError } from '../base/errors.ts'
import { compileStruct } from './compile-schema.ts'
import type { Reader } from './reader.ts'
import type { Decoded, Encodable, Field } from './schema.ts'
import type { Codec } from './value-codecs.ts'
import type { Writer } from './writer.ts'

/** A schema with its versions, which can be read and written. */
export interface Message<F extends Field> {
  readonly name: string
  readonly schema: F
  readonly versions: readonly [first: number, last: number]
  isFlexible(version: number): boolean
  /** @throws MillraceError MALFORMED_FRAME, UNSUPPORTED_VERSION */
  read(reader: Reader, version: number): Decoded<F>
  /** @throws MillraceError CANNOT_ENCODE, UNSUPPORTED_VERSION */
  write(writer: Writer, version: number, value: Encodable<F>): void
}

export interface Api<Request extends Field = Field, Response extends Field = Field> {
  readonly key: number
  readonly name: string
  /** Versions that can be read and written, both inclusive. */
  readonly versions: readonly [first: number, last: number]
  /** What ApiVersions says of it; wider than `versions` where clients need a lower bound that is never served. */
  readonly advertised: readonly [first: number, last: number]
  readonly request: Message<Request>
  readonly response: Message<Response>
}

/** Any API, where only its key, name and versions matter. */
export type AnyApi = Pick<Api, 'key' | 'name' | 'versions' | 'advertised'> & {
  readonly request: Pick<Message<Field>, 'isFlexible'>
}

export type RequestOf<A extends { request: { schema: Field } }> = Decoded<A['request']['schema']>
export type ResponseOf<A extends { response: { schema: Field } }> = Decoded<A['response']['schema']>
/** What may be given to encode a request: fields with a default may be left out. */
export type RequestInput<A extends { request: { schema: Field } }> = Encodable<A['request']['schema']>
export type ResponseInput<A extends { response: { schema: Field } }> = Encodable<A['response']['schema']>

interface MessageParts<F extends Field> {
  readonly name: string
  readonly versions: readonly [first: number, last: number]
  /** First version with compact lengths and tagged fields; left out: none. */
  readonly flexibleFrom?: number
  readonly schema: F
}

export function message<F extends Field>(parts: MessageParts<F>): Message<F> {
  const { name, schema, versions } = parts
  const flexibleFrom = parts.flexibleFrom ?? Number.POSITIVE_INFINITY
  const codecs: (Codec | undefined)[] = []
  const codec = (version: number): Codec => codecs[version] ?? compile(version)
  const compile = (version: number): Codec => {
    if (!(version >= versions[0] && version <= versions[1])) throw unsupported(name, versions, version)
    const made = compileStruct(schema, version, version >= flexibleFrom)
    codecs[version] = made
    return made
  }
  return {
    name,
    schema,
    versions,
    isFlexible: (version) => version >= flexibleFrom,
    read: (reader, version) => codec(version).read(reader) as Decoded<F>,
    write: (writer, version, value) => codec(version).write(writer, value),
  }
}

interface ApiParts<Request extends Field, Response extends Field> {
  readonly key: number
  readonly name: string
  readonly versions: readonly [first: number, last: number]
  readonly advertised?: readonly [first: number, last: number]
  readonly flexibleFrom?: number
  readonly request: Request
  readonly response: Response
}

export function api<Request extends Field, Response extends Field>(
  parts: ApiParts<Request, Response>,
): Api<Request, Response> {
  const { key, name, versions, flexibleFrom } = parts
  return {
    key,
    name,
    versions,
    advertised: parts.advertised ?? versions,
    request: message({ name: `${name} request`, versions, flexibleFrom, schema: parts.request }),
    response: message({ name: `${name} response`, versions, flexibleFrom, schema: parts.response }),
  }
}

function unsupported(name: string, versions: readonly [number, number], version: number): MillraceError {
  return new MillraceError({
    code: 'UNSUPPORTED_VERSION',
    what: `${name} has no version ${version}`,
    remedy: `use version ${versions[0]} to ${versions[1]}`,
    details: { version, first: versions[0], last: versions[1] },
  })
}

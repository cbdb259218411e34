import { readFileSync } from 'node:fs'
import type { Field, FieldType } from '../../engine/protocol/schema.ts'

export type Json = null | boolean | number | string | Json[] | { [name: string]: Json }

/** See `java/GoldenFrames.java`. */
export type Filling = 'full' | 'nulls' | 'empty' | 'unknown' | 'limits' | 'defaults'

export interface GoldenFrame {
  readonly api: number
  readonly version: number
  readonly kind: 'request' | 'response'
  readonly filling: Filling
  readonly correlationId: number
  readonly clientId?: string | null
  readonly hex: string
  readonly body: Json
}

export interface GoldenPayload {
  readonly payload: string
  readonly version: number
  readonly filling: string
  readonly hex: string
  readonly body: Json
}

export interface GoldenRecord {
  readonly record: string
  readonly type: number
  readonly version: number
  readonly filling: Filling
  readonly hex: string
  readonly body: Json
}

export function readGolden<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(name, import.meta.url), 'utf8')) as T
}

/** What decoding must give for the JSON that Kafka's codec was fed with: absent fields hold their default. */
export function expectedValue(type: FieldType, json: Json | undefined): unknown {
  if (json === null || json === undefined) return json
  switch (type.kind) {
    case 'struct': {
      const given = json as Record<string, Json>
      for (const name of Object.keys(given)) if (!(name in type.fields)) throw new Error(`no field ${name}`)
      return Object.fromEntries(
        Object.entries(type.fields).map(([name, field]) => [
          name,
          name in given ? expectedValue(field.type, given[name]) : expectedDefault(field),
        ]),
      )
    }
    case 'array':
      return (json as Json[]).map((item) => expectedValue(type.of, item))
    case 'int64Bits':
      return BigInt(json as string)
    case 'uuid':
      return uuidText(json as string)
    case 'bytes':
    case 'records':
      return Buffer.from(json as string, 'base64')
    default:
      return json
  }
}

function expectedDefault(field: Field): unknown {
  if (field.options.default !== undefined) return field.options.default
  switch (field.type.kind) {
    case 'struct':
      return expectedValue(field.type, {})
    case 'array':
      return []
    case 'string':
      return ''
    case 'uuid':
      return '00000000-0000-0000-0000-000000000000'
    case 'boolean':
      return false
    case 'int64Bits':
      return 0n
    case 'bytes':
    case 'records':
      return Buffer.alloc(0)
    default:
      return 0
  }
}

/** Kafka writes uuids as 22 characters of URL-safe base64. */
function uuidText(base64: string): string {
  const hex = Buffer.from(base64, 'base64url').toString('hex')
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

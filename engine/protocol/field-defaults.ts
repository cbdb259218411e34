import { zeroUuid } from './reader.ts'
import type { Field, Fields, ScalarKind } from './schema.ts'

/** What a field holds when it is absent: made anew for what can be changed. */
export interface Default {
  make(): unknown
  equals(value: unknown): boolean
}

const empty = Buffer.alloc(0)

export function defaultOf(field: Field): Default {
  const { type, options } = field
  const given = options.default
  if (given === null || (type.kind !== 'struct' && type.kind !== 'array' && given !== undefined)) {
    return { make: () => given, equals: (value) => value === given }
  }
  switch (type.kind) {
    case 'struct':
      return structDefault(type.fields)
    case 'array':
      return { make: () => [], equals: (value) => Array.isArray(value) && value.length === 0 }
    case 'bytes':
    case 'records':
      return { make: () => empty, equals: (value) => value instanceof Uint8Array && value.length === 0 }
    default:
      return plainDefault(type.kind)
  }
}

const zeros: Readonly<Partial<Record<ScalarKind, unknown>>> = {
  string: '',
  uuid: zeroUuid,
  boolean: false,
  int64Bits: 0n,
}

function plainDefault(kind: Exclude<ScalarKind, 'bytes' | 'records'>): Default {
  const made = zeros[kind] ?? 0
  return { make: () => made, equals: (value) => value === made }
}

function structDefault(fields: Fields): Default {
  const defaults = Object.entries(fields).map(([name, field]) => ({ name, fallback: defaultOf(field) }))
  const template = Object.fromEntries(defaults.map(({ name, fallback }) => [name, fallback.make()]))
  const madeAnew = defaults.filter(({ name }) => isChangeable(template[name]))
  return {
    make() {
      const made = { ...template }
      for (const { name, fallback } of madeAnew) made[name] = fallback.make()
      return made
    },
    equals: (value) =>
      value !== null &&
      defaults.every(({ name, fallback }) => {
        const given = (value as Readonly<Record<string, unknown>>)[name]
        return given === undefined || fallback.equals(given)
      }),
  }
}

/** It must not be shared between messages. */
export function isChangeable(value: unknown): boolean {
  return typeof value === 'object' && value !== null
}

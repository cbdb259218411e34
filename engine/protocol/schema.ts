/**
 * The language in which messages are described. A schema is data; its TypeScript types follow from it: `Decoded`
 * has every field (those that a version lacks hold their default), `Encodable` may leave out every field that has
 * a default or is not in all versions.
 */
export interface FieldOptions<T> {
  /** First version of the message that has the field; 0 if left out. */
  readonly since?: number
  /** Last version that has it; all that follow if left out. */
  readonly until?: number
  /** First version in which it may be null. */
  readonly nullableSince?: number
  /** What an absent field holds; left out: 0, '', false, nothing in it, the zero uuid. */
  readonly default?: T | null
  /** May be dropped silently in versions that lack it, whatever it holds. */
  readonly ignorable?: boolean
  /** It is a tagged field of flexible versions, with this tag, and sent only when it differs from its default. */
  readonly tag?: number
}

export type ScalarKind =
  | 'boolean'
  | 'int8'
  | 'int16'
  | 'uint16'
  | 'int32'
  | 'int64'
  | 'int64OrUnlimited'
  | 'int64Bits'
  | 'float64'
  | 'uuid'
  | 'string'
  | 'bytes'
  | 'records'

export type FieldType =
  | { readonly kind: ScalarKind }
  | { readonly kind: 'array'; readonly of: FieldType }
  | { readonly kind: 'struct'; readonly fields: Fields }

export interface Field<Out = unknown, In = unknown, Optional extends boolean = boolean> {
  readonly type: FieldType
  readonly options: FieldOptions<unknown>
  /** Never there at run time: carries the types. */
  readonly types?: { readonly decoded: Out; readonly encodable: In; readonly optional: Optional }
}

export type Fields = Readonly<Record<string, Field>>

type Types<F extends Field> = NonNullable<F['types']>
type OptionalKeys<F extends Fields> = {
  [K in keyof F]: Types<F[K]>['optional'] extends true ? K : never
}[keyof F]

export type DecodedFields<F extends Fields> = { -readonly [K in keyof F]: Types<F[K]>['decoded'] }
export type EncodableFields<F extends Fields> = {
  readonly [K in Exclude<keyof F, OptionalKeys<F>>]: Types<F[K]>['encodable']
} & { readonly [K in OptionalKeys<F>]?: Types<F[K]>['encodable'] }

/** What decoding a message gives. */
export type Decoded<F extends Field> = Types<F>['decoded']
/** What encoding a message takes. */
export type Encodable<F extends Field> = Types<F>['encodable']

type NoOptions = Record<never, never>
type OrNull<T, O> = O extends { readonly nullableSince: number } ? T | null : T
type IsOptional<O> = O extends
  | { readonly since: number }
  | { readonly until: number }
  | { readonly default: unknown }
  | { readonly tag: number }
  ? true
  : false
type Made<Out, In, O> = Field<OrNull<Out, O>, OrNull<In, O>, IsOptional<O>>

function scalar<Out, In = Out>(kind: ScalarKind) {
  return <const O extends FieldOptions<In> = NoOptions>(options?: O): Made<Out, In, O> => ({
    type: { kind },
    options: options ?? {},
  })
}

export const boolean = scalar<boolean>('boolean')
export const int8 = scalar<number>('int8')
export const int16 = scalar<number>('int16')
export const uint16 = scalar<number>('uint16')
export const int32 = scalar<number>('int32')
/** A number; int64s beyond the safe integers are malformed. */
export const int64 = scalar<number>('int64')
/** An int64 whose greatest value means "no limit": Infinity. */
export const int64OrUnlimited = scalar<number>('int64OrUnlimited')
/** An int64 that is no count but a pattern of 64 bits, such as a hash. */
export const int64Bits = scalar<bigint>('int64Bits')
export const float64 = scalar<number>('float64')
/** The usual text form, lower case. */
export const uuid = scalar<string>('uuid')
export const string = scalar<string>('string')
/** Decoded as a view into the frame. */
export const bytes = scalar<Buffer, Uint8Array>('bytes')
/** Record batches as they lie in a log: a view when decoded; one buffer or pieces, sent uncopied, when encoded. */
export const records = scalar<Buffer, Uint8Array | readonly Uint8Array[]>('records')

export function array<Out, In, const O extends FieldOptions<readonly In[]> = NoOptions>(
  of: Field<Out, In>,
  options?: O,
): Made<Out[], readonly In[], O> {
  return { type: { kind: 'array', of: of.type }, options: options ?? {} }
}

export function struct<const F extends Fields, const O extends FieldOptions<never> = NoOptions>(
  fields: F,
  options?: O,
): Made<DecodedFields<F>, EncodableFields<F>, O> {
  return { type: { kind: 'struct', fields }, options: options ?? {} }
}

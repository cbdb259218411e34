/**
 * What a node kind is. A definition is data for palette, form, validation, docs, typing and export; it has no runtime, so
 * that the renderer can load it. `engine/nodes/<kind>/definition.ts` exports one as `definition`.
 */
import type { NodeConfig } from './document.ts'

export type Category = 'source' | 'transform' | 'state' | 'join' | 'sink'

/** What a port carries; a stream input never takes a table, and so on. Each has its own handle shape. */
export type PortType = 'stream' | 'table' | 'windowed-table'

export interface PortSpec {
  /** `in`, `out`, `left`, `right`, or a branch's name. */
  readonly name: string
  readonly label: string
  readonly type: PortType
  /** Inputs: other types taken too, converted on the way (a table as the stream of its updates). */
  readonly alsoTakes?: readonly PortType[]
  /** Inputs: how many edges may end here; default 1. */
  readonly edgesMax?: number
  /** Inputs: without an edge the node cannot run; default true. */
  readonly required?: boolean
}

export interface NodeDefinition {
  readonly kind: string
  readonly category: Category
  readonly title: string
  /** One line in the palette. */
  readonly summary: string
  /** Place within its category in the palette; lower first, then by title. Default 50. */
  readonly order?: number
  /** Name of a lucide icon, kebab-case. */
  readonly icon: string
  /** A paragraph or two of Markdown: what it does, when it drops records, what it keeps. */
  readonly docs: string
  readonly fields: readonly FieldSpec[]
  ports(config: NodeConfig): { readonly inputs: readonly PortSpec[]; readonly outputs: readonly PortSpec[] }
  /** The node's body: its configuration as a sentence. */
  sentence(config: NodeConfig): readonly SentencePart[]
  /** Problems that the fields' own rules do not find. */
  check?(config: NodeConfig): readonly ConfigProblem[]
  /**
   * The TypeScript types of what leaves each output, as texts. Absent: what came in through the first input.
   */
  types?(config: NodeConfig, scope: TypeScope): Readonly<Record<string, FlowType>>
  /** Opens the code editor on double click: the field that holds the file's path. */
  readonly codeField?: string
}

/**
 * Texts of TypeScript types. In them these helpers may be used: `Item<T>` what an iterable holds, `First<T>` and `Second<T>`
 * of a pair, `Windowed<K>`, `NumberOrNull<T>` a mean or extreme of such figures.
 */
export interface FlowType {
  readonly key: string
  readonly value: string
}

export interface TypeScope {
  /** By input port; absent while nothing is connected. Several edges into one port give the union. */
  readonly inputs: Readonly<Record<string, FlowType | undefined>>
  /**
   * The type of an expression's result, as a type text; problems in it are reported at the field.
   * `names` default to key, value, timestamp, headers of the first input. The name `$result` is not in scope: it is the type
   * that the result must be assignable to. Expression fields that are never asked for here are checked with the default names.
   */
  expression(field: string, text: string, names?: Readonly<Record<string, string>>): string
  /** Types of a processor module's in and out. */
  module(field: string, path: string): { readonly output: FlowType }
}

export type SentencePart = string | { readonly code: string }

export interface ConfigProblem {
  /** Path into the config: `size`, `functions.0.expr`. */
  readonly field: string
  readonly code: string
  readonly what: string
  readonly remedy: string
}

interface FieldBase {
  readonly name: string
  readonly label: string
  readonly help?: string
  readonly required?: boolean
  /** Shown only when it holds: field name → one of these values. */
  readonly when?: Readonly<Record<string, readonly (string | boolean)[]>>
  /** Half a row in the form. */
  readonly half?: boolean
}

export type FieldSpec =
  | (FieldBase & {
      readonly type: 'text'
      readonly default?: string
      readonly placeholder?: string
      readonly pattern?: string
    })
  | (FieldBase & {
      readonly type: 'number'
      readonly default?: number
      readonly min?: number
      readonly max?: number
      readonly integer?: boolean
      readonly unit?: string
    })
  /** Stored in milliseconds. */
  | (FieldBase & {
      readonly type: 'duration'
      /** A share of the field `of`, which stands before this one: the `by`th part, and 1 ms at least. */
      readonly default?: number | { readonly of: string; readonly by: number }
      readonly min?: number
    })
  | (FieldBase & { readonly type: 'boolean'; readonly default: boolean })
  | (FieldBase & {
      readonly type: 'select'
      readonly default: string
      readonly options: readonly { readonly value: string; readonly label: string }[]
    })
  /** A JavaScript expression; sees `key`, `value`, `timestamp`, `headers` unless `sees` says otherwise. */
  | (FieldBase & {
      readonly type: 'expression'
      readonly default?: string
      readonly sees?: readonly string[]
      readonly placeholder?: string
    })
  | (FieldBase & { readonly type: 'topic'; readonly default?: string })
  /** A path relative to the pipeline's folder. */
  | (FieldBase & {
      readonly type: 'file'
      readonly extensions?: readonly string[]
      readonly default?: string
    })
  | (FieldBase & { readonly type: 'code'; readonly default?: string })
  /** The text of a TypeScript type. */
  | (FieldBase & { readonly type: 'type'; readonly default: string })
  /** JSON text of any shape. */
  | (FieldBase & { readonly type: 'json'; readonly default?: string })
  | (FieldBase & {
      readonly type: 'list'
      readonly item: readonly FieldSpec[]
      readonly default?: readonly NodeConfig[]
      readonly min?: number
      readonly addLabel: string
    })

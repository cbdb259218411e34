/**
 * What a processor's file may import, as declarations for the type checker and the editor: the part of `engine/streams` that
 * processors meet. `millrace-module.test.ts` holds the two together.
 */
export const millraceModuleBody = `export type Headers = readonly (readonly [name: string, value: Uint8Array | null])[]

export interface StreamRecord<K = unknown, V = unknown> {
  readonly key: K
  readonly value: V
  /** Event time, milliseconds since the epoch. */
  readonly timestampMs: number
  readonly headers: Headers
}

export interface Windowed<K> {
  readonly key: K
  readonly windowStartMs: number
  readonly windowEndMs: number
}

export interface KeyValueStore<K, V> {
  readonly name: string
  get(key: K): V | undefined
  /** null or undefined deletes. */
  put(key: K, value: V | null | undefined): void
  delete(key: K): void
  /** In order of the keys' bytes. */
  entries(): Iterable<readonly [K, V]>
}

export interface ProcessorContext<K2 = unknown, V2 = unknown> {
  /** Missing fields are those of the record being processed. */
  forward(record: {
    readonly key?: K2
    readonly value: V2
    readonly timestampMs?: number
    readonly headers?: Headers
  }): void
  /** A store that the node names. */
  store<SK = unknown, SV = unknown>(name: string): KeyValueStore<SK, SV>
  schedule(
    everyMs: number,
    clock: 'stream-time' | 'wall-clock',
    punctuate: (timestampMs: number) => void,
    options?: { readonly startTimeMs?: number },
  ): { cancel(): void }
  readonly streamTimeMs: number
  readonly wallClockMs: number
  readonly task: string
  readonly partition: number
}

export interface Processor<K = unknown, V = unknown, K2 = unknown, V2 = unknown> {
  init?(context: ProcessorContext<K2, V2>): void
  process(record: StreamRecord<K, V>, context: ProcessorContext<K2, V2>): void
  close?(): void
}

export type ProcessorSupplier<VIn = unknown, VOut = unknown, KIn = string, KOut = KIn> = () => Processor<
  KIn,
  VIn,
  KOut,
  VOut
>

/** The default export of a processor's file: values in and out, then keys in and out. */
export function processor<VIn = unknown, VOut = unknown, KIn = string, KOut = KIn>(
  process: (record: StreamRecord<KIn, VIn>, context: ProcessorContext<KOut, VOut>) => void,
): ProcessorSupplier<VIn, VOut, KIn, KOut>
`

/** Names that the engine itself provides everywhere. */
export const globalDeclarations = `declare const console: {
  log(...values: unknown[]): void
  warn(...values: unknown[]): void
  error(...values: unknown[]): void
}
`

export const millraceDeclarations = `declare module 'millrace' {\n${millraceModuleBody}}\n${globalDeclarations}`

/** `interface Flow` with the values that flow into each node, by node id. */
export function flowDeclarations(values: readonly (readonly [node: string, type: string])[]): string {
  const members = values.map(([node, type]) => `    readonly ${JSON.stringify(node)}: ${type}\n`).join('')
  return `declare module 'millrace/flow' {\n  export interface Flow {\n${members}  }\n}\n`
}

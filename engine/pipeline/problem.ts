/** A finding about a document; listed, shown at its node, and printed by `millrace validate`. */
export interface Problem {
  /** Stable: `MR-101`. The table stands in `problem-codes.ts`. */
  readonly code: string
  readonly severity: 'error' | 'warning'
  readonly what: string
  readonly remedy: string
  readonly node?: string
  readonly edge?: string
  /** Path into the node's config. */
  readonly field?: string
  /** In a processor's file. */
  readonly file?: { readonly path: string; readonly line: number; readonly column: number }
}

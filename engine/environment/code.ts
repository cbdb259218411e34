/** Turning users' TypeScript into something that runs, and running it. */
export interface CodeLoader {
  /**
   * Bundles a TypeScript module and what it imports from its own folder. Imports of `millrace` and its sub-paths stay
   * external. Syntax errors are returned, not thrown.
   */
  bundle(entryPath: string): Promise<BundledCode>
  /** Has the bundler up, so that the first `bundle` does not wait for it. */
  warmUp(): Promise<void>
  /** Evaluates a bundle and gives its exports; `provided` are the modules that it may import. */
  load(bundle: BundledCode, provided: Readonly<Record<string, object>>): Record<string, unknown>
  /**
   * The place in the user's own file that an error thrown by loaded code points at: the innermost frame of its stack
   * that lies in a bundle, through the source map. Undefined when no frame does.
   */
  locate(error: unknown): CodePlace | undefined
  /** A function from the text of a JavaScript expression. @throws MillraceError BAD_EXPRESSION with line and column */
  expression(text: string, parameterNames: readonly string[]): (...values: unknown[]) => unknown
}

export interface BundledCode {
  readonly entryPath: string
  /** CommonJS text. */
  readonly text: string
  readonly sourceMap: string
  readonly problems: readonly CodeProblem[]
}

/** Line and column count from 1. */
export interface CodePlace {
  readonly path: string
  readonly line: number
  readonly column: number
}

export interface CodeProblem extends CodePlace {
  readonly text: string
}

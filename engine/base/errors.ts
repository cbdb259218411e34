/**
 * The one error type that crosses module borders. Every error a person can meet says what happened, where,
 * and what to do, and carries a stable code that programs and tests compare.
 */
export interface ErrorParts {
  /** Stable, UPPER_SNAKE. Never changes once released. */
  readonly code: string
  /** What went wrong, as a clause without a full stop. */
  readonly what: string
  /** The place: a file, `file:line`, a node id, `host:port`, a topic-partition. */
  readonly where?: string
  /** What the person can do about it. */
  readonly remedy?: string
  /** Machine-readable facts that travel with the error; must survive `JSON.stringify`. */
  readonly details?: Readonly<Record<string, unknown>>
  readonly cause?: unknown
}

export class MillraceError extends Error {
  readonly code: string
  readonly what: string
  readonly where: string | undefined
  readonly remedy: string | undefined
  readonly details: Readonly<Record<string, unknown>> | undefined

  constructor(parts: ErrorParts) {
    super(describe(parts), parts.cause === undefined ? undefined : { cause: parts.cause })
    this.name = 'MillraceError'
    this.code = parts.code
    this.what = parts.what
    this.where = parts.where
    this.remedy = parts.remedy
    this.details = parts.details
  }

  /** A plain object that can be sent over a wire and given back to `MillraceError.from`. */
  toJSON(): ErrorParts {
    return { code: this.code, what: this.what, where: this.where, remedy: this.remedy, details: this.details }
  }

  /** The error as it is; anything else becomes an error with code `INTERNAL` that keeps it as its cause. */
  static from(thrown: unknown, fallback?: Partial<ErrorParts>): MillraceError {
    if (thrown instanceof MillraceError) return thrown
    const what = thrown instanceof Error ? thrown.message : String(thrown)
    return new MillraceError({ code: 'INTERNAL', what, ...fallback, cause: thrown })
  }
}

/** `what, where: what to do` — the text after `error CODE: ` on the command line. */
function describe(parts: ErrorParts): string {
  const where = parts.where === undefined ? '' : `, ${parts.where}`
  const remedy = parts.remedy === undefined ? '' : `: ${parts.remedy}`
  return `${parts.what}${where}${remedy}`
}

export function isMillraceError(thrown: unknown, code?: string): thrown is MillraceError {
  return thrown instanceof MillraceError && (code === undefined || thrown.code === code)
}

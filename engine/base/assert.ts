/** A programmer's mistake, not a user's: users meet `MillraceError`. */
export class AssertionFailure extends Error {
  override name = 'AssertionFailure'
}

export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new AssertionFailure(message)
}

/** For the end of an exhaustive switch. */
export function unreachable(value: never): never {
  throw new AssertionFailure(`unreachable: ${JSON.stringify(value)}`)
}

/** An int64 from the wire as a number. @throws AssertionFailure outside ±(2^53 − 1). */
export function safeNumber(value: bigint): number {
  const number = Number(value)
  assert(Number.isSafeInteger(number), `int64 ${value} is beyond the safe integers`)
  return number
}

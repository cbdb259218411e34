/** JSON whose numbers may be larger, or finer, than JavaScript can hold. */

/** Undefined where printing it again would give other numbers. @throws SyntaxError */
export function parsedIfExact(text: string): { readonly value: unknown } | undefined {
  let isExact = true
  const value: unknown = JSON.parse(text, (_key, each: unknown, context?: { readonly source?: string }) => {
    if (typeof each === 'number' && !isSame(context?.source, each)) isExact = false
    return each
  })
  return isExact ? { value } : undefined
}

/** Whole numbers beyond 2^53 become BigInt. @throws SyntaxError */
export function parsedWithBigInts(text: string): unknown {
  return JSON.parse(text, (_key, each: unknown, context?: { readonly source?: string }) => {
    const source = context?.source ?? ''
    return typeof each === 'number' && /^-?\d+$/.test(source) && !isSame(source, each) ? BigInt(source) : each
  })
}

function isSame(source: string | undefined, value: number): boolean {
  return source === undefined || significant(source) === significant(String(value))
}

/** Sign, digits without zeros around them, and power of ten: the same for all ways to write one number. */
function significant(text: string): string {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text) ?? []
  const all = (whole + fraction).replace(/^0+/, '')
  const digits = all.replace(/0+$/, '')
  if (digits === '') return '0'
  return `${sign}${digits}e${Number(exponent) - fraction.length + all.length - digits.length}`
}

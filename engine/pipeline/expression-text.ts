/** The text of an expression as it may stand within other code: in parentheses where it would run into its surroundings. */
export function operand(expr: string): string {
  const text = expr.trim()
  if (text.includes('\n') || text.includes('//')) return `(\n${text}\n)`
  return text.startsWith('{') || hasBareComma(text) ? `(${text})` : text
}

/** A comma outside of all brackets and texts: `a, b`. */
function hasBareComma(text: string): boolean {
  let depth = 0
  for (const [piece] of text.matchAll(/'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|`(?:[^`\\]|\\.)*`|[()[\]{},]/g)) {
    if ('([{'.includes(piece)) depth++
    else if (')]}'.includes(piece)) depth--
    else if (piece === ',' && depth === 0) return true
  }
  return false
}

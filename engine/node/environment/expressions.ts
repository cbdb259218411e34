import { compileFunction } from 'node:vm'
import { MillraceError } from '../../base/errors.ts'

const fileName = 'expression'
const before = 'return (\n'
const linesBefore = 1

/**
 * A function from an expression's text. The text stands on lines of its own, so that places in it are its own lines, and a
 * comment at its end swallows nothing.
 */
export function compileExpression(
  text: string,
  parameterNames: readonly string[],
): (...values: unknown[]) => unknown {
  if (text.trim() === '') throw badExpression(text, 'the expression is empty', 1, 1)
  try {
    // `(a) + (b` and `a; b` are whole between parentheses or as statements, yet no expressions: both ways must parse.
    compileFunction(`void [\n${text}\n]`, [...parameterNames], { filename: fileName })
    const compiled = compileFunction(`'use strict'; ${before}${text}\n)`, [...parameterNames], {
      filename: fileName,
    })
    return (...values) => Reflect.apply(compiled, undefined, values)
  } catch (thrown) {
    if (!(thrown instanceof SyntaxError)) throw thrown
    throw explain(text, thrown)
  }
}

/** V8 puts `file:line`, the line itself and a row of carets before the stack. */
function explain(text: string, error: SyntaxError): MillraceError {
  const place = new RegExp(`^${fileName}:(\\d+)\\n.*\\n( *)\\^`).exec(error.stack ?? '')
  const lines = text.split('\n')
  const line = place ? Number(place[1]) - linesBefore : 1
  // An error found behind the text is one at its end.
  if (line > lines.length) {
    return badExpression(text, 'the expression ends too early', lines.length, lines.at(-1)!.length + 1, error)
  }
  return badExpression(text, error.message, Math.max(1, line), place ? place[2]!.length + 1 : 1, error)
}

function badExpression(
  text: string,
  why: string,
  line: number,
  column: number,
  cause?: unknown,
): MillraceError {
  const shown = text.length > 80 ? `${text.slice(0, 77)}…` : text
  return new MillraceError({
    code: 'BAD_EXPRESSION',
    what: `"${shown}" is not a JavaScript expression (${why})`,
    where: `line ${line}, column ${column}`,
    remedy: 'correct the expression at that place',
    details: { line, column },
    cause,
  })
}

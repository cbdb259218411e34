/** Where a JSON text first breaks. Engines' own messages differ and often carry no position. */
export interface JsonFault {
  readonly what: string
  /** Counted from 1. */
  readonly line: number
  readonly column: number
}

class Fault {
  readonly what: string
  readonly at: number
  constructor(what: string, at: number) {
    this.what = what
    this.at = at
  }
}

/** Undefined when the text is JSON. */
export function findJsonFault(text: string): JsonFault | undefined {
  try {
    const end = skipSpace(text, scanValue(text, skipSpace(text, 0), 0))
    if (end < text.length) throw new Fault(`${show(text, end)} after the end of the value`, end)
    return undefined
  } catch (thrown) {
    if (!(thrown instanceof Fault)) throw thrown
    const before = text.slice(0, thrown.at)
    return {
      what: thrown.what,
      line: before.split('\n').length,
      column: thrown.at - before.lastIndexOf('\n'),
    }
  }
}

const depthMax = 500

function scanValue(text: string, at: number, depth: number): number {
  if (depth > depthMax) throw new Fault('nested too deeply', at)
  const char = text[at]
  if (char === '{') return scanObject(text, at, depth)
  if (char === '[') return scanArray(text, at, depth)
  if (char === '"') return scanString(text, at)
  const scalar = /^(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)/.exec(
    text.slice(at, at + 400),
  )
  if (!scalar) throw new Fault(`a value was expected, not ${show(text, at)}`, at)
  return at + scalar[0].length
}

function scanObject(text: string, start: number, depth: number): number {
  let at = skipSpace(text, start + 1)
  if (text[at] === '}') return at + 1
  for (;;) {
    if (text[at] !== '"') throw new Fault(`a name in double quotes was expected, not ${show(text, at)}`, at)
    at = skipSpace(text, scanString(text, at))
    if (text[at] !== ':') throw new Fault(`":" was expected, not ${show(text, at)}`, at)
    at = skipSpace(text, scanValue(text, skipSpace(text, at + 1), depth + 1))
    if (text[at] === '}') return at + 1
    if (text[at] !== ',') throw new Fault(`"," or "}" was expected, not ${show(text, at)}`, at)
    at = skipSpace(text, at + 1)
  }
}

function scanArray(text: string, start: number, depth: number): number {
  let at = skipSpace(text, start + 1)
  if (text[at] === ']') return at + 1
  for (;;) {
    at = skipSpace(text, scanValue(text, at, depth + 1))
    if (text[at] === ']') return at + 1
    if (text[at] !== ',') throw new Fault(`"," or "]" was expected, not ${show(text, at)}`, at)
    at = skipSpace(text, at + 1)
  }
}

function scanString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    const char = text[at]!
    if (char === '"') return at + 1
    if (char < ' ') throw new Fault('a text that goes on over the end of its line', at)
    if (char !== '\\') continue
    const escaped = /^\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/.exec(text.slice(at, at + 6))
    if (!escaped) throw new Fault('an unknown escape in a text', at)
    at += escaped[0].length - 1
  }
  throw new Fault('a text that does not end', start)
}

function skipSpace(text: string, start: number): number {
  let at = start
  while (at < text.length && ' \t\n\r'.includes(text[at]!)) at++
  return at
}

function show(text: string, at: number): string {
  return at >= text.length ? 'the end of the text' : JSON.stringify(text[at])
}

/** Pieces of TypeScript as a person would write them. */
import { operand } from '../pipeline/index.ts'

const lineMax = 110

/** `delay-by-airport` as `delayByAirport`; never a reserved word. */
export function variableName(id: string): string {
  const name = id.replace(
    /[^A-Za-z0-9]+(.)?/g,
    (_, letter: string | undefined) => letter?.toUpperCase() ?? '',
  )
  const lower = name.replace(/^[A-Z]+(?![a-z])|^[A-Z]/, (start) => start.toLowerCase())
  const safe = /^[A-Za-z_$]/.test(lower) ? lower : `step${lower}`
  return reserved.has(safe) ? `${safe}Step` : safe
}

export function typeName(id: string): string {
  const name = variableName(id)
  return name[0]!.toUpperCase() + name.slice(1)
}

const reserved = new Set(
  (
    'break case catch class const continue debugger default delete do else enum export extends false finally for function if ' +
    'import in instanceof new null return super switch this throw true try typeof var void while with yield let static await ' +
    'builder streams feeds topics'
  ).split(' '),
)

/** A name for a type of objects; undefined for types that are short enough to stand where they are used. */
export function typeDeclaration(name: string, type: string): string | undefined {
  if (!type.startsWith('{')) return undefined
  if (closingBrace(type) !== type.length - 1) return `type ${name} = ${type}\n`
  const members = type
    .slice(1, -1)
    .trim()
    .replaceAll(/; (?=[\w$"]+\??: )/g, '\n  ')
  return `interface ${name} {\n  ${members}\n}\n`
}

/** Where the brace closes that the text begins with. Texts within types may hold braces too. */
function closingBrace(type: string): number {
  let depth = 0
  for (const { 0: piece, index } of type.matchAll(/"(?:[^"\\]|\\.)*"|[{}]/g)) {
    if (piece === '{') depth++
    if (piece === '}' && --depth === 0) return index
  }
  return -1
}

export function quoted(text: string): string {
  if (text.includes("'") && !/["\\\n\r]/.test(text)) return `"${text}"`
  const inner = text
    .replaceAll('\\', '\\\\')
    .replaceAll("'", "\\'")
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r')
  return `'${inner}'`
}

export function propertyName(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : quoted(name)
}

/** A JSON value as an object literal, in one line where it fits. */
export function literal(value: unknown, indent = ''): string {
  if (typeof value === 'string') return quoted(value)
  if (typeof value !== 'object' || value === null) return String(value)
  if (Array.isArray(value))
    return enclosed(
      '[',
      value.map((item) => literal(item, `${indent}  `)),
      ']',
      indent,
    )
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .map(([name, member]) => `${propertyName(name)}: ${literal(member, `${indent}  `)}`)
  return enclosed('{', members, '}', indent)
}

/** Members that are code already. */
export function objectCode(
  members: readonly (readonly [name: string, code: string | undefined])[],
  indent = '',
): string {
  const parts = members.flatMap(([name, code]) => {
    if (code === undefined) return []
    return [code === name ? name : `${propertyName(name)}: ${code}`]
  })
  return enclosed('{', parts, '}', indent)
}

export function listCode(items: readonly string[], indent = ''): string {
  return enclosed('[', items, ']', indent)
}

export function importCode(names: readonly string[], module: string): string {
  const line = `import { ${names.join(', ')} } from ${quoted(module)}\n`
  if (line.length <= lineMax) return line
  return `import {\n${names.map((name) => `  ${name},\n`).join('')}} from ${quoted(module)}\n`
}

/** A documentation comment, in as many lines as it needs. */
export function commentText(text: string): string {
  const safe = text.replaceAll('*/', '* /').replaceAll(/\s+/g, ' ')
  if (safe.length <= lineMax - 8) return `/** ${safe} */\n`
  const lines: string[] = []
  for (const word of safe.split(' ')) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + word.length < lineMax - 4)
      lines[lines.length - 1] = `${last} ${word}`
    else lines.push(word)
  }
  return `/**\n${lines.map((line) => ` * ${line}\n`).join('')} */\n`
}

function enclosed(open: string, parts: readonly string[], close: string, indent: string): string {
  if (parts.length === 0) return `${open}${close}`
  const space = open === '{' ? ' ' : ''
  const line = `${open}${space}${parts.join(', ')}${space}${close}`
  if (!line.includes('\n') && indent.length + line.length <= lineMax - 10) return line
  return `${open}\n${parts.map((part) => `${indent}  ${part},\n`).join('')}${indent}${close}`
}

/** `receiver.method(arguments)`, with the arguments in lines of their own where they do not fit. */
export function call(name: string, args: readonly string[], indent: string, before = 0): string {
  const line = `${name}(${args.join(', ')})`
  if (!line.includes('\n') && before + indent.length + line.length <= lineMax) return line
  if (args.length === 1) return line
  return `${name}(\n${args.map((arg) => `${indent}  ${arg.replaceAll('\n', '\n  ')},\n`).join('')}${indent})`
}

const recordParts = ['key', 'value', 'timestamp', 'headers'] as const

/** An expression over a record as a function of it. */
export function ofRecord(expr: string): string {
  const used = recordParts.filter((name) => mentions(expr, name))
  const parts = used.map((name) => (name === 'timestamp' ? 'timestampMs: timestamp' : name))
  const parameter = parts.length === 0 ? '()' : `({ ${parts.join(', ')} })`
  return `${parameter} => ${operand(expr)}`
}

/** An expression over values by position; those after the last one that it uses are left out. */
export function ofPositions(expr: string, names: readonly string[]): string {
  const last = names.findLastIndex((name) => mentions(expr, name))
  const parameters = names.slice(0, last + 1).map((name) => (mentions(expr, name) ? name : `_${name}`))
  return `(${parameters.join(', ')}) => ${operand(expr)}`
}

function mentions(expr: string, name: string): boolean {
  return new RegExp(`(?<![\\w$.]|\\.\\s)${name}(?![\\w$])|\\.\\.\\.${name}(?![\\w$])`).test(expr)
}

/** `86400000` as `24 * 60 * 60 * 1000`, which people can read. */
export function durationCode(durationMs: number): string {
  const dayMs = 86_400_000
  if (durationMs > dayMs && durationMs % dayMs === 0) return `${durationMs / dayMs} * 24 * 60 * 60 * 1000`
  if (durationMs > 0 && durationMs % 3_600_000 === 0) return times(durationMs / 3_600_000, '60 * 60 * 1000')
  if (durationMs > 0 && durationMs % 60_000 === 0) return times(durationMs / 60_000, '60 * 1000')
  return String(durationMs)
}

function times(count: number, unit: string): string {
  return count === 1 ? unit : `${count} * ${unit}`
}

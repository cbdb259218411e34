import ts from 'typescript'

export interface SyntaxFault {
  readonly what: string
  /** Into the text. */
  readonly offset: number
}

const known = new Map<string, SyntaxFault | undefined>()
const knownMax = 5000

/** What keeps the text from being one JavaScript expression, or undefined. */
export function expressionFault(text: string): SyntaxFault | undefined {
  if (known.has(text)) return known.get(text)
  if (known.size >= knownMax) known.clear()
  const fault = faultIn(text, '(\n', '\n)', isOneExpression, 'it is more than one expression')
  known.set(text, fault)
  return fault
}

/** What keeps the text from being one type, or undefined. */
export function typeFault(text: string): SyntaxFault | undefined {
  return faultIn(text, 'type T =\n', '\n', isOneAlias, 'it is more than one type')
}

function faultIn(
  text: string,
  before: string,
  after: string,
  isWhole: (file: ts.SourceFile) => boolean,
  notWhole: string,
): SyntaxFault | undefined {
  if (text.trim() === '') return { what: 'it is empty', offset: 0 }
  const file = ts.createSourceFile('text.ts', before + text + after, ts.ScriptTarget.ES2024, true)
  const [first] = parseFaults(file)
  if (first) {
    const offset = Math.min(Math.max(first.start - before.length, 0), text.length)
    return {
      what: lowerFirst(ts.flattenDiagnosticMessageText(first.messageText, '\n').split('\n')[0]!),
      offset,
    }
  }
  return isWhole(file) ? undefined : { what: notWhole, offset: 0 }
}

function parseFaults(file: ts.SourceFile): readonly ts.DiagnosticWithLocation[] {
  // Set by the parser on every file; missing in its type, since a program hands the same list out by a method.
  return 'parseDiagnostics' in file && Array.isArray(file.parseDiagnostics) ? file.parseDiagnostics : []
}

function isOneExpression(file: ts.SourceFile): boolean {
  const [statement, ...more] = file.statements
  return (
    more.length === 0 &&
    statement !== undefined &&
    ts.isExpressionStatement(statement) &&
    ts.isParenthesizedExpression(statement.expression)
  )
}

function isOneAlias(file: ts.SourceFile): boolean {
  const [statement, ...more] = file.statements
  return more.length === 0 && statement !== undefined && ts.isTypeAliasDeclaration(statement)
}

export function lowerFirst(text: string): string {
  return /^[A-Z][a-z]/.test(text) ? text[0]!.toLowerCase() + text.slice(1) : text
}

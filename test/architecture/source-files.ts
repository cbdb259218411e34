/** The checkout's own source files, parsed just far enough for the rules. */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import ts from 'typescript'

export const checkout = path.resolve(import.meta.dirname, '../..')

/** Tracked and new files, `/`-separated, relative to the checkout; ignored ones and deleted ones left out. */
export function sourceFiles(): string[] {
  const listed = execFileSync(
    'git',
    ['ls-files', '--cached', '--others', '--exclude-standard', '*.ts', '*.tsx'],
    { cwd: checkout, encoding: 'utf8' },
  )
  return listed.split('\n').filter((name) => name !== '' && existsSync(path.join(checkout, name)))
}

export function isTest(file: string): boolean {
  return /\.test\.tsx?$/.test(file) || /\/testing\//.test(file)
}

export function parse(file: string): ts.SourceFile {
  return ts.createSourceFile(
    file,
    readFileSync(path.join(checkout, file), 'utf8'),
    ts.ScriptTarget.Latest,
    true,
  )
}

export interface Import {
  readonly text: string
  readonly line: number
}

/** Static and dynamic imports with a literal specifier, re-exports, `import.meta`-less `new URL` left out. */
export function importsOf(source: ts.SourceFile): Import[] {
  const found: Import[] = []
  const add = (literal: ts.Node | undefined) => {
    if (literal && ts.isStringLiteralLike(literal))
      found.push({ text: literal.text, line: lineOf(source, literal) })
  }
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) add(node.moduleSpecifier)
    else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword)
      add(node.arguments[0])
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) add(node.argument.literal)
    ts.forEachChild(node, visit)
  }
  visit(source)
  return found
}

export interface AmbientUse {
  /** As in `rules.ambient`. */
  readonly name: string
  readonly line: number
}

/** Uses of global names that the file does not declare itself. */
export function ambientUses(source: ts.SourceFile, names: readonly string[]): AmbientUse[] {
  const declared = declaredNames(source)
  const uses: AmbientUse[] = []
  const wanted = new Set(names)
  const add = (name: string, node: ts.Node) => {
    if (wanted.has(name)) uses.push({ name, line: lineOf(source, node) })
  }
  const visit = (node: ts.Node): void => {
    if (ts.isTypeNode(node)) return
    if (
      ts.isNewExpression(node) &&
      node.expression.getText() === 'Date' &&
      (node.arguments?.length ?? 0) === 0
    )
      add('new Date', node)
    if (ts.isPropertyAccessExpression(node)) add(`${node.expression.getText()}.${node.name.text}`, node)
    if (ts.isIdentifier(node) && isReference(node) && !declared.has(node.text)) add(node.text, node)
    ts.forEachChild(node, visit)
  }
  visit(source)
  return uses
}

function declaredNames(source: ts.SourceFile): Set<string> {
  const names = new Set<string>()
  const visit = (node: ts.Node): void => {
    const named =
      ts.isVariableDeclaration(node) ||
      ts.isParameter(node) ||
      ts.isFunctionDeclaration(node) ||
      ts.isFunctionExpression(node) ||
      ts.isClassDeclaration(node) ||
      ts.isImportSpecifier(node) ||
      ts.isImportClause(node) ||
      ts.isNamespaceImport(node) ||
      ts.isBindingElement(node)
    if (named && node.name && ts.isIdentifier(node.name)) names.add(node.name.text)
    ts.forEachChild(node, visit)
  }
  visit(source)
  return names
}

/** An identifier that is read as a variable, not one that names a member, a property or a declaration. */
function isReference(node: ts.Identifier): boolean {
  const parent = node.parent
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === node
  if (ts.isPropertyAssignment(parent)) return parent.initializer === node
  if (ts.isShorthandPropertyAssignment(parent)) return true
  if (ts.isQualifiedName(parent) || ts.isImportSpecifier(parent) || ts.isExportSpecifier(parent)) return false
  if (ts.isLabeledStatement(parent) || ts.isBreakOrContinueStatement(parent)) return false
  const declares = 'name' in parent && (parent as { name?: ts.Node }).name === node
  return !declares
}

function lineOf(source: ts.SourceFile, node: ts.Node): number {
  return source.getLineAndCharacterOfPosition(node.getStart()).line + 1
}

import ts from 'typescript'
import type { Environment } from '../environment/index.ts'
import type { Definitions, FlowType, PipelineDocument, Problem } from '../pipeline/index.ts'
import { CheckerHost, flowPath } from './checker-host.ts'
import { expressionFault } from './expression-syntax.ts'
import { type FlowFile, flowFile, pipelineFolder } from './flow-file.ts'
import { readLibraries } from './libraries.ts'
import { flowDeclarations, millraceDeclarations } from './millrace-module.ts'
import { typeProblems } from './type-problems.ts'
import { typeText } from './type-text.ts'

export interface TypingInput {
  readonly document: PipelineDocument
  /** Texts of the processors' files and of what they import, by path in the pipeline's folder; edited ones as they are now. */
  readonly files: readonly { readonly path: string; readonly text: string }[]
  readonly definitions: Definitions
}

export interface TypingResult {
  /** Of types and of code; those of the document's form come from `validate`. */
  readonly problems: readonly Problem[]
  /** By edge id. */
  readonly edges: Readonly<Record<string, FlowType>>
  /** By id of nodes with code. */
  readonly editors: Readonly<Record<string, EditorTypes>>
}

export interface EditorTypes {
  readonly path: string
  /** Ambient declarations of `millrace` and `millrace/flow`, for one extra library of the editor. */
  readonly declarations: string
  readonly input: FlowType
  readonly output: FlowType
}

export interface Typing {
  analyze(input: TypingInput): TypingResult
  /** For `validate`: what keeps a text from being an expression. */
  checkExpression(text: string): { readonly what: string } | undefined
}

/**
 * Reads the language's library once; each analysis then checks only what has changed.
 * @param libraryFolder where the package `typescript` has its `lib.*.d.ts`
 */
export async function createTyping(
  environment: Pick<Environment, 'disk'>,
  options: { readonly libraryFolder: string },
): Promise<Typing> {
  const libraries = await readLibraries(environment.disk, options.libraryFolder)
  const host = new CheckerHost(libraries, millraceDeclarations)
  const service = ts.createLanguageService(host, ts.createDocumentRegistry(true, pipelineFolder))
  return {
    analyze: (input) => analyze(host, service, input),
    checkExpression: (text) => expressionFault(text),
  }
}

function analyze(host: CheckerHost, service: ts.LanguageService, input: TypingInput): TypingResult {
  const files = new Map(
    input.files.filter(({ path }) => /\.(?:ts|json)$/.test(path)).map(({ path, text }) => [path, text]),
  )
  const flow = flowFile(input.document, input.definitions, (path) => files.has(path))
  host.update(flow.text, files)
  const program = service.getProgram()
  const source = program?.getSourceFile(flowPath)
  if (!program || !source) return { problems: [], edges: {}, editors: {} }
  const types = aliasTexts(program.getTypeChecker(), source)
  return {
    problems: typeProblems(input.document, program, service, flow, files, types.alias),
    edges: edgeTypes(input.document, flow, types),
    editors: editorTypes(flow, types),
  }
}

interface Texts {
  of(flow: FlowType | undefined): FlowType
  alias(name: string): string
}

/** Printed only where asked for: most aliases are steps on the way. */
function aliasTexts(checker: ts.TypeChecker, source: ts.SourceFile): Texts {
  const declarations = new Map<string, ts.TypeAliasDeclaration>()
  for (const statement of source.statements) {
    if (ts.isTypeAliasDeclaration(statement)) declarations.set(statement.name.text, statement)
  }
  const texts = new Map<string, string>()
  const textOf = (alias: string): string => {
    const known = texts.get(alias)
    if (known !== undefined) return known
    const declaration = declarations.get(alias)
    const text = declaration ? typeText(checker, checker.getTypeFromTypeNode(declaration.type)) : 'unknown'
    texts.set(alias, text)
    return text
  }
  return {
    of: (flow) =>
      flow ? { key: textOf(flow.key), value: textOf(flow.value) } : { key: 'unknown', value: 'unknown' },
    alias: textOf,
  }
}

function edgeTypes(document: PipelineDocument, flow: FlowFile, types: Texts): Record<string, FlowType> {
  const edges: Record<string, FlowType> = {}
  for (const edge of document.edges) {
    const output = flow.outputs.get(`${edge.from.node} ${edge.from.port}`)
    if (output) edges[edge.id] = types.of(output)
  }
  return edges
}

function editorTypes(flow: FlowFile, types: Texts): Record<string, EditorTypes> {
  if (flow.modules.length === 0) return {}
  const inputs = [...flow.inputs].map(([node, input]) => [node, types.of(input).value] as const)
  const declarations = `${millraceDeclarations}${flowDeclarations(inputs)}`
  const editors: Record<string, EditorTypes> = {}
  for (const { node, path } of flow.modules) {
    editors[node] = {
      path,
      declarations,
      input: types.of(flow.inputs.get(node)),
      output: types.of(flow.outputs.get(`${node} out`)),
    }
  }
  return editors
}

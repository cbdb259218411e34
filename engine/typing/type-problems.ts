import ts from 'typescript'
import { edgesInto, findNode, type PipelineDocument, type Problem, problem } from '../pipeline/index.ts'
import { flowPath } from './checker-host.ts'
import { lowerFirst } from './expression-syntax.ts'
import { type FlowFile, type ModuleUse, type Place, pipelineFolder } from './flow-file.ts'

export function typeProblems(
  document: PipelineDocument,
  program: ts.Program,
  service: ts.LanguageService,
  flow: FlowFile,
  files: ReadonlyMap<string, string>,
  aliasText: (name: string) => string,
): Problem[] {
  const written = (found: Problem): Problem => ({ ...found, what: withoutAliases(found.what, aliasText) })
  return [
    ...textFaults(document, flow),
    ...moduleProblems(document, program, flow, files),
    ...flowProblems(document, program, service, flow).map(written),
    ...fileProblems(document, service, flow, files).map(written),
  ]
}

const typeCharsMax = 120

/** The checker names types by the flow file's own aliases, which people have never seen. */
function withoutAliases(text: string, aliasText: (name: string) => string): string {
  return text.replace(/'(t\d+)'/g, (_, name: string) => {
    const type = aliasText(name)
    return `'${type.length > typeCharsMax ? `${type.slice(0, typeCharsMax - 1)}…` : type}'`
  })
}

function nameOf(document: PipelineDocument, node: string): string {
  return findNode(document, node)?.name ?? node
}

function textFaults(document: PipelineDocument, flow: FlowFile): Problem[] {
  return flow.faults.map(({ node, field, what, kind }) =>
    problem(kind === 'type' ? 'MR-306' : 'MR-104', {
      what: `${nameOf(document, node)}: ${kind === 'type' ? 'not a type' : 'not an expression'}: ${what}`,
      remedy: kind === 'type' ? 'correct the type' : 'correct the expression',
      node,
      field,
    }),
  )
}

function moduleProblems(
  document: PipelineDocument,
  program: ts.Program,
  flow: FlowFile,
  files: ReadonlyMap<string, string>,
): Problem[] {
  const checker = program.getTypeChecker()
  return flow.modules.flatMap(({ node, field, path }) => {
    if (path === '') return []
    if (!files.has(path)) {
      const what = `${nameOf(document, node)}: the file ${path} is missing`
      return [problem('MR-304', { what, remedy: 'make the file, or choose another', node, field })]
    }
    // What a file with a syntax error exports cannot be told; the error is reported itself.
    if (program.getSyntacticDiagnostics(program.getSourceFile(`${pipelineFolder}/${path}`)).length > 0)
      return []
    if (exportsProcessor(checker, program.getSourceFile(`${pipelineFolder}/${path}`))) return []
    return [
      problem('MR-305', {
        what: `${nameOf(document, node)}: ${path} exports no processor`,
        remedy: 'write: export default processor((record, ctx) => { … })',
        node,
        file: { path, line: 1, column: 1 },
      }),
    ]
  })
}

function exportsProcessor(checker: ts.TypeChecker, source: ts.SourceFile | undefined): boolean {
  const module = source && checker.getSymbolAtLocation(source)
  const exported = module && checker.tryGetMemberInModuleExports('default', module)
  if (!exported) return false
  const type = checker.getTypeOfSymbol(exported)
  if (type.flags & ts.TypeFlags.Any) return true
  return type.getCallSignatures().some((signature) => {
    const made = signature.getReturnType()
    return signature.parameters.length === 0 && checker.getPropertyOfType(made, 'process') !== undefined
  })
}

function flowProblems(
  document: PipelineDocument,
  program: ts.Program,
  service: ts.LanguageService,
  flow: FlowFile,
): Problem[] {
  const found: Problem[] = []
  const reported = new Set<Place>()
  for (const diagnostic of service.getSemanticDiagnostics(flowPath)) {
    const at = diagnostic.start ?? 0
    const place = flow.places.find(({ start, end }) => start <= at && at < end)
    // One is enough: what follows from the first error at a place is noise.
    if (!place || reported.has(place)) continue
    reported.add(place)
    found.push(
      place.meaning === 'input'
        ? inputProblem(document, program, diagnostic, place, flow.modules)
        : expressionProblem(document, diagnostic, place),
    )
  }
  return found
}

function expressionProblem(document: PipelineDocument, diagnostic: ts.Diagnostic, place: Place): Problem {
  const code = place.meaning === 'type' ? 'MR-306' : 'MR-301'
  return problem(code, {
    what: `${nameOf(document, place.node)}: ${messageOf(diagnostic)}`,
    remedy: place.meaning === 'type' ? 'correct the type' : 'correct the expression, or what flows in',
    node: place.node,
    field: place.field,
  })
}

/** What flows in lacks something that the processor's own type asks for: told by the names that are gone. */
function inputProblem(
  document: PipelineDocument,
  program: ts.Program,
  diagnostic: ts.Diagnostic,
  place: Place,
  modules: readonly ModuleUse[],
): Problem {
  const path = modules.find((use) => use.node === place.node)?.path ?? ''
  const gone = missingNames(program, diagnostic)
  const names = gone.map((name) => `“${name}”`).join(', ')
  const what =
    gone.length === 0
      ? `what flows in does not fit ${path}: ${messageOf(diagnostic)}`
      : `${names} ${gone.length === 1 ? 'is' : 'are'} gone from what flows in, and ${path} needs ${gone.length === 1 ? 'it' : 'them'}`
  return problem('MR-303', {
    what: `${nameOf(document, place.node)}: ${what}`,
    remedy: 'change the processor’s input type, or what flows in',
    node: place.node,
    field: place.field,
    edge: edgesInto(document, place.node)[0]?.id,
  })
}

function missingNames(program: ts.Program, diagnostic: ts.Diagnostic): string[] {
  const checker = program.getTypeChecker()
  const source = program.getSourceFile(flowPath)
  const at = diagnostic.start ?? 0
  const statement = source?.statements.find((candidate) => candidate.pos <= at && at < candidate.end)
  if (!statement || !ts.isVariableStatement(statement)) return []
  const declaration = statement.declarationList.declarations[0]
  if (!declaration?.type || !declaration.initializer) return []
  const wanted = checker.getTypeFromTypeNode(declaration.type)
  const given = checker.getTypeAtLocation(declaration.initializer)
  return checker
    .getPropertiesOfType(wanted)
    .filter((property) => !(property.flags & ts.SymbolFlags.Optional))
    .map((property) => property.name)
    .filter((name) => checker.getPropertyOfType(given, name) === undefined)
}

function fileProblems(
  document: PipelineDocument,
  service: ts.LanguageService,
  flow: FlowFile,
  files: ReadonlyMap<string, string>,
): Problem[] {
  const found: Problem[] = []
  for (const path of files.keys()) {
    if (!path.endsWith('.ts') || path.endsWith('.test.ts')) continue
    const name = `${pipelineFolder}/${path}`
    const syntactic = service.getSyntacticDiagnostics(name)
    // Of a file that cannot be read, the first error: what follows from it is noise.
    const diagnostics = syntactic.length > 0 ? syntactic.slice(0, 1) : service.getSemanticDiagnostics(name)
    const node = flow.modules.find((use) => use.path === path)?.node
    for (const diagnostic of diagnostics) {
      if (diagnostic.category !== ts.DiagnosticCategory.Error) continue
      const at = diagnostic.file?.getLineAndCharacterOfPosition(diagnostic.start ?? 0)
      const line = (at?.line ?? 0) + 1
      const where = node ? `${nameOf(document, node)}: ` : ''
      found.push(
        problem('MR-302', {
          what: `${where}${path}:${line}: ${messageOf(diagnostic)}`,
          remedy: 'correct the file',
          node,
          file: { path, line, column: (at?.character ?? 0) + 1 },
        }),
      )
    }
  }
  return found
}

function messageOf(diagnostic: ts.Diagnostic): string {
  const lines = ts.flattenDiagnosticMessageText(diagnostic.messageText, '\n').split('\n')
  return lowerFirst(
    lines
      .map((line) => line.trim())
      .slice(0, 2)
      .join(' '),
  ).replace(/\.$/, '')
}

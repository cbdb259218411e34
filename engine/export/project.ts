import { MillraceError } from '../base/errors.ts'
import {
  checkRunnable,
  compile,
  isRepeatable,
  runTrial,
  type TopologyPlan,
  type TrialOptions,
} from '../compile/index.ts'
import type { BundledCode, Environment } from '../environment/index.ts'
import { nodeDefinitions } from '../nodes/definitions.ts'
import { firstRecords } from '../nodes/first-records.ts'
import { kinds, nodeKinds } from '../nodes/kinds.ts'
import type { FlowType, PipelineDocument } from '../pipeline/index.ts'
import {
  createTyping,
  flowDeclarations,
  type Typing,
  type TypingInput,
  type TypingResult,
} from '../typing/index.ts'
import {
  feedsCode,
  mainCode,
  packageJson,
  readmeText,
  recordsInTest,
  testCode,
  tsconfigJson,
} from './project-files.ts'
import { topologyCode } from './topology-code.ts'

export interface ExportedPipeline {
  /** The folder. */
  readonly path: string
  readonly document: PipelineDocument
  /** Sources: processors, and what they import. */
  readonly files: readonly { readonly path: string; readonly text: string }[]
  /** Other files of the folder, relative; those that the pipeline's fields name are taken along. */
  readonly assets: readonly string[]
  readonly readme?: string
}

export interface ExportRequest {
  readonly pipeline: ExportedPipeline
  readonly target: 'node'
  /** A folder that is new or empty. */
  readonly out: string
  /** The packed runtime. */
  readonly packagePath: string | undefined
  /** Where the package `typescript` has its declarations; without it the code's types are `any`. */
  readonly libraryFolder?: string
}

export interface Exported {
  /** Relative, sorted. */
  readonly files: readonly string[]
  /** To be given in the folder. */
  readonly commands: readonly string[]
}

/**
 * Writes the project. Runs the pipeline's own code over the first records of its input, to keep what it gives for the test.
 * @throws MillraceError FOLDER_NOT_EMPTY, PACKAGE_MISSING, NOT_RUNNABLE, CODE_HAS_ERRORS, BAD_EXPRESSION, PROCESSING_FAILED
 */
export async function exportProject(environment: Environment, request: ExportRequest): Promise<Exported> {
  const { pipeline, out } = request
  await checkTarget(environment, out)
  const tarball = await readPackage(environment, request.packagePath)
  const { plan, problems } = compile(pipeline.document, kinds, { applicationId: pipeline.document.id })
  checkRunnable(problems)
  const modules = await bundledModules(environment, pipeline, plan)
  const options = trialOptions(environment, pipeline, modules)
  // The code is put between other code: what is no whole expression would break out of its place.
  runTrial(plan, [], options)
  const files = new Map<string, string | Uint8Array>([
    ...(await projectTexts(environment, request, plan, options)),
    [`vendor/${tarballName}`, tarball],
  ])
  for (const file of pipeline.files) {
    if (file.path.endsWith('.test.ts')) continue
    files.set(file.path, file.text)
  }
  for (const path of namedFiles(plan, pipeline.assets)) {
    files.set(path, await environment.disk.readFile(`${pipeline.path}/${path}`))
  }
  await writeAll(environment, out, files)
  return { files: [...files.keys()].sort(), commands: ['npm install && npm test', 'npm start'] }
}

const tarballName = 'millrace.tgz'

async function projectTexts(
  environment: Environment,
  request: ExportRequest,
  plan: TopologyPlan,
  options: TrialOptions,
): Promise<[string, string][]> {
  const { pipeline } = request
  const { document } = pipeline
  const types = await typesOf(environment, request)
  const repeatable = isRepeatable(plan) && plan.feeds.length > 0
  const texts: [string, string][] = [
    ['package.json', packageJson(document, tarballName)],
    ['tsconfig.json', tsconfigJson],
    ['README.md', readmeText(document, plan, pipeline.readme)],
    ['src/main.ts', mainCode(document)],
    ['src/feeds.ts', feedsCode(plan)],
    ['src/topology.ts', topologyCode(plan, { document, outputType: (node) => types.output(node) })],
    ['types/flow.d.ts', flowDeclarations(types.inputs())],
    ['test/topology.test.ts', testCode(document, repeatable)],
    ['.gitignore', 'node_modules/\nout/\n'],
  ]
  if (repeatable)
    texts.push(['test/expected.json', await expectedOutputs(environment, pipeline, plan, options)])
  return texts
}

interface NodeTypes {
  output(node: string): FlowType
  /** Values that flow into nodes. */
  inputs(): (readonly [node: string, type: string])[]
}

const anything: FlowType = { key: 'any', value: 'any' }

function analyzed(typing: Typing, input: TypingInput): TypingResult {
  try {
    return typing.analyze(input)
  } catch (thrown) {
    // The compiler goes into what is nested by calling itself, as deep as the stack is.
    if (!(thrown instanceof RangeError)) throw thrown
    throw new MillraceError({
      code: 'NOT_RUNNABLE',
      what: 'an expression, a type or a processor is too deep for the compiler',
      where: input.document.id,
      remedy: 'take apart what is nested deeply, or is a long chain',
      cause: thrown,
    })
  }
}

async function typesOf(
  environment: Environment,
  { pipeline, libraryFolder }: ExportRequest,
): Promise<NodeTypes> {
  const { document, files } = pipeline
  const typing = libraryFolder === undefined ? undefined : await createTyping(environment, { libraryFolder })
  const result = typing && analyzed(typing, { document, files, definitions: nodeDefinitions })
  const edges = document.edges.map((edge) => ({ ...edge, type: result?.edges[edge.id] ?? anything }))
  return {
    output: (node) => edges.find((edge) => edge.from.node === node)?.type ?? anything,
    inputs() {
      const byNode = new Map<string, Set<string>>()
      for (const { to, type } of edges)
        byNode.set(to.node, (byNode.get(to.node) ?? new Set()).add(type.value))
      return [...byNode].map(([node, values]) => [node, [...values].join(' | ')] as const)
    },
  }
}

function trialOptions(
  environment: Environment,
  pipeline: ExportedPipeline,
  modules: ReadonlyMap<string, BundledCode>,
): TrialOptions {
  return {
    applicationId: pipeline.document.id,
    compileExpression: (text, names) => environment.code.expression(text, names),
    loadModule(path, provided) {
      const bundle = modules.get(path)
      return bundle ? environment.code.load(bundle, provided) : {}
    },
  }
}

/** What the plan gives for the first records of its feeds: the exported code must give the same. */
async function expectedOutputs(
  environment: Environment,
  pipeline: ExportedPipeline,
  plan: TopologyPlan,
  options: TrialOptions,
): Promise<string> {
  const inputs = await firstRecords(environment, plan.feeds, {
    kinds: nodeKinds,
    folder: pipeline.path,
    recordsMax: recordsInTest,
  })
  const outputs = runTrial(plan, inputs, options)
  const byTopic = new Map<string, string[]>()
  for (const { topic, key, value, timestampMs } of outputs) {
    const rows = byTopic.get(topic) ?? []
    rows.push(JSON.stringify({ key, value, timestampMs }))
    byTopic.set(topic, rows)
  }
  const topics = [...byTopic].map(([topic, rows]) => `${JSON.stringify(topic)}: [\n${rows.join(',\n')}\n]`)
  return `{\n${topics.join(',\n')}\n}\n`
}

/** @throws MillraceError FILE_NOT_FOUND, CODE_HAS_ERRORS: neither would the project run. */
async function bundledModules(
  environment: Environment,
  pipeline: ExportedPipeline,
  plan: TopologyPlan,
): Promise<Map<string, BundledCode>> {
  const modules = new Map<string, BundledCode>()
  for (const step of plan.steps) {
    if (step.op !== 'process') continue
    if (!pipeline.files.some((file) => file.path === step.module)) {
      throw new MillraceError({
        code: 'FILE_NOT_FOUND',
        what: `the processor's file ${step.module} is missing`,
        where: `${pipeline.path}/${step.module}`,
        remedy: 'make the file, or choose another at the node',
      })
    }
    const bundle = await environment.code.bundle(`${pipeline.path}/${step.module}`)
    const [problem] = bundle.problems
    if (problem) {
      const where = `${problem.path}:${problem.line}:${problem.column}`
      throw new MillraceError({
        code: 'CODE_HAS_ERRORS',
        what: problem.text,
        where,
        remedy: 'correct the file',
      })
    }
    modules.set(step.module, bundle)
  }
  return modules
}

/** Files of the folder that feeds read. */
function namedFiles(plan: TopologyPlan, assets: readonly string[]): string[] {
  const named = new Set(plan.feeds.flatMap((feed) => Object.values(feed.config)))
  return assets.filter((path) => named.has(path))
}

async function checkTarget(environment: Environment, out: string): Promise<void> {
  const stat = await environment.disk.stat(out)
  if (!stat) return
  if (stat.kind === 'folder' && (await environment.disk.list(out)).length === 0) return
  throw new MillraceError({
    code: 'FOLDER_NOT_EMPTY',
    what: stat.kind === 'file' ? 'there is a file of that name' : 'the folder is not empty',
    where: out,
    remedy: 'choose a new folder; nothing has been written',
  })
}

async function readPackage(environment: Environment, path: string | undefined): Promise<Uint8Array> {
  if (path !== undefined && (await environment.disk.stat(path))) return environment.disk.readFile(path)
  throw new MillraceError({
    code: 'PACKAGE_MISSING',
    what: 'the packed runtime, which the project depends on, is missing',
    where: path ?? 'this installation',
    remedy: 'build it with `npm start`, which builds what is missing, then export again',
  })
}

async function writeAll(
  environment: Environment,
  out: string,
  files: ReadonlyMap<string, string | Uint8Array>,
): Promise<void> {
  for (const [path, content] of files) {
    const target = `${out}/${path}`
    await environment.disk.makeFolder(target.slice(0, target.lastIndexOf('/')))
    await environment.disk.writeFileAtomic(target, content)
  }
}

import { MillraceError } from '../../base/errors.ts'
import type { Environment } from '../../environment/index.ts'
import { missingFiles } from '../../host/files/missing-files.ts'
import { readPipeline } from '../../host/files/read-pipeline.ts'
import { analyzeDocument } from '../../host/typing-body.ts'
import type { PipelineDocument } from '../../pipeline/document.ts'
import type { Problem } from '../../pipeline/problem.ts'
import { createTyping, type Typing } from '../../typing/index.ts'
import { typescriptLibraryFolder } from '../entry/locate.ts'
import { createNodeEnvironment } from '../environment/index.ts'
import { parseOptions, usage } from './arguments.ts'
import { whyNotRunnable } from './before-run.ts'
import type { Command } from './command.ts'
import { absolute } from './folders.ts'
import { badUsage, CommandFailed, type Output } from './output.ts'

export const validate: Command = {
  help: `millrace validate PIPELINE…

Prints a line for every problem: of the document, of expressions, of processors' files.
Exit status 2 when there is an error among them; warnings alone pass.`,
  async run(args, output) {
    const { positionals } = parseOptions('validate', args, {}, Number.POSITIVE_INFINITY)
    if (positionals.length === 0) throw usage('validate', 'the pipeline is missing')
    const environment = createNodeEnvironment()
    const typing = await createTyping(environment, { libraryFolder: typescriptLibraryFolder() })
    let errors = 0
    for (const given of positionals) errors += await validateOne(environment, typing, given, output)
    if (errors > 0) throw new CommandFailed(badUsage)
  },
}

/** The number of errors. */
async function validateOne(
  environment: Environment,
  typing: Typing,
  given: string,
  output: Output,
): Promise<number> {
  const problems = await problemsOf(environment, typing, given)
  for (const problem of problems) {
    output.object({ event: 'problem', pipeline: given, ...problem })
    output.line(describe(problem))
  }
  const errors = problems.filter((problem) => problem.severity === 'error').length
  output.object({ event: 'validated', pipeline: given, errors, warnings: problems.length - errors })
  if (problems.length === 0) output.line(`${given}: no problems`)
  return errors
}

async function problemsOf(
  environment: Environment,
  typing: Typing,
  given: string,
): Promise<readonly Problem[]> {
  try {
    const { path, document, files } = await readPipeline(environment.disk, absolute(given))
    const { problems } = analyzeDocument(typing, { document, files })
    return [
      ...problems,
      ...(await missingFiles(environment.disk, path, document)),
      ...nothingToRun(document, path),
    ]
  } catch (thrown) {
    // A file that can not be read as a pipeline is its only problem; the other pipelines are still looked at.
    const { code, what, where, remedy } = MillraceError.from(thrown)
    return [
      {
        code,
        severity: 'error',
        what: where === undefined ? what : `${what}, ${where}`,
        remedy: remedy ?? '',
      },
    ]
  }
}

/** An empty canvas is no mistake in the studio; here it was given to be run. */
function nothingToRun(document: PipelineDocument, path: string): Problem[] {
  const error = whyNotRunnable(document, path)
  if (error?.code !== 'NOTHING_TO_RUN') return []
  return [{ code: error.code, severity: 'error', what: error.what, remedy: error.remedy ?? '' }]
}

function describe(problem: Problem): string {
  const { severity, code, what, node, edge, field, file, remedy } = problem
  const place = file
    ? `${file.path}:${file.line}:${file.column}`
    : [node, field, edge === undefined ? undefined : `edge ${edge}`]
        .filter((part) => part !== undefined)
        .join(' ')
  return `${severity} ${code}: ${what}${place === '' ? '' : `, ${place}`}: ${remedy}`
}

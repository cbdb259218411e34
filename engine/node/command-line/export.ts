import path from 'node:path'
import { exportPipeline } from '../../host/export.ts'
import { productRoot, typescriptLibraryFolder } from '../entry/locate.ts'
import { createNodeEnvironment } from '../environment/index.ts'
import { onePipeline, parseOptions, usage } from './arguments.ts'
import type { Command } from './command.ts'
import { absolute } from './folders.ts'

const targets = ['node'] as const

export const exportCommand: Command = {
  help: `millrace export PIPELINE --target node --out DIR

Writes a project folder that installs, tests and runs with its own two commands.

  --target node   a Node.js and TypeScript project
  --out DIR       where to; a new or empty folder`,
  async run(args, output) {
    const { values, positionals } = parseOptions(
      'export',
      args,
      { target: { type: 'string' }, out: { type: 'string' } },
      1,
    )
    const given = onePipeline('export', positionals)
    const target = targets.find((known) => known === values.target)
    if (target === undefined) throw usage('export', `--target is one of ${targets.join(', ')}`)
    if (values.out === undefined) throw usage('export', '--out is missing')
    const root = productRoot()
    const packagePath =
      root === undefined ? undefined : absolute(path.join(root, '.build', 'package', 'millrace.tgz'))
    const request = { path: absolute(given), target, out: absolute(values.out), packagePath }
    const { out, files, commands } = await exportPipeline(
      createNodeEnvironment(),
      request,
      typescriptLibraryFolder(),
    )
    output.object({ event: 'exported', out, files, commands })
    for (const file of files) output.line(file)
    output.line('')
    output.line(`In ${out}:`)
    for (const command of commands) output.line(`  ${command}`)
  },
}

import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import path from 'node:path'
import { MillraceError } from '../../base/errors.ts'
import type { HostOptions } from '../../host/options.ts'
import { openBrowser, startBrowserShell } from '../browser-shell/index.ts'
import { productRoot } from '../entry/locate.ts'
import { parseOptions, wholeNumber } from './arguments.ts'
import type { Command } from './command.ts'
import { absolute, defaultDataFolder } from './folders.ts'
import type { Output } from './output.ts'
import { leaveWord, withWordOf } from './running-studio.ts'
import { stopSignal } from './signals.ts'
import { productVersion } from './version.ts'

export const studio: Command = {
  help: `millrace studio [PATH] [--port N] [--no-open] [--data DIR]

Serves the studio on a loopback address and opens it in the browser.

  PATH          a pipeline to open: a folder with a pipeline.json, or that file
  --port N      the port; a free one without it
  --no-open     only print the address
  --data DIR    where the studio keeps its data; default ${defaultDataFolder()}`,
  async run(args, output) {
    const { values, positionals } = parseOptions(
      'studio',
      args,
      { port: { type: 'string' }, open: { type: 'boolean' }, data: { type: 'string' } },
      1,
    )
    const port = wholeNumber('studio', 'port', values.port, 0, 0, 65_535)
    const openPath = positionals[0] === undefined ? undefined : pipelineAt(positionals[0])
    const root = requiredRoot()
    const stopped = stopSignal()
    const host = hostOptions(root, values.data, openPath)
    const shell = await startBrowserShell({
      port,
      rendererFolder: path.join(root, '.build', 'renderer'),
      host,
      onHostDown(exitCode) {
        if (exitCode !== 0) process.stderr.write(`The engine ended (status ${exitCode ?? 'unknown'}).\n`)
      },
    }).catch((thrown: unknown) => {
      throw withWordOf(host.dataFolder, thrown)
    })
    const takeBack = leaveWord(host.dataFolder, shell.url)
    await announce(shell.url, values.open !== false, output)
    await stopped
    await shell.stop()
    takeBack()
  },
}

export function hostOptions(
  root: string,
  data: string | undefined,
  openPath: string | undefined,
): HostOptions {
  return {
    shell: 'browser',
    version: productVersion(),
    platform: process.platform,
    dataFolder: absolute(data ?? defaultDataFolder()),
    samplesFolder: absolute(path.join(root, 'pipelines')),
    homeFolder: absolute(homedir()),
    openPath: openPath === undefined ? undefined : absolute(openPath),
    packagePath: absolute(path.join(root, '.build', 'package', 'millrace.tgz')),
  }
}

/** What is wrong in it, the window shows; that it is not there is told here. @throws MillraceError NOT_A_PIPELINE */
function pipelineAt(given: string): string {
  const file = path.basename(given) === 'pipeline.json' ? given : path.join(given, 'pipeline.json')
  if (existsSync(file)) return given
  throw new MillraceError({
    code: 'NOT_A_PIPELINE',
    what: 'there is no pipeline.json here',
    where: absolute(given),
    remedy: 'give a folder with a pipeline.json, or that file',
  })
}

function requiredRoot(): string {
  const root = productRoot()
  if (root !== undefined && existsSync(path.join(root, '.build', 'renderer', 'index.html'))) return root
  throw new MillraceError({
    code: 'STUDIO_NOT_BUILT',
    what: root === undefined ? 'this package has no studio in it' : "the studio's window has not been built",
    where: root,
    remedy: root === undefined ? 'run it from a checkout of Millrace' : 'run npm start, which builds it',
  })
}

async function announce(url: string, open: boolean, output: Output): Promise<void> {
  output.object({ event: 'ready', url })
  output.line(`Millrace is at ${url}`)
  if (open && !(await openBrowser(url))) {
    process.stderr.write('No browser could be opened here: open that address yourself.\n')
  }
}

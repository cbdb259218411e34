#!/usr/bin/env node
/** `millrace`: one command line for the studio, tests, exported projects and other programs. */
import { isMillraceError } from '../../base/errors.ts'
import { usage } from './arguments.ts'
import type { Command } from './command.ts'
import { badUsage, CommandFailed, done, Output, printError, workFailed } from './output.ts'

/** Loaded when they are asked for: the studio's start does not wait for what it does not need. */
const commands: Readonly<Record<string, () => Promise<Command>>> = {
  studio: async () => (await import('./studio.ts')).studio,
  broker: async () => (await import('./broker.ts')).broker,
  run: async () => (await import('./run.ts')).run,
  validate: async () => (await import('./validate.ts')).validate,
  export: async () => (await import('./export.ts')).exportCommand,
}

/** The work itself failed; anything else that is thrown is bad usage or bad input. */
const failuresOfWork = new Set(['INTERNAL', 'RUN_FAILED', 'EXPORT_FAILED', 'HOST_STOPPED'])

async function main(args: readonly string[]): Promise<number> {
  const [name, ...rest] = args
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    process.stdout.write(await overview())
    return name === undefined ? badUsage : done
  }
  const load = commands[name]
  if (!load) throw usage('', `there is no command "${name}"`)
  const command = await load()
  if (rest.includes('--help') || rest.includes('-h')) {
    process.stdout.write(`${command.help}\n`)
    return done
  }
  await command.run(rest, new Output(rest.includes('--json')))
  return done
}

async function overview(): Promise<string> {
  const lines = await Promise.all(
    Object.entries(commands).map(async ([name, load]) => `  ${name.padEnd(10)}${(await load()).summary}`),
  )
  return `millrace COMMAND [--help] [--json]\n\n${lines.join('\n')}\n`
}

main(process.argv.slice(2)).then(
  (status) => {
    process.exitCode = status
  },
  (thrown) => {
    if (thrown instanceof CommandFailed) {
      process.exitCode = thrown.status
      return
    }
    printError(thrown)
    process.exitCode = isMillraceError(thrown) && !failuresOfWork.has(thrown.code) ? badUsage : workFailed
  },
)

#!/usr/bin/env node
/** `millrace`: one command line for the studio, tests, exported projects and other programs. */
import { isMillraceError } from '../../base/errors.ts'
import { stayAlive } from '../environment/stay-alive.ts'
import { usage } from './arguments.ts'
import type { Command } from './command.ts'
import { badUsage, CommandFailed, done, Output, printError, workFailed } from './output.ts'

interface Entry {
  readonly summary: string
  /** When it is asked for: the studio's start, or a list of commands, does not wait for what it does not need. */
  load(): Promise<Command>
}

const commands: Readonly<Record<string, Entry>> = {
  studio: {
    summary: 'the studio, in the browser',
    load: async () => (await import('./studio.ts')).studio,
  },
  broker: {
    summary: 'the embedded cluster alone, for any Kafka client',
    load: async () => (await import('./broker.ts')).broker,
  },
  run: {
    summary: 'a pipeline without the studio, on the embedded cluster or on any Kafka',
    load: async () => (await import('./run.ts')).run,
  },
  validate: {
    summary: 'every problem of pipelines, with code, node and what to do',
    load: async () => (await import('./validate.ts')).validate,
  },
  export: {
    summary: 'a project that runs the pipeline by itself',
    load: async () => (await import('./export.ts')).exportCommand,
  },
  topics: {
    summary: 'topics of any Kafka: list, describe, create, configure, grow, delete',
    load: async () => (await import('./kafka/topics.ts')).topics,
  },
  records: {
    summary: 'records of any Kafka: read, produce',
    load: async () => (await import('./kafka/records.ts')).records,
  },
  groups: {
    summary: 'consumer groups of any Kafka: list, describe, reset, delete',
    load: async () => (await import('./kafka/groups.ts')).groups,
  },
}

/** The work itself failed; anything else that is thrown is bad usage or bad input. */
const failuresOfWork = new Set([
  'INTERNAL',
  'RUN_FAILED',
  'EXPORT_FAILED',
  'HOST_STOPPED',
  'NO_BROKER_REACHABLE',
  'REQUEST_TIMED_OUT',
  'READ_STALLED',
  'NON_EMPTY_GROUP',
])

async function main(args: readonly string[]): Promise<number> {
  const [name, ...rest] = args
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    process.stdout.write(overview())
    return name === undefined ? badUsage : done
  }
  const entry = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (!entry) throw usage('', `there is no command "${name}"`)
  // Named in lists of processes, and to those who find their data in use.
  process.title = `millrace ${name}`
  const command = await entry.load()
  if (rest.includes('--help') || rest.includes('-h')) {
    process.stdout.write(`${command.help}\n`)
    return done
  }
  await command.run(rest, new Output(rest.includes('--json')))
  return done
}

function overview(): string {
  const lines = Object.entries(commands).map(([name, { summary }]) => `  ${name.padEnd(10)}${summary}`)
  return `millrace COMMAND [--help] [--json]\n\n${lines.join('\n')}\n\nmillrace COMMAND --help tells more.\n`
}

stayAlive(main(process.argv.slice(2))).then(
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

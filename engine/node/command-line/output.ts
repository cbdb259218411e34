import { MillraceError } from '../../base/errors.ts'

/** Exit statuses of every command. */
export const done = 0
export const workFailed = 1
export const badUsage = 2

/** A command's work has failed, and it has said why already. */
export class CommandFailed extends Error {
  readonly status: number

  constructor(status: number) {
    super('the command failed')
    this.status = status
  }
}

/** Where a command prints: people's lines, or one JSON object a line and nothing else. */
export class Output {
  readonly json: boolean
  #isSilent = true

  constructor(json: boolean) {
    this.json = json
  }

  /** For people. */
  line(text: string): void {
    if (!this.json) this.#write(text)
  }

  /** For programs. */
  object(value: Readonly<Record<string, unknown>>): void {
    if (this.json) this.#write(JSON.stringify(value))
  }

  /** Nothing has been printed yet. */
  get isSilent(): boolean {
    return this.#isSilent
  }

  #write(text: string): void {
    this.#isSilent = false
    process.stdout.write(`${text}\n`)
  }

  get isTerminal(): boolean {
    return !this.json && process.stdout.isTTY === true
  }
}

/** One line on standard error: `error CODE: what, where: what to do`. */
export function printError(thrown: unknown): void {
  const error = MillraceError.from(thrown)
  process.stderr.write(`error ${error.code}: ${error.message.replaceAll(/\s*\n\s*/g, ' ')}\n`)
  if (error.code === 'INTERNAL' && thrown instanceof Error && process.env.MILLRACE_DEBUG) {
    process.stderr.write(`${thrown.stack}\n`)
  }
}

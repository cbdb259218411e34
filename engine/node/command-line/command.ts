import type { Output } from './output.ts'

export interface Command {
  /** After its name in the list of commands. */
  readonly summary: string
  readonly help: string
  /** Resolves when the work is done. @throws MillraceError, CommandFailed */
  run(args: readonly string[], output: Output): Promise<void>
}

import type { Output } from './output.ts'

export interface Command {
  readonly help: string
  /** Resolves when the work is done. @throws MillraceError, CommandFailed */
  run(args: readonly string[], output: Output): Promise<void>
}

import { MillraceError } from '../../base/errors.ts'
import type { RunProblem } from '../../host/contract.ts'
import { printError } from './output.ts'

/** Of each node; a source with a bad line in every row would bury everything else. */
const shownMax = 5

/** What a run stumbles over, on standard error. */
export class ProblemLines {
  readonly #names: ReadonlyMap<string, string>
  readonly #counts = new Map<string, number>()

  constructor(nodes: readonly { readonly id: string; readonly name: string }[]) {
    this.#names = new Map(nodes.map(({ id, name }) => [id, name]))
  }

  /** What ends the run is shown always. */
  print({ error, node = '', count = 1 }: RunProblem, endsRun: boolean): void {
    const before = this.#counts.get(node) ?? 0
    const after = before + count
    this.#counts.set(node, after)
    if (endsRun || before < shownMax) printError(new MillraceError(error))
    if (endsRun || before >= shownMax || after < shownMax) return
    printError(
      new MillraceError({
        code: 'MORE_PROBLEMS',
        what: 'what else fails at this node is only counted',
        where: this.#names.get(node) ?? node,
        remedy: 'see its figures for dropped and failed',
      }),
    )
  }
}

import type { RunFailure, RunProblem } from './messages.ts'

/** So many of each kind are told one by one, as soon as they happen. */
const singleMax = 5

interface Group {
  told: number
  /** Since the last flush. */
  waiting: { readonly first: RunFailure; count: number; lastWhere: string | undefined } | undefined
}

/**
 * Tells of records that were passed over: a file of bad lines, or code that throws for each record, would bury everything else
 * in messages. Of one kind are those at the same node and line of code with the same error code.
 */
export class ProblemTally {
  readonly #tell: (problem: RunProblem) => void
  readonly #groups = new Map<string, Group>()

  constructor(tell: (problem: RunProblem) => void) {
    this.#tell = tell
  }

  add(failure: RunFailure): void {
    const { error, node, file } = failure
    const kind = JSON.stringify([node, error.code, file?.path, file?.line])
    const group = this.#groups.get(kind) ?? { told: 0, waiting: undefined }
    this.#groups.set(kind, group)
    if (group.told < singleMax) {
      group.told++
      this.#tell(failure)
      return
    }
    group.waiting ??= { first: failure, count: 0, lastWhere: undefined }
    group.waiting.count++
    group.waiting.lastWhere = error.where
  }

  /** Once for each sample, and at the end. */
  flush(): void {
    for (const group of this.#groups.values()) {
      if (!group.waiting) continue
      const { first, count, lastWhere } = group.waiting
      group.waiting = undefined
      this.#tell({ ...first, count, lastWhere })
    }
  }
}

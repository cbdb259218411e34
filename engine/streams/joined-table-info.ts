import type { OuterJoiner } from './api.ts'
import type { StepSetup } from './graph.ts'
import type { TableJoinType } from './operators/table-table-join.ts'
import { now, type RowReader, rowOf, TableInfo } from './table-info.ts'

/** A join of two tables without a store of its own is looked up by joining their rows as they are now. */
export class JoinedTableInfo extends TableInfo {
  readonly #type: TableJoinType
  readonly #left: TableInfo
  readonly #right: TableInfo
  readonly #joiner: OuterJoiner<unknown, unknown, unknown, unknown>

  constructor(
    type: TableJoinType,
    left: TableInfo,
    right: TableInfo,
    joiner: OuterJoiner<unknown, unknown, unknown, unknown>,
  ) {
    super(undefined, (value) => value)
    this.#type = type
    this.#left = left
    this.#right = right
    this.#joiner = joiner
  }

  override makeReadable(): void {
    this.#left.makeReadable()
    this.#right.makeReadable()
  }

  override wantOld(): void {
    this.needOld()
  }

  /** An old result is joined from an old value: both sides have to know theirs. */
  override needOld(): void {
    this.oldWanted = true
    this.#left.needOld()
    this.#right.needOld()
  }

  override get versionsMs(): number | undefined {
    return undefined
  }

  override reader(setup: StepSetup): RowReader {
    if (this.store !== undefined) return super.reader(setup)
    const readLeft = this.#left.reader(setup)
    const readRight = this.#right.reader(setup)
    const type = this.#type
    // A join shows rows as they are now, also of tables with versions.
    return (key) => {
      const left = readLeft(key, now)
      if (left === undefined && type !== 'outer') return undefined
      const right = readRight(key, now)
      if (right === undefined && (type === 'inner' || left === undefined)) return undefined
      const value = this.#joiner(left?.value ?? null, right?.value ?? null, key)
      return rowOf(value, Math.max(left?.timestampMs ?? -1, right?.timestampMs ?? -1))
    }
  }
}

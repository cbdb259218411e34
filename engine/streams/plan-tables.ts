/** Steps of tables, beside those in `plan.ts`. */
import type { Expression, StepBase } from './plan.ts'

export type TableStep = StepBase & {
  readonly op: 'tableTableJoin'
  readonly type: 'inner' | 'left' | 'outer'
  readonly left: string
  readonly right: string
  /** sees `key`, `left`, `right` (null where missing) */
  readonly joiner: Expression
  readonly store?: string
}

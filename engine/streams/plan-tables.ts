/** Steps of tables, beside those in `plan.ts`. */
import type { WindowSpec } from './api.ts'
import type { Expression, StepBase } from './plan.ts'

export type TableStep =
  | (StepBase & {
      readonly op: 'tableTableJoin'
      readonly type: 'inner' | 'left' | 'outer'
      readonly left: string
      readonly right: string
      /** sees `key`, `left`, `right` (null where missing) */
      readonly joiner: Expression
      readonly store?: string
    })
  | (StepBase & {
      readonly op: 'cogroup'
      /** Groupings, each with how it adds; sees `aggregate`, `value`, `key`. */
      readonly parts: readonly { readonly from: string; readonly add: Expression }[]
      /** JSON value */
      readonly init: unknown
      readonly window?: WindowSpec
      /** Sessions need it; sees `left`, `right`, `key`. */
      readonly merge?: Expression
      readonly store?: string
      readonly retentionMs?: number
    })
  | (StepBase & {
      readonly op: 'foreignKeyJoin'
      readonly type: 'inner' | 'left'
      readonly left: string
      readonly right: string
      /** Of the left row; sees `key`, `value`. */
      readonly foreignKey: Expression
      /** sees `key`, `left`, `right` (null where missing) */
      readonly joiner: Expression
      readonly store?: string
    })

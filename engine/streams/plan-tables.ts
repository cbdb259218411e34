/** Steps of tables, beside those in `plan.ts`. */
import type { WindowSpec } from './api.ts'
import type { Expression, SerdeName, StepBase } from './plan.ts'

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

/** Every instance has all rows of a global table; only `streamGlobalTableJoin` looks into it. */
export type GlobalTableStep =
  | (StepBase & {
      readonly op: 'globalTable'
      readonly topic: string
      readonly keyFormat?: SerdeName
      readonly valueFormat?: SerdeName
      readonly store?: string
    })
  | (StepBase & {
      readonly op: 'streamGlobalTableJoin'
      readonly type: 'inner' | 'left'
      readonly left: string
      readonly right: string
      /** Of the row, from the stream's record; sees `key`, `value`, `timestamp`, `headers`. */
      readonly keyExpr: Expression
      readonly joiner: Expression
    })

import { assert } from '../base/assert.ts'
import type { StepNode, StepSetup, StoreSpec } from './graph.ts'
import { rowStore } from './operators/table.ts'
import { VersionedStore } from './stores/versioned-store.ts'
import type { TableWindows } from './windows.ts'

/** A row as it is seen from outside. */
export interface TableRow {
  readonly value: unknown
  readonly timestampMs: number
}

/** Looks a row up; undefined when absent. Versioned tables give it as of that time, others as it is now. */
export type RowReader = (key: unknown, asOfMs: number) => TableRow | undefined

/** As of this time a versioned table has its latest version. */
export const now = Number.POSITIVE_INFINITY

/**
 * What is known of a table while the topology is built. Whether it keeps rows may change until then: a join that comes later makes
 * its source keep them. Steps read it when tasks are made, after `build()`.
 */
export class TableInfo {
  /** The table that this one is a view of. */
  readonly parent: TableInfo | undefined
  /** From the parent's value to this one's; null is absence. */
  readonly view: (value: unknown, key: unknown) => unknown
  /** The name of the store with this table's rows. */
  store: string | undefined
  /** Something further down wants to know old values. */
  oldWanted = false
  /** How far back versions of the rows are kept; undefined: only the latest is. */
  historyMs: number | undefined
  /** Of a table whose keys are windows. */
  windows: TableWindows | undefined
  #home: { readonly node: StepNode; readonly spec: (name: string) => StoreSpec } | undefined

  constructor(parent: TableInfo | undefined, view: TableInfo['view']) {
    this.parent = parent
    this.view = view
  }

  /** The step that writes this table's rows, once it is there. */
  attach(node: StepNode, spec: (name: string) => StoreSpec): void {
    this.#home = { node, spec }
  }

  keepRows(name: string): void {
    assert(this.#home !== undefined && this.store === undefined, 'a table keeps its rows in one place')
    this.store = name
    this.#home.node.stores.push(this.#home.spec(name))
  }

  /** Sees to it that rows can be looked up: here, or at the table that this one is a view of. */
  makeReadable(): void {
    if (this.store !== undefined) return
    if (this.parent !== undefined) this.parent.makeReadable()
    else this.keepRows(this.#home!.node.name)
  }

  /** Old values where they are known. */
  wantOld(): void {
    this.oldWanted = true
    this.parent?.wantOld()
  }

  /** Old values in any case: rows are kept for them where they are not yet. */
  needOld(): void {
    this.oldWanted = true
    if (this.store !== undefined) return
    if (this.parent !== undefined) this.parent.needOld()
    else this.makeReadable()
  }

  /** The history of the table's rows, its own or that of the table that it is a view of. */
  get versionsMs(): number | undefined {
    return this.store === undefined && this.parent !== undefined ? this.parent.versionsMs : this.historyMs
  }

  /** Looks a row up as it is now, null when absent, through the views above the nearest table that keeps rows. */
  getter(setup: StepSetup): (key: unknown) => unknown {
    const read = this.reader(setup)
    return (key) => read(key, now)?.value ?? null
  }

  reader(setup: StepSetup): RowReader {
    if (this.store !== undefined) return this.#storeReader(setup, this.store)
    assert(this.parent !== undefined, 'a table without rows is a view of another')
    const above = this.parent.reader(setup)
    return (key, asOfMs) => {
      const row = above(key, asOfMs)
      return row === undefined ? undefined : rowOf(this.view(row.value, key), row.timestampMs)
    }
  }

  #storeReader(setup: StepSetup, name: string): RowReader {
    const store = setup.store(name)
    if (store instanceof VersionedStore) return (key, asOfMs) => store.getAsOf(key, asOfMs)
    const rows = rowStore(store)
    const { shown } = this
    if (shown === undefined) return (key) => rows.get(key)
    return (key) => {
      const row = rows.get(key)
      return row === undefined ? undefined : rowOf(shown(row.value), row.timestampMs)
    }
  }

  /** What a kept row looks like from outside: aggregates keep more than they show. */
  shown: ((kept: unknown) => unknown) | undefined
}

/** null and undefined are absence. */
export function rowOf(value: unknown, timestampMs: number): TableRow | undefined {
  return value === null || value === undefined ? undefined : { value, timestampMs }
}

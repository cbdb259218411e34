import { assert } from '../base/assert.ts'
import type { StepNode, StepSetup, StoreSpec } from './graph.ts'
import { rowStore } from './operators/table.ts'

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
  /** A filter further down wants to know old values. */
  oldWanted = false
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

  wantOld(): void {
    this.oldWanted = true
    this.parent?.wantOld()
  }

  /** Looks a row up as it is now, null when absent, through the views above the nearest table that keeps rows. */
  getter(setup: StepSetup): (key: unknown) => unknown {
    if (this.store !== undefined) {
      const store = rowStore(setup.store(this.store))
      const { shown } = this
      return (key) => {
        const row = store.get(key)
        return row === undefined ? null : shown(row.value)
      }
    }
    assert(this.parent !== undefined, 'a table without rows is a view of another')
    const above = this.parent.getter(setup)
    return (key) => {
      const value = above(key)
      return value === null ? null : (this.view(value, key) ?? null)
    }
  }

  /** What a kept row looks like from outside: aggregates keep more than they show. */
  shown: (kept: unknown) => unknown = (kept) => kept
}

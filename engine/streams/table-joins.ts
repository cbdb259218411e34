import type { KTable, OuterJoiner } from './api.ts'
import { JoinedTableInfo } from './joined-table-info.ts'
import { commonKey } from './joins.ts'
import { rowStoreOf, Table } from './ktable.ts'
import { tableTableJoin } from './operators/table-table-join.ts'
import { jsonSerde } from './serdes.ts'
import type { TableJoinOptions } from './table-api.ts'

export function addTableTableJoin<K, V, V2, R>(
  left: Table<K, V>,
  right: Table<K, V2>,
  typed: (left: never, right: never, key: K) => R,
  options: TableJoinOptions,
): KTable<K, R> {
  const { graph } = left
  const { name, type } = options
  const joiner = typed as OuterJoiner<unknown, unknown, unknown, unknown>
  const serdes = { key: commonKey(left, right, name), value: jsonSerde }
  left.info.makeReadable()
  right.info.makeReadable()
  // Whether an absent row was absent before decides whether anything goes on.
  if (type !== 'inner') left.info.needOld()
  if (type === 'outer') right.info.needOld()
  const info = new JoinedTableInfo(type, left.info, right.info, joiner)
  const node = graph.add({
    name,
    kind: 'tableTableJoin',
    detail: type,
    parents: [left.outlet, right.outlet],
    create: tableTableJoin({ type, left: left.info, right: right.info, info, joiner }),
  })
  graph.coPartitionings.push({ step: name, left: left.outlet.node, right: right.outlet.node })
  info.attach(node, rowStoreOf(serdes, options.kind))
  if (options.store !== undefined) info.keepRows(options.store)
  return new Table<K, R>(graph, { node, output: 0 }, serdes, info, left.windowed)
}

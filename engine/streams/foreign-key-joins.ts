import { assert } from '../base/assert.ts'
import type { Joiner, KTable } from './api.ts'
import { Answer, answerSerde, subscriptionSerde } from './foreign-key-messages.ts'
import { addTable, type Table } from './ktable.ts'
import { lookUp, respond, subscribe } from './operators/foreign-key-join.ts'
import { jsonSerde } from './serdes.ts'
import { SubscriptionStore } from './stores/subscription-store.ts'
import type { ForeignKeyJoinOptions } from './table-api.ts'

/** Puts the three steps of a foreign-key join, and the two topics between them, behind the tables; see `foreign-key-join.ts`. */
export function addForeignKeyJoin<K, V, K2, V2, R>(
  left: Table<K, V>,
  right: Table<K2, V2>,
  foreignKey: (value: V, key: K) => K2 | null,
  typed: (left: never, right: never, key: K) => R,
  options: ForeignKeyJoinOptions,
): KTable<K, R> {
  const { graph } = left
  const { name, type } = options
  const joiner = typed as Joiner<unknown, unknown, unknown, unknown>
  const serialize = (value: unknown) => left.serdes.value.serialize(value)
  left.info.makeReadable()
  left.info.needOld()
  right.info.makeReadable()
  const subscribing = graph.add({
    name: `${name}-subscribe`,
    reportAs: name,
    kind: 'foreignKeyJoin-subscribe',
    parents: [left.outlet],
    create: subscribe({
      type,
      foreignKey: foreignKey as (value: unknown, key: unknown) => unknown,
      serialize,
    }),
  })
  const subscriptions = graph.repartition(
    { node: subscribing, output: 0 },
    {
      name: `${name}-subscription`,
      reportAs: name,
      key: right.serdes.key,
      value: subscriptionSerde(left.serdes.key),
      keepsNullKeys: true,
    },
  )
  const storeName = `${name}-subscriptions`
  const storeSerdes = { foreignKey: right.serdes.key, primaryKey: left.serdes.key }
  const lookingUp = graph.add({
    name: `${name}-look-up`,
    reportAs: name,
    kind: 'foreignKeyJoin-look-up',
    parents: [subscriptions, right.outlet],
    stores: [{ name: storeName, onDisk: false, create: () => new SubscriptionStore(storeName, storeSerdes) }],
    create: lookUp(right.info, storeName),
  })
  const answers = graph.repartition(
    { node: lookingUp, output: 0 },
    {
      name: `${name}-response`,
      reportAs: name,
      key: left.serdes.key,
      value: answerSerde(right.serdes.value),
      partitioner({ value }) {
        assert(value instanceof Answer, 'an answer goes out')
        return value.partition
      },
    },
  )
  const responding = graph.add({
    name: `${name}-respond`,
    reportAs: name,
    kind: 'foreignKeyJoin-respond',
    detail: type,
    parents: [answers, left.outlet],
    create: respond({ type, left: left.info, serialize, joiner }),
  })
  graph.coPartitionings.push(
    { step: name, left: subscriptions.node, right: right.outlet.node },
    { step: name, left: left.outlet.node, right: answers.node },
  )
  const serdes = { key: left.serdes.key, value: jsonSerde }
  return addTable<K, R>(graph, { node: responding, output: 0 }, serdes, options, 'foreignKeyJoin', type)
}

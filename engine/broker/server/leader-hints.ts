import type { BrokerContext } from './context.ts'

/** Who leads the partition instead, as far as is known here (KIP-951). */
export function currentLeaderOf(
  broker: BrokerContext,
  topic: string | undefined,
  partition: number,
): { leaderId: number; leaderEpoch: number } | undefined {
  const state = topic === undefined ? undefined : broker.image.partition(topic, partition)
  if (!state || state.leader === -1 || state.leader === broker.id) return undefined
  return { leaderId: state.leader, leaderEpoch: state.leaderEpoch }
}

export function endpointsOf(broker: BrokerContext, ids: Iterable<number>) {
  return [...ids].flatMap((id) => {
    const node = broker.image.brokers.get(id)
    return node ? [{ nodeId: id, host: node.host, port: node.port, rack: null }] : []
  })
}

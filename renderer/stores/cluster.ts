/** The embedded cluster: its state by events, and asked for while someone looks. */
import { create } from 'zustand'
import type { ClusterState } from '../../engine/host/contract.ts'
import { host } from '../host/client.ts'
import { tellFailure, toast } from './toasts.ts'

interface ClusterStore {
  readonly cluster: ClusterState | undefined
  /** The host does not tell a state before the brokers are up: after an unclean stop that takes seconds. */
  readonly starting: boolean
  /** Brokers with an order under way. */
  readonly pending: ReadonlySet<number>
}

export const useCluster = create<ClusterStore>(() => ({
  cluster: undefined,
  starting: false,
  pending: new Set(),
}))

export const adoptCluster = (cluster: ClusterState) => useCluster.setState({ cluster, starting: false })

/** Whether any of the topics has ever held a record. */
export const hadRecords = (cluster: ClusterState | undefined, topics: readonly string[]) =>
  cluster?.topics.some(
    ({ name, partitions }) =>
      topics.includes(name) && partitions.some(({ highWatermark }) => highWatermark > 0),
  ) ?? false

const pollMs = 1000
/** A host whose brokers are up answers before that. */
const promptMs = 300

/** Asks once a second: topics grow without events. */
export function followCluster(): () => void {
  let stopped = false
  const ask = async () => {
    while (!stopped) {
      if (host().connection === 'connected') await refreshCluster()
      await new Promise((resolve) => setTimeout(resolve, pollMs))
    }
  }
  void ask()
  return () => {
    stopped = true
  }
}

export async function refreshCluster(): Promise<void> {
  try {
    const { cluster } = await host().call('cluster.state', {})
    useCluster.setState({ cluster, starting: false })
  } catch {
    // Lost meanwhile: the last state stays, greyed.
  }
}

/** With a new connection, which may be to a new host: what was known of the brokers holds no more if it takes time. */
export async function awaitCluster(): Promise<void> {
  const late = setTimeout(() => useCluster.setState({ starting: true }), promptMs)
  await refreshCluster()
  clearTimeout(late)
}

export type BrokerOrder = 'kill' | 'stop' | 'start'

const methods = {
  kill: 'cluster.killBroker',
  stop: 'cluster.stopBroker',
  start: 'cluster.startBroker',
} as const

const done = { kill: 'was killed', stop: 'stopped', start: 'is back' }

export async function orderBroker(order: BrokerOrder, broker: number): Promise<void> {
  setPending(broker, true)
  try {
    await host().call(methods[order], { broker })
    toast({ tone: 'done', text: `Broker ${broker} ${done[order]}.` })
  } catch (thrown) {
    tellFailure(`${order.charAt(0).toUpperCase()}${order.slice(1)} of broker ${broker}`, thrown)
  } finally {
    setPending(broker, false)
    await refreshCluster()
  }
}

function setPending(broker: number, on: boolean): void {
  useCluster.setState(({ pending }) => {
    const next = new Set(pending)
    if (on) next.add(broker)
    else next.delete(broker)
    return { pending: next }
  })
}

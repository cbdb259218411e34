import { isMillraceError } from '../../engine/base/errors.ts'
import { createAdmin } from '../../engine/client/index.ts'
import type { World } from '../../engine/sim/index.ts'
import type { Load } from './loads/load.ts'
import { brokerIds, type SimCluster } from './sim-cluster.ts'

export interface AdminLoadOptions {
  /** Replicas of their partitions move from broker to broker. */
  readonly topics: readonly string[]
  /** How many each of them has. */
  readonly partitions: readonly number[]
}

/** What may go wrong while brokers do: no answer in time, or an answer to the second try of what the first had done. */
const expected = new Set([
  'NO_BROKER_REACHABLE',
  'REQUEST_TIMED_OUT',
  'CONNECTION_LOST',
  'CONNECTION_REFUSED',
  'CONNECTION_TIMED_OUT',
  'TOPIC_ALREADY_EXISTS',
  'UNKNOWN_TOPIC_OR_PARTITION',
  'INVALID_PARTITIONS',
  'INVALID_REPLICATION_FACTOR',
  'NOT_CONTROLLER',
])

/** Administrators at work: replicas move, leaders change, topics come, grow, are configured and go. */
export function startAdminLoad(
  world: World,
  cluster: SimCluster,
  { topics, partitions }: AdminLoadOptions,
): Load {
  const environment = world.node('client')
  const random = environment.random.fork('admin')
  const admin = createAdmin(environment, {
    bootstrap: cluster.bootstrap,
    clientId: 'admin',
    requestTimeoutMs: 3000,
    metadataMaxAgeMs: 5000,
  })
  const done: Record<string, number> = {}
  const failures: string[] = []
  const scratch = () => `scratch-${random.int(3)}`
  const allPartitions = topics.flatMap((topic, i) => {
    return Array.from({ length: partitions[i]! }, (_, partition) => ({ topic, partition }))
  })
  /** The last one, which is compacted, more often: whoever gets it anew gets what compaction has left. */
  const anyPartition = () =>
    allPartitions[Math.min(random.int(allPartitions.length * 2), allPartitions.length - 1)]!
  const operations: Record<string, () => Promise<unknown>> = {
    reassign: () => {
      const ids = shuffled(brokerIds, (bound) => random.int(bound))
      return admin.reassignPartitions([{ ...anyPartition(), replicas: ids.slice(0, 2 + random.int(2)) }])
    },
    elect: () => admin.electLeaders('preferred', null),
    create: () => admin.createTopics([{ name: scratch(), partitions: 1 + random.int(3) }]),
    grow: () => admin.createPartitions(scratch(), 2 + random.int(4)),
    configure: () =>
      admin.alterConfigs({ type: 'topic', name: scratch() }, [
        { name: 'segment.ms', operation: 'set', value: String(1000 + random.int(1000)) },
      ]),
    delete: () => admin.deleteTopics([scratch()]),
  }
  let isStopped = false
  let isSettled = false
  const attempt = async (kind: string) => {
    try {
      await operations[kind]!()
      done[kind] = (done[kind] ?? 0) + 1
    } catch (thrown) {
      if (!isMillraceError(thrown) || !expected.has(thrown.code)) failures.push(`${kind} failed: ${thrown}`)
    }
  }
  const run = async () => {
    const kinds = Object.keys(operations)
    while (!isStopped) {
      await environment.timers.sleep(30 + random.int(170))
      await attempt(kinds[random.int(kinds.length)]!)
    }
    await settle()
    await admin.close()
    isSettled = true
  }
  /** Back to all brokers, and until nothing is on its way. */
  const settle = async () => {
    for (;;) {
      try {
        await admin.reassignPartitions(allPartitions.map((each) => ({ ...each, replicas: brokerIds })))
        return
      } catch (thrown) {
        if (!isMillraceError(thrown) || !expected.has(thrown.code)) {
          failures.push(`the last reassignment failed: ${thrown}`)
          return
        }
      }
    }
  }
  void run()
  return {
    operations: done,
    failures,
    isDone: () => isSettled,
    stop() {
      isStopped = true
    },
  }
}

function shuffled<T>(list: readonly T[], below: (bound: number) => number): T[] {
  const result = [...list]
  for (let i = result.length - 1; i > 0; i--) {
    const j = below(i + 1)
    ;[result[i], result[j]] = [result[j]!, result[i]!]
  }
  return result
}

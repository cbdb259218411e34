import { createProducer } from '../../../engine/client/index.ts'
import { nodeCodecs } from '../../../engine/node/environment/index.ts'
import { contentOf } from '../checks/contents.ts'
import { Counts, type Load, type LoadContext } from './load.ts'

interface Written {
  readonly offset: number
  readonly value: string | undefined
}

export const tableKeys = 8

/**
 * Writes values and tombstones to the keys of a compacted topic. Checks invariants 1 and 2 as far as compaction leaves them: the
 * latest value of every key, on every replica.
 */
export function startCompactedLoad(
  { cluster, environment, findings, tell }: LoadContext,
  { topic, partition }: { readonly topic: string; readonly partition: number },
): Load {
  const random = environment.random.fork('table')
  const producer = createProducer(environment, {
    bootstrap: cluster.bootstrap,
    lingerMs: 1,
    requestTimeoutMs: 3000,
    deliveryTimeoutMs: 300_000,
    metadataMaxAgeMs: 5000,
  })
  const latest = new Map<string, Written>()
  const operations = new Counts()
  const failures: string[] = []
  let next = 0
  let outstanding = 0
  let isStopped = false
  const writeSome = () => {
    if (isStopped) return
    for (let count = 1 + random.int(3); count > 0; count--) {
      const key = `own-${random.int(tableKeys)}`
      const value = random.int(8) === 0 ? undefined : `${key}/${next++}/${'x'.repeat(random.int(60))}`
      outstanding++
      const bytes = { key: Buffer.from(key), value: value === undefined ? null : Buffer.from(value) }
      producer
        .send({ topic, partition, ...bytes })
        .then(({ offset }) => {
          operations.add(value === undefined ? 'delete key' : 'set key')
          tell(`table: ${key} is ${value} at offset ${offset}`)
          if (offset > (latest.get(key)?.offset ?? -1)) latest.set(key, { offset, value })
        })
        .catch((thrown: unknown) => failures.push(`${key} failed: ${thrown}`))
        .finally(() => outstanding--)
    }
    environment.timers.after(10 + random.int(40), writeSome)
  }
  writeSome()
  return {
    operations: operations.counts,
    failures,
    stop() {
      isStopped = true
    },
    isDone: () => outstanding === 0,
    async verify() {
      for (const { id, replica } of cluster.replicas()) {
        if (replica.topic !== topic || replica.partition !== partition) continue
        const found = new Map<string, Written>()
        for (const [offset, { key, value }] of await contentOf(replica, nodeCodecs)) {
          found.set(key, { offset, value })
        }
        for (const [key, { offset, value }] of latest) {
          const there = found.get(key)
          // A tombstone may be gone, and what it deletes with it.
          const holds = there ? there.offset === offset && there.value === value : value === undefined
          findings.check(value === undefined ? 2 : 1, holds, () => {
            const what = `${key} was last set to ${value} at offset ${offset}`
            return `${what}, and on broker ${id} is ${there?.value} at offset ${there?.offset}`
          })
        }
      }
    },
  }
}

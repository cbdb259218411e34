import { createProducer } from '../../../engine/client/index.ts'
import { nodeCodecs } from '../../../engine/node/environment/index.ts'
import { contentsOf } from '../checks/contents.ts'
import { Counts, type Load, type LoadContext } from './load.ts'

interface Acknowledged {
  readonly partition: number
  readonly offset: number
  readonly value: string
}

export interface SteadyLoad extends Load {
  outstanding(): number
}

/**
 * An idempotent producer of ours that sends numbered records at random times. Checks invariants 1 (what was acknowledged is
 * where it was acknowledged), 2 and 7 (nothing is there twice).
 */
export function startSteadyLoad(
  { cluster, environment, findings, tell }: LoadContext,
  { topic, partitions }: { readonly topic: string; readonly partitions: number },
): SteadyLoad {
  const random = environment.random.fork('load')
  const producer = createProducer(environment, {
    bootstrap: cluster.bootstrap,
    lingerMs: 2,
    requestTimeoutMs: 3000,
    deliveryTimeoutMs: 300_000,
    metadataMaxAgeMs: 5000,
  })
  const acknowledged: Acknowledged[] = []
  const failures: string[] = []
  const operations = new Counts()
  let next = 0
  let isStopped = false
  let outstanding = 0
  const sendSome = () => {
    if (isStopped) return
    for (let count = 1 + random.int(4); count > 0; count--) {
      const value = String(next++)
      outstanding++
      const record = { topic, partition: random.int(partitions), key: null, value: Buffer.from(value) }
      producer
        .send(record)
        .then(({ partition, offset }) => {
          acknowledged.push({ partition, offset, value })
          operations.add('produce')
          tell(`producer: record ${value} is at ${topic}-${partition} offset ${offset}`)
        })
        .catch((thrown: unknown) => failures.push(`record ${value} failed: ${thrown}`))
        .finally(() => outstanding--)
    }
    environment.timers.after(random.int(20), sendSome)
  }
  sendSome()
  return {
    operations: operations.counts,
    failures,
    outstanding: () => outstanding,
    stop() {
      isStopped = true
    },
    isDone: () => outstanding === 0,
    async verify() {
      const contents = await contentsOf(cluster, topic, nodeCodecs, findings)
      for (const { partition, offset, value } of acknowledged) {
        const found = contents.get(partition)?.get(offset)?.value
        findings.check(1, found === value, () => {
          return `record ${value}, acknowledged at ${topic}-${partition} offset ${offset}, is ${found ?? 'gone'}`
        })
      }
      for (const [partition, content] of contents) {
        const seen = new Map<string, number>()
        for (const [offset, { value = '' }] of content) {
          const earlier = seen.get(value)
          findings.check(7, earlier === undefined, () => {
            return `${topic}-${partition} holds record ${value} at offsets ${earlier} and ${offset}`
          })
          seen.set(value, offset)
        }
      }
    },
  }
}

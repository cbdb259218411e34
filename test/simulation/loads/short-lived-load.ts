import { createProducer } from '../../../engine/client/index.ts'
import { nodeCodecs } from '../../../engine/node/environment/index.ts'
import { contentsOf } from '../checks/contents.ts'
import { Counts, type Load, type LoadContext } from './load.ts'

interface Acknowledged {
  readonly offset: number
  readonly value: string
  readonly timestampMs: number
}

/**
 * Writes to a topic that lets go of what is older than `retentionMs`. Checks invariant 1: nothing goes that is younger, and nothing
 * out of the middle.
 */
export function startShortLivedLoad(
  { cluster, environment, findings }: LoadContext,
  { topic, retentionMs }: { readonly topic: string; readonly retentionMs: number },
): Load {
  const random = environment.random.fork('short-lived')
  const producer = createProducer(environment, {
    bootstrap: cluster.bootstrap,
    lingerMs: 1,
    requestTimeoutMs: 3000,
    deliveryTimeoutMs: 300_000,
    metadataMaxAgeMs: 5000,
  })
  const operations = new Counts()
  const failures: string[] = []
  const acknowledged: Acknowledged[] = []
  let next = 0
  let outstanding = 0
  let isStopped = false
  /** Now, or in every other second so long ago that the time is up at once. */
  const timestampMs = () => {
    const isOld = Math.floor(environment.clock.monotonicMs() / 1000) % 2 === 1
    return environment.clock.nowMs() - (isOld ? retentionMs - 200 : 0)
  }
  const write = () => {
    if (isStopped) return
    const value = `short/${next++}`
    outstanding++
    producer
      .send({ topic, partition: 0, key: null, value: Buffer.from(value), timestampMs: timestampMs() })
      .then(({ offset, timestampMs }) => {
        operations.add('produce short-lived')
        acknowledged.push({ offset, value, timestampMs })
      })
      .catch((thrown: unknown) => failures.push(`${value} failed: ${thrown}`))
      .finally(() => outstanding--)
    environment.timers.after(5 + random.int(40), write)
  }
  write()
  return {
    operations: operations.counts,
    failures,
    stop() {
      isStopped = true
    },
    isDone: () => outstanding === 0,
    async verify() {
      const replicas = cluster.replicas().filter(({ replica }) => replica.topic === topic)
      const startOffset = Math.max(...replicas.map(({ replica }) => replica.log.logStartOffset))
      if (startOffset > 0) operations.add('expired', startOffset)
      const content = (await contentsOf(cluster, topic, nodeCodecs, findings)).get(0)
      const nowMs = environment.clock.nowMs()
      for (const { offset, value, timestampMs } of acknowledged) {
        const found = content?.get(offset)?.value
        // Clocks of brokers may have been ahead of this one, by five seconds.
        const mayBeGone = offset < startOffset && nowMs - timestampMs > retentionMs - 5000
        findings.check(1, found === value || (found === undefined && mayBeGone), () => {
          return `${value}, acknowledged at ${topic}-0 offset ${offset} ${nowMs - timestampMs} ms ago, is ${found ?? 'gone'}`
        })
      }
    },
  }
}

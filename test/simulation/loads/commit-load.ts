import { isMillraceError } from '../../../engine/base/errors.ts'
import { createConsumer } from '../../../engine/client/index.ts'
import { Counts, type Load, type LoadContext } from './load.ts'

const groups = 4

/**
 * Consumers that belong to no generation and do nothing but commit, each one offset after the other, so that there is always a
 * commit under way. Checks invariant 9: what was acknowledged does not go back.
 */
export function startCommitLoad(
  { cluster, environment, findings }: LoadContext,
  { topic }: { readonly topic: string },
): Load {
  const random = environment.random.fork('commits')
  const operations = new Counts()
  const failures: string[] = []
  const acknowledged = new Map<string, number>()
  let isStopped = false
  let running = 0

  const commitOn = async (groupId: string) => {
    const consumer = createConsumer(environment, {
      bootstrap: cluster.bootstrap,
      groupId,
      requestTimeoutMs: 1500,
      metadataMaxAgeMs: 5000,
    })
    const here = { topic, partition: 0 }
    consumer.assign([here])
    for (let offset = 1; !isStopped; offset++) {
      try {
        await consumer.commit([{ ...here, offset }])
        acknowledged.set(groupId, offset)
        operations.add('commit alone')
      } catch (thrown) {
        if (!isMillraceError(thrown)) throw thrown
      }
      await environment.timers.sleep(random.int(15))
    }
    await consumer.close()
  }

  for (let i = 0; i < groups; i++) {
    running++
    commitOn(`committer-${i}`)
      .catch((thrown: unknown) => failures.push(`committer: ${thrown}`))
      .finally(() => running--)
  }
  return {
    operations: operations.counts,
    failures,
    stop() {
      isStopped = true
    },
    isDone: () => running === 0,
    verify() {
      for (const [groupId, offset] of acknowledged) {
        const found = cluster.committedOffset(groupId, topic, 0)
        findings.check(9, found !== undefined && found >= offset, () => {
          return `${groupId} had committed offset ${offset}, and is at ${found}`
        })
      }
    },
  }
}

import { isMillraceError } from '../../../engine/base/errors.ts'
import { ClusterClient } from '../../../engine/client/cluster/cluster-client.ts'
import { connectionSettings } from '../../../engine/client/settings.ts'
import { initProducerId } from '../../../engine/protocol/apis/init-producer-id.ts'
import { produce } from '../../../engine/protocol/apis/produce.ts'
import { BatchBuilder } from '../../../engine/protocol/batch-builder.ts'
import { type ErrorName, errorOf } from '../../../engine/protocol/error-codes.ts'
import { Counts, type Load, type LoadContext } from './load.ts'

export interface ResendingOptions {
  /** Of the writer. */
  readonly name: string
  readonly topic: string
  readonly partition: number
  /** How many of the last batches are surely known again: five, but one where the log is compacted. */
  readonly rememberedBatches: number
  /** How long it waits, half the time, before it sends them again. */
  readonly restMsMax: number
  /** Null: no key. */
  readonly keyOf: (random: { int(bound: number): number }) => string | null
}

interface SentBatch {
  readonly records: Buffer
  readonly values: readonly string[]
  offset: number
}

const inFlight = 5
const retryMs = 40
const attemptsMax = 2000

/**
 * A bare idempotent producer with five batches in flight, all of which it sends again now and then, at once or later: each
 * must be answered with the offset of then. Checks invariant 7 across leaders, compaction and replays.
 */
export function startResendingLoad(
  { cluster, environment, findings, tell }: LoadContext,
  options: ResendingOptions,
): Load {
  const { topic, partition } = options
  const { name } = options
  const random = environment.random.fork(name)
  const { codecs, clock, timers } = environment
  const settings = connectionSettings({
    bootstrap: cluster.bootstrap,
    requestTimeoutMs: 2000,
    metadataMaxAgeMs: 5000,
  })
  const client = new ClusterClient(environment, settings, { autoCreateTopics: false })
  client.track(topic)
  const operations = new Counts()
  const failures: string[] = []
  let identity = { producerId: -1, producerEpoch: -1 }
  let sequence = 0
  let lastOffset = -1
  let isStopped = false
  let isOver = false

  const init = async () => {
    while (identity.producerId < 0) {
      try {
        const body = { transactionalId: null, transactionTimeoutMs: 60_000 }
        const answer = await client.requestAny(initProducerId, body)
        if (answer.errorCode === 0) identity = answer
      } catch (thrown) {
        if (!isMillraceError(thrown)) throw thrown
      }
      if (identity.producerId < 0) await timers.sleep(retryMs)
    }
  }

  const batchOf = (values: readonly string[]): SentBatch => {
    const builder = new BatchBuilder()
    for (const value of values) {
      const key = options.keyOf(random)
      builder.append(clock.nowMs(), key === null ? null : Buffer.from(key), Buffer.from(value))
    }
    const { producerId, producerEpoch } = identity
    const records = builder.build({ codecs, producerId, producerEpoch, baseSequence: sequence })
    sequence += values.length
    return { records, values, offset: -1 }
  }

  /** Until it is acknowledged; gives the offset. */
  const send = async ({ records, values }: SentBatch, isRepeated: boolean): Promise<number> => {
    let error: ErrorName | 'no answer' = 'no answer'
    for (let attempt = 0; attempt < attemptsMax; attempt++) {
      try {
        const leader = client.metadata.topic(topic)?.partitions[partition]?.leader ?? -1
        const partitionData = [{ index: partition, records: Buffer.from(records) }]
        const body = { acks: -1, timeoutMs: 1500, topicData: [{ name: topic, partitionData }] }
        const answer = await client.request(leader, produce, body, { versionMax: 11 })
        const { errorCode, baseOffset } = answer.responses[0]!.partitionResponses[0]!
        error = errorOf(errorCode).name
        if (error === 'NONE') return baseOffset
        // What was acknowledged once is known: it can neither be out of order nor of a forgotten producer.
        if (isRepeated && error === 'OUT_OF_ORDER_SEQUENCE_NUMBER') break
      } catch (thrown) {
        if (!isMillraceError(thrown)) throw thrown
      }
      client.refreshSoon()
      await timers.sleep(retryMs)
    }
    failures.push(`${name}: ${values[0]} is answered with ${error}`)
    return -1
  }

  const resend = async (batches: readonly SentBatch[]) => {
    const offsets = await Promise.all(batches.map((batch) => send(batch, true)))
    batches.forEach(({ values, offset }, i) => {
      operations.add('send again')
      tell(`${name}: ${values[0]} again, at ${offsets[i]}`)
      findings.check(7, offsets[i] === offset, () => {
        return `${name}: ${values[0]} is acknowledged at ${offset}, and when sent again at ${offsets[i]}`
      })
    })
  }

  const round = async (index: number) => {
    const count = 1 + random.int(inFlight)
    const batches = Array.from({ length: count }, (_, i) => {
      return batchOf(Array.from({ length: 1 + random.int(2) }, (_, j) => `${name}/${index}/${i}/${j}`))
    })
    await Promise.all(
      batches.map(async (batch) => {
        batch.offset = await send(batch, false)
        operations.add('produce in flight')
        tell(`${name}: ${batch.values[0]} is at ${batch.offset}`)
      }),
    )
    for (const { offset, values } of batches) {
      findings.check(7, offset > lastOffset, () => {
        return `${name}: ${values[0]} is at ${offset}, before what was sent before it (${lastOffset})`
      })
      lastOffset = Math.max(lastOffset, offset)
    }
    if (random.int(2) === 0) return
    await timers.sleep(random.int(random.int(4) === 0 ? 1500 : options.restMsMax))
    await resend(batches.slice(-options.rememberedBatches))
  }

  const run = async () => {
    await init()
    for (let index = 0; !isStopped && failures.length === 0; index++) {
      await round(index)
      await timers.sleep(random.int(60))
    }
    client.close()
  }
  run()
    .catch((thrown: unknown) => failures.push(`${name}: ${thrown}`))
    .finally(() => {
      isOver = true
    })
  return {
    operations: operations.counts,
    failures,
    stop() {
      isStopped = true
    },
    isDone: () => isOver,
  }
}

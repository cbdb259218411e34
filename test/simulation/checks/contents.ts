import type { Replica } from '../../../engine/broker/replication/replica.ts'
import type { Codecs } from '../../../engine/environment/index.ts'
import { splitBatches } from '../../../engine/protocol/record-batch.ts'
import { RecordCursor } from '../../../engine/protocol/record-cursor.ts'
import type { SimCluster } from '../sim-cluster.ts'
import type { Findings } from './findings.ts'

export interface StoredRecord {
  readonly key: string
  /** Undefined: a tombstone. */
  readonly value: string | undefined
}

/** What a replica holds below its high watermark, by offset. */
export async function contentOf(replica: Replica, codecs: Codecs): Promise<Map<number, StoredRecord>> {
  const content = new Map<number, StoredRecord>()
  let offset = replica.log.logStartOffset
  while (offset < replica.highWatermark) {
    const { pieces } = await replica.log.read(offset, 1024 * 1024, { endOffset: replica.highWatermark })
    const before = offset
    for (const piece of pieces) {
      for (const batch of splitBatches(piece)) {
        offset = batch.nextOffset
        if (batch.isControl) continue
        const cursor = new RecordCursor(batch, codecs)
        while (cursor.next()) {
          const key = cursor.key?.toString() ?? ''
          content.set(cursor.offset, { key, value: cursor.value?.toString() })
        }
      }
    }
    if (offset === before) break
  }
  return content
}

/** Of one topic, by partition, as its replicas have it; what they differ in is told as a violation of invariant 2. */
export async function contentsOf(
  cluster: SimCluster,
  topic: string,
  codecs: Codecs,
  findings: Findings,
): Promise<Map<number, Map<number, StoredRecord>>> {
  const byPartition = new Map<number, Map<number, StoredRecord>>()
  for (const { id, replica } of cluster.replicas()) {
    if (replica.topic !== topic) continue
    const content = await contentOf(replica, codecs)
    const known = byPartition.get(replica.partition) ?? content
    byPartition.set(replica.partition, known)
    for (const [offset, { key, value }] of content) {
      const other = known.get(offset)
      // Compaction, and retention, go their own way on each broker: what one lacks is another question.
      if (!other) continue
      findings.check(2, other.key === key && other.value === value, () => {
        return `${replica.name} on broker ${id} holds ${value} at offset ${offset}, another replica ${other.value}`
      })
    }
  }
  return byPartition
}

/**
 * Invariant 10: what a log adds up to is the same on each replica that has as much of it, however often it was opened, cut and
 * replayed. Only for topics that are neither compacted nor expire: each broker does that in its own time.
 */
export function checkStates(cluster: SimCluster, topics: readonly string[], findings: Findings): void {
  const known = new Map<string, { readonly id: number; readonly state: string }>()
  for (const { id, replica } of cluster.replicas()) {
    if (!topics.includes(replica.topic) || replica.isChanging) continue
    const { logEndOffset } = replica.log
    // With the epoch of its last record a log's whole content is given.
    const key = `${replica.key} ${logEndOffset} ${replica.epochAt(logEndOffset - 1)}`
    const state = stateOf(replica)
    const other = known.get(key)
    if (!other) {
      known.set(key, { id, state })
      continue
    }
    findings.check(10, other.state === state, () => {
      return `${replica.name} up to ${logEndOffset} is ${state} on broker ${id}, and ${other.state} on broker ${other.id}`
    })
  }
}

function stateOf({ log }: Replica): string {
  const producers = [...log.producers.entries()].map((entry) => {
    const { producerId, producerEpoch, openOffset } = entry
    const batches = entry.batches.flatMap(({ lastSequence, lastOffset }) => [lastSequence, lastOffset])
    return [producerId, producerEpoch, openOffset ?? -1, ...batches]
  })
  const aborted = log.abortedBetween(log.logStartOffset, log.logEndOffset)
  const starts = log.leaderEpochs.list().filter(({ startOffset }) => startOffset < log.logEndOffset)
  return JSON.stringify({
    producers: producers.sort((a, b) => a[0]! - b[0]!),
    aborted: aborted.map(({ producerId, firstOffset, lastOffset }) => [producerId, firstOffset, lastOffset]),
    epochs: starts.map(({ leaderEpoch, startOffset }) => [leaderEpoch, startOffset]),
  })
}

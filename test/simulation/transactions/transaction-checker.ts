import type { Replica } from '../../../engine/broker/replication/replica.ts'
import type { Codecs } from '../../../engine/environment/index.ts'
import { splitBatches } from '../../../engine/protocol/record-batch.ts'
import { RecordCursor } from '../../../engine/protocol/record-cursor.ts'
import type { Findings } from '../checks/findings.ts'
import type { SimCluster } from '../sim-cluster.ts'
import { type Attempt, ledger, type TransactionLoad } from './transaction-load.ts'

/** Every transaction is decided, as far as its leaders know. */
export function areDecided(cluster: SimCluster): boolean {
  return cluster.replicas().every(({ replica }) => {
    return !replica.leader || replica.lastStableOffset === replica.log.logEndOffset
  })
}

/**
 * Invariant 8, after all has healed: nobody has read what was aborted or never decided, no commit is torn, offsets are
 * committed with their transaction or not at all, and in the end everything is decided.
 */
export async function checkTransactions(
  cluster: SimCluster,
  load: TransactionLoad,
  codecs: Codecs,
  findings: Findings,
): Promise<void> {
  const texts: string[] = []
  if (!areDecided(cluster)) texts.push(`undecided in the end: ${describeUndecided(cluster)}`)
  const committed = await committedValues(cluster, codecs)
  const counts = new Map<string, number>()
  for (const value of committed) counts.set(value, (counts.get(value) ?? 0) + 1)
  for (const [value, count] of counts) if (count > 1) texts.push(`${value} is there ${count} times`)
  for (const attempt of load.attempts) texts.push(...attemptFaults(attempt, counts))
  const known = new Set(load.attempts.flatMap(({ values }) => values))
  for (const value of counts.keys()) if (!known.has(value)) texts.push(`${value} is in no transaction`)
  const seen = new Set<string>()
  for (const value of load.read) {
    if (!counts.has(value)) texts.push(`${value} was read as committed, and is not`)
    if (seen.has(value)) texts.push(`${value} was read twice`)
    seen.add(value)
  }
  texts.push(...offsetFaults(cluster, load.attempts, counts))
  for (const { outcome } of load.attempts)
    findings.check(8, outcome !== 'open', () => 'a transaction is open')
  for (const text of texts) findings.violate(8, text)
}

function attemptFaults(attempt: Attempt, counts: ReadonlyMap<string, number>): string[] {
  const { producer, index, values, outcome } = attempt
  const name = `transaction ${index} of ${producer} (${outcome})`
  const present = values.filter((value) => counts.has(value)).length
  if (outcome === 'committed' && present < values.length) {
    return [`${name} lacks ${values.length - present} of ${values.length} records`]
  }
  if (outcome === 'aborted' && present > 0) return [`${name} shows ${present} records`]
  if (outcome === 'open') return [`${name} has come to no end`]
  return present > 0 && present < values.length ? [`${name} is torn: ${present} of ${values.length}`] : []
}

/** A producer's transactions follow each other: the offset of the last committed one is the group's. */
function offsetFaults(
  cluster: SimCluster,
  attempts: readonly Attempt[],
  counts: ReadonlyMap<string, number>,
): string[] {
  const expected = new Map<string, number>()
  for (const { producer, values, offset } of attempts) {
    if (offset !== undefined && counts.has(values[0] ?? '')) expected.set(producer, offset)
  }
  return [...expected].flatMap(([producer, offset]) => {
    const found = cluster.committedOffset(`group-of-${producer}`, ledger, 0) ?? 'no coordinator'
    return found === offset ? [] : [`the group of ${producer} is at ${found} instead of ${offset}`]
  })
}

async function committedValues(cluster: SimCluster, codecs: Codecs): Promise<string[]> {
  const leaders = cluster.replicas().filter(({ replica }) => replica.leader && replica.topic === ledger)
  const values: string[] = []
  for (const { replica } of leaders) values.push(...(await valuesOf(replica, codecs)))
  return values
}

/** As a reader of committed data sees them, worked out from the markers alone. */
async function valuesOf({ log, lastStableOffset }: Replica, codecs: Codecs): Promise<string[]> {
  const open = new Map<number, string[]>()
  const committed: string[] = []
  let offset = log.logStartOffset
  while (offset < lastStableOffset) {
    const { pieces } = await log.read(offset, 1024 * 1024, { endOffset: lastStableOffset })
    for (const piece of pieces) {
      for (const batch of splitBatches(piece)) {
        offset = batch.nextOffset
        const cursor = new RecordCursor(batch, codecs)
        while (cursor.next()) {
          if (!batch.isControl) {
            const values = open.get(batch.producerId) ?? []
            values.push(cursor.value?.toString() ?? '')
            open.set(batch.producerId, values)
          } else {
            // The type in a marker's key: 1 commits, 0 aborts.
            if (cursor.key?.readInt16BE(2) === 1) committed.push(...(open.get(batch.producerId) ?? []))
            open.delete(batch.producerId)
          }
        }
      }
    }
  }
  return committed
}

function describeUndecided(cluster: SimCluster): string {
  return cluster
    .replicas()
    .filter(({ replica }) => replica.leader && replica.lastStableOffset < replica.log.logEndOffset)
    .map(({ id, replica }) => {
      const open = [...replica.log.producers.entries()].filter(({ openOffset }) => openOffset !== undefined)
      const { lastStableOffset, highWatermark, log } = replica
      const ends = `stable ${lastStableOffset} hw ${highWatermark} end ${log.logEndOffset}`
      return `${replica.name}@${id} ${ends} open ${JSON.stringify(open.map(({ producerId, producerEpoch }) => [producerId, producerEpoch]))}`
    })
    .join('; ')
}

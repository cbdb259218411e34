import type { Replica } from '../../engine/broker/replication/replica.ts'
import type { Codecs } from '../../engine/environment/index.ts'
import { splitBatches } from '../../engine/protocol/record-batch.ts'
import { RecordCursor } from '../../engine/protocol/record-cursor.ts'
import type { SimCluster } from './sim-cluster.ts'

export interface Acknowledged {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly value: string
}

export interface Violation {
  /** Of the numbered list of the engine's invariants. */
  readonly invariant: number
  readonly text: string
}

/** Looks at the cluster while it runs: invariants 3 (high watermark) and 4 (one leader per epoch). */
export class RunningChecks {
  readonly violations: Violation[] = []
  checks = 0
  private readonly leaders = new Map<string, number>()
  private readonly highWatermarks = new Map<string, number>()

  look(cluster: SimCluster): void {
    for (const { id, replica } of cluster.replicas()) {
      if (!replica.leader) continue
      this.checks++
      const { leaderEpoch } = replica.leader
      const name = `${replica.name} in leader epoch ${leaderEpoch}`
      // A topic made anew is another one.
      const key = `${replica.key} ${leaderEpoch}`
      const leader = this.leaders.get(key) ?? id
      this.leaders.set(key, leader)
      if (leader !== id) this.violate(4, `${name} has two leaders: ${leader} and ${id}`)
      const before = this.highWatermarks.get(key) ?? 0
      this.highWatermarks.set(key, replica.highWatermark)
      if (replica.highWatermark < before) {
        this.violate(3, `the high watermark of ${name} fell from ${before} to ${replica.highWatermark}`)
      }
      if (replica.highWatermark > replica.log.logEndOffset) {
        this.violate(3, `the high watermark of ${name} is past the end of the log`)
      }
    }
  }

  private violate(invariant: number, text: string): void {
    if (!this.violations.some((known) => known.text === text)) this.violations.push({ invariant, text })
  }
}

/** What a replica holds below its high watermark, by offset. */
export async function contentOf(replica: Replica, codecs: Codecs): Promise<Map<number, string>> {
  const content = new Map<number, string>()
  let offset = replica.log.logStartOffset
  while (offset < replica.highWatermark) {
    const { pieces } = await replica.log.read(offset, 1024 * 1024, { endOffset: replica.highWatermark })
    const before = offset
    for (const piece of pieces) {
      for (const batch of splitBatches(piece)) {
        const cursor = new RecordCursor(batch, codecs)
        while (cursor.next()) content.set(cursor.offset, cursor.value?.toString('utf8') ?? '')
        offset = batch.nextOffset
      }
    }
    if (offset === before) break
  }
  return content
}

/** After all has healed: invariants 1 (nothing acknowledged is lost), 2 (replicas are equal), 7 (nothing twice). */
export async function finalViolations(
  cluster: SimCluster,
  acknowledged: readonly Acknowledged[],
  topic: string,
  codecs: Codecs,
): Promise<Violation[]> {
  const violations: Violation[] = []
  const byPartition = new Map<number, Map<number, string>>()
  for (const { id, replica } of cluster.replicas()) {
    if (replica.topic !== topic) continue
    const content = await contentOf(replica, codecs)
    const known = byPartition.get(replica.partition)
    byPartition.set(replica.partition, known ?? content)
    if (known && !isEqual(known, content)) {
      violations.push({ invariant: 2, text: `${replica.name} on broker ${id} differs from another replica` })
    }
  }
  for (const { partition, offset, value } of acknowledged) {
    const found = byPartition.get(partition)?.get(offset)
    if (found === value) continue
    const text = `record ${value}, acknowledged at ${topic}-${partition} offset ${offset}, is ${found ?? 'gone'}`
    violations.push({ invariant: 1, text })
  }
  for (const [partition, content] of byPartition) {
    const seen = new Map<string, number>()
    for (const [offset, value] of content) {
      const earlier = seen.get(value)
      if (earlier !== undefined) {
        violations.push({
          invariant: 7,
          text: `${topic}-${partition} holds record ${value} at offsets ${earlier} and ${offset}`,
        })
      }
      seen.set(value, offset)
    }
  }
  return violations
}

function isEqual(a: ReadonlyMap<number, string>, b: ReadonlyMap<number, string>): boolean {
  return a.size === b.size && [...a].every(([offset, value]) => b.get(offset) === value)
}

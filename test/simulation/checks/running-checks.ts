import type { ClusterImage } from '../../../engine/broker/controller/image.ts'
import type { Replica } from '../../../engine/broker/replication/replica.ts'
import type { SimCluster } from '../sim-cluster.ts'
import type { Findings } from './findings.ts'

/** The end of what is known to be committed, and the leader epoch of its last record: with it all before is given. */
interface Committed {
  readonly endOffset: number
  readonly lastEpoch: number
}

interface Placed {
  readonly id: number
  readonly replica: Replica
}

/**
 * Looks into the brokers while they run. Invariants 3 (high watermark), 4 (one leader per epoch), 5 (nobody who has what is
 * committed lets go of it) and 6 (whoever leads has all that is committed).
 */
export class RunningChecks {
  private readonly findings: Findings
  private readonly leaders = new Map<string, number>()
  private readonly highWatermarks = new Map<string, number>()
  private readonly committed = new Map<string, Committed>()
  private image: ClusterImage | undefined
  /** Up to where a replica, in this life of its broker, was seen to have what is committed. */
  private readonly agreed = new WeakMap<Replica, number>()

  constructor(findings: Findings) {
    this.findings = findings
  }

  look(cluster: SimCluster): void {
    const byKey = new Map<string, Placed[]>()
    this.image = cluster.latestImage
    for (const placed of cluster.replicas()) {
      const those = byKey.get(placed.replica.key)
      if (those) those.push(placed)
      else byKey.set(placed.replica.key, [placed])
    }
    for (const [key, replicas] of byKey) {
      for (const placed of replicas) if (placed.replica.leader) this.lookAtLeader(placed)
      const leader = latestLeader(replicas)
      if (leader) this.lookAtPartition(key, leader, replicas, cluster)
      for (const { id, replica } of replicas) this.lookAtAgreement(key, id, replica)
    }
  }

  private lookAtLeader({ id, replica }: Placed): void {
    const { leaderEpoch } = replica.leader!
    const name = `${replica.name} in leader epoch ${leaderEpoch}`
    // A topic made anew is another one.
    const key = `${replica.key} ${leaderEpoch}`
    const leader = this.leaders.get(key) ?? id
    this.leaders.set(key, leader)
    this.findings.check(4, leader === id, () => `${name} has two leaders: ${leader} and ${id}`)
    const before = this.highWatermarks.get(key) ?? 0
    const { highWatermark, log } = replica
    this.highWatermarks.set(key, highWatermark)
    this.findings.check(3, highWatermark >= before, () => {
      return `the high watermark of ${name} fell from ${before} to ${highWatermark}`
    })
    this.findings.check(3, highWatermark <= log.logEndOffset, () => {
      return `the high watermark of ${name} is past the end of the log`
    })
    this.findings.check(3, log.logStartOffset <= highWatermark, () => {
      return `the log of ${name} starts at ${log.logStartOffset}, past the high watermark ${highWatermark}`
    })
  }

  /** Of the leader by the highest epoch that anybody alive knows. */
  private lookAtPartition(key: string, leader: Placed, replicas: Placed[], cluster: SimCluster): void {
    const { replica } = leader
    const known = this.committed.get(key)
    if (known && replica.log.logStartOffset < known.endOffset) {
      this.findings.check(6, holds(replica, known), () => {
        const what = `broker ${leader.id} leads ${replica.name} in leader epoch ${replica.leaderEpoch}`
        return `${what}, and lacks what is committed up to offset ${known.endOffset}`
      })
    }
    const { highWatermark } = replica
    if (highWatermark > (known?.endOffset ?? 0)) {
      this.committed.set(key, { endOffset: highWatermark, lastEpoch: replica.epochAt(highWatermark - 1) })
    }
    for (const member of replicas) {
      if (member.id === leader.id || member.replica.leaderEpoch !== replica.leaderEpoch) continue
      // Of its present life: one that is about to be registered anew is no member yet.
      if (!cluster.isInSyncNow(member.id, replica, this.image)) continue
      const { logEndOffset } = member.replica.log
      this.findings.check(3, logEndOffset >= highWatermark, () => {
        const what = `broker ${member.id} is in sync for ${replica.name} and ends at ${logEndOffset}`
        return `${what}, below the high watermark ${highWatermark}`
      })
    }
  }

  private lookAtAgreement(key: string, id: number, replica: Replica): void {
    const known = this.committed.get(key)
    const before = this.agreed.get(replica)
    const { logEndOffset } = replica.log
    if (before !== undefined) {
      this.findings.check(5, logEndOffset >= before, () => {
        return `broker ${id} had ${replica.name} up to offset ${before} as it is committed, and ends at ${logEndOffset}`
      })
    }
    if (known && holds(replica, known)) this.agreed.set(replica, known.endOffset)
  }
}

function latestLeader(replicas: readonly Placed[]): Placed | undefined {
  const leaderEpoch = Math.max(...replicas.map(({ replica }) => replica.leaderEpoch))
  return replicas.find(({ replica }) => replica.leader?.leaderEpoch === leaderEpoch)
}

function holds(replica: Replica, { endOffset, lastEpoch }: Committed): boolean {
  return replica.log.logEndOffset >= endOffset && replica.epochAt(endOffset - 1) === lastEpoch
}

/** Assignment by the coordinator (KIP-848), without I/O. */
import type { Partitions } from './partitions.ts'
import { grouped } from './partitions.ts'

export interface AssignedMember {
  readonly memberId: string
  readonly instanceId: string | null
  /** Ids of topics that are there. */
  readonly topicIds: ReadonlySet<string>
  /** Its target so far. */
  readonly current: Partitions
}

export type ServerAssignor = (
  members: readonly AssignedMember[],
  partitionCounts: ReadonlyMap<string, number>,
) => ReadonlyMap<string, Partitions>

type Place = readonly [topicId: string, partition: number]

/** As even as subscriptions allow, and of all such assignments one near to what there was. */
const uniform: ServerAssignor = (members, partitionCounts) => {
  const balance = new Balance(members, partitionCounts)
  balance.keepCurrent()
  balance.assignRest()
  balance.level()
  return balance.result()
}

/** Of each topic a run of neighbours for each subscriber: the same partitions of several topics meet at one member. */
const range: ServerAssignor = (members, partitionCounts) => {
  const given = new Map<string, Place[]>(members.map(({ memberId }) => [memberId, []]))
  const ordered = [...members].sort((a, b) => compare(a.instanceId ?? a.memberId, b.instanceId ?? b.memberId))
  for (const [topicId, count] of partitionCounts) {
    const subscribers = ordered.filter(({ topicIds }) => topicIds.has(topicId))
    const share = Math.floor(count / Math.max(1, subscribers.length))
    const more = count % Math.max(1, subscribers.length)
    let next = 0
    for (const [i, { memberId }] of subscribers.entries()) {
      const end = next + share + (i < more ? 1 : 0)
      for (; next < end; next++) given.get(memberId)!.push([topicId, next])
    }
  }
  return new Map([...given].map(([memberId, places]) => [memberId, grouped(places)]))
}

/** By Kafka's names; the first is the default. */
export const serverAssignors: ReadonlyMap<string, ServerAssignor> = new Map([
  ['uniform', uniform],
  ['range', range],
])

class Balance {
  private readonly members: readonly AssignedMember[]
  private readonly partitionCounts: ReadonlyMap<string, number>
  private readonly places = new Map<string, Place[]>()
  private readonly subscribers = new Map<string, AssignedMember[]>()
  private readonly taken = new Map<string, Set<number>>()

  constructor(members: readonly AssignedMember[], partitionCounts: ReadonlyMap<string, number>) {
    this.members = members
    this.partitionCounts = partitionCounts
    for (const { memberId } of members) this.places.set(memberId, [])
    for (const topicId of partitionCounts.keys()) {
      this.subscribers.set(
        topicId,
        members.filter(({ topicIds }) => topicIds.has(topicId)),
      )
      this.taken.set(topicId, new Set())
    }
  }

  keepCurrent(): void {
    for (const { memberId, topicIds, current } of this.members) {
      for (const [topicId, partitions] of current) {
        const count = this.partitionCounts.get(topicId) ?? 0
        if (!topicIds.has(topicId)) continue
        for (const partition of partitions) {
          if (partition < count && !this.taken.get(topicId)!.has(partition))
            this.give(memberId, [topicId, partition])
        }
      }
    }
  }

  /** Topics with the fewest subscribers first: others have more choice. */
  assignRest(): void {
    const topics = [...this.partitionCounts].sort(
      ([a], [b]) => this.subscribers.get(a)!.length - this.subscribers.get(b)!.length,
    )
    for (const [topicId, count] of topics) {
      for (let partition = 0; partition < count; partition++) {
        if (this.taken.get(topicId)!.has(partition)) continue
        const receiver = this.leastLoaded(topicId)
        if (receiver !== undefined) this.give(receiver, [topicId, partition])
      }
    }
  }

  /** Moves partitions from who has two more than another that could have them, until there is no such pair. */
  level(): void {
    for (let hasMoved = true; hasMoved; ) {
      hasMoved = false
      const loaded = [...this.places].sort(([, a], [, b]) => b.length - a.length)
      for (const [giver, places] of loaded) {
        for (let i = places.length - 1; i >= 0; i--) {
          const place = places[i]!
          const receiver = this.leastLoaded(place[0])
          if (receiver === undefined || places.length - this.places.get(receiver)!.length < 2) continue
          places.splice(i, 1)
          this.taken.get(place[0])!.delete(place[1])
          this.give(receiver, place)
          hasMoved = true
        }
        this.places.set(giver, places)
      }
    }
  }

  result(): ReadonlyMap<string, Partitions> {
    return new Map([...this.places].map(([memberId, places]) => [memberId, grouped(places)]))
  }

  private give(memberId: string, place: Place): void {
    this.places.get(memberId)!.push(place)
    this.taken.get(place[0])!.add(place[1])
  }

  private leastLoaded(topicId: string): string | undefined {
    let least: string | undefined
    let load = Number.POSITIVE_INFINITY
    for (const { memberId } of this.subscribers.get(topicId)!) {
      const size = this.places.get(memberId)!.length
      if (size < load) {
        least = memberId
        load = size
      }
    }
    return least
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

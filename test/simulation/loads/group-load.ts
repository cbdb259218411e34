import { isMillraceError } from '../../../engine/base/errors.ts'
import type { Consumer, ConsumerRecord } from '../../../engine/client/api.ts'
import { ClusterClient } from '../../../engine/client/cluster/cluster-client.ts'
import { createConsumer } from '../../../engine/client/index.ts'
import { connectionSettings } from '../../../engine/client/settings.ts'
import { nodeCodecs } from '../../../engine/node/environment/index.ts'
import { findCoordinator } from '../../../engine/protocol/apis/find-coordinator.ts'
import { offsetCommit } from '../../../engine/protocol/apis/offset-commit.ts'
import { contentsOf } from '../checks/contents.ts'
import { Counts, type Load, type LoadContext } from './load.ts'

export interface GroupOptions {
  readonly topic: string
  /** All that was written has been: readers may finish once they have read it. */
  isComplete(): boolean
}

const groupId = 'readers'
const members = 3

interface Life {
  readonly name: string
  readonly consumer: Consumer
  /** By partition, of the next record. */
  readonly expected: Map<number, number>
  generation: number
  isOver: boolean
}

/**
 * A group whose members come, leave, and die. Checks invariant 9 (commits never go back, nor from an old generation; one owner
 * per partition and generation) and 3 (what was read is what is there in the end; nothing is skipped).
 */
export function startGroupLoad(
  { world, cluster, environment, findings, tell }: LoadContext,
  { topic, isComplete }: GroupOptions,
): Load & { look(): void } {
  const random = environment.random.fork('group')
  const { timers } = environment
  const operations = new Counts()
  const failures: string[] = []
  const read = new Map<string, string>()
  const committed = new Map<number, number>()
  const owners = new Map<string, string>()
  let newestGeneration = -1
  let isStopped = false
  let running = 0
  const client = new ClusterClient(
    environment,
    connectionSettings({ bootstrap: cluster.bootstrap, requestTimeoutMs: 2000, metadataMaxAgeMs: 5000 }),
    { autoCreateTopics: false },
  )

  const take = (life: Life, records: readonly ConsumerRecord[]) => {
    for (const { partition, offset, value } of records) {
      const text = Buffer.from(value!).toString()
      const expected = life.expected.get(partition)
      findings.check(3, expected === undefined || offset === expected, () => {
        return `${life.name} reads offset ${offset} of ${topic}-${partition} where ${expected} comes next`
      })
      life.expected.set(partition, offset + 1)
      const key = `${partition}:${offset}`
      const before = read.get(key) ?? text
      read.set(key, before)
      findings.check(3, before === text, () => {
        return `${topic}-${partition} offset ${offset} was read as ${before}, and as ${text}`
      })
    }
  }

  /** As a member of a generation that is known to be over. */
  const commitLate = async (memberId: string, generation: number, partition: number) => {
    try {
      const keys = { coordinatorKeys: [groupId], keyType: 0 }
      const found = (await client.requestAny(findCoordinator, keys)).coordinators[0]!
      client.metadata.applyEndpoints([{ ...found, rack: null }])
      const data = { partitionIndex: partition, committedOffset: 0, committedMetadata: null }
      const topics = [{ name: topic, topicId: undefined, partitions: [data] }]
      const body = { groupId, generationIdOrMemberEpoch: generation, memberId, topics }
      const answer = await client.request(found.nodeId, offsetCommit, body, { versionMax: 8 })
      const { errorCode } = answer.topics[0]!.partitions[0]!
      operations.add('commit late')
      findings.check(9, errorCode !== 0, () => {
        return `a commit of generation ${generation} is accepted in generation ${newestGeneration}`
      })
    } catch (thrown) {
      if (!isMillraceError(thrown)) throw thrown
    }
  }

  const assigned = (life: Life, partition: number) => {
    const { generation, memberId } = life.consumer.groupMetadata()
    const key = `${generation}:${partition}`
    const owner = owners.get(key) ?? memberId
    owners.set(key, owner)
    findings.check(9, owner === memberId, () => {
      return `${topic}-${partition} belongs to ${owner} and to ${memberId} in generation ${generation}`
    })
    if (life.generation >= 0 && generation > life.generation) {
      const { generation: before } = life
      newestGeneration = Math.max(newestGeneration, generation)
      background(commitLate(memberId, before, partition))
    }
    life.generation = generation
  }

  const subscribe = (life: Life) => {
    life.consumer.subscribe([topic], {
      onAssigned: (all) => {
        for (const { partition } of all) {
          life.expected.delete(partition)
          assigned(life, partition)
        }
        operations.add('assignment')
        tell(`${life.name}: given ${all.map(({ partition }) => partition)} in generation ${life.generation}`)
      },
      onRevoked: (all) => {
        for (const { partition } of all) life.expected.delete(partition)
      },
      onLost: (all) => {
        for (const { partition } of all) life.expected.delete(partition)
      },
    })
  }

  const commit = async (life: Life) => {
    const offsets = [...life.expected].map(([partition, offset]) => ({ topic, partition, offset }))
    if (offsets.length === 0) return
    try {
      await life.consumer.commit(offsets)
      operations.add('commit')
      for (const { partition, offset } of offsets) {
        committed.set(partition, Math.max(offset, committed.get(partition) ?? 0))
      }
    } catch (thrown) {
      if (!isMillraceError(thrown)) throw thrown
    }
  }

  const isAllRead = () => isComplete() && lag() === 0

  /** Records that nobody has committed yet; endless while it is not known. */
  const lag = () => {
    let sum = 0
    // An answer may have got lost: what counts is what the coordinator has.
    for (const { replica } of cluster.replicas()) {
      if (!replica.leader || replica.topic !== topic) continue
      sum +=
        replica.log.logEndOffset -
        Math.max(0, cluster.committedOffset(groupId, topic, replica.partition) ?? 0)
    }
    return sum
  }

  const live = async (life: Life, endsMs: number) => {
    subscribe(life)
    while (!life.isOver) {
      const records = await life.consumer.poll(100)
      if (life.isOver) return
      take(life, records)
      if (records.length > 0) operations.add('poll')
      if (isStopped ? records.length > 0 || random.int(5) === 0 : random.int(3) === 0) await commit(life)
      if (isStopped ? isAllRead() : environment.clock.monotonicMs() >= endsMs) break
    }
    if (life.isOver) return
    await life.consumer.close()
    operations.add('leave group')
  }

  /** One member after the other on a machine of its own, which takes some of them with it. */
  const slot = async (index: number) => {
    const node = `reader-${index}`
    for (let round = 0; !isStopped || (index === 0 && !isAllRead()); round++) {
      const consumer = createConsumer(world.restart(node), {
        bootstrap: cluster.bootstrap,
        groupId,
        autoOffsetReset: 'earliest',
        sessionTimeoutMs: 1500,
        heartbeatIntervalMs: 300,
        requestTimeoutMs: 2000,
        metadataMaxAgeMs: 5000,
      })
      const name = `${node}, life ${round}`
      const life: Life = { name, consumer, expected: new Map(), generation: -1, isOver: false }
      const lastsMs = isStopped ? 30_000 : 500 + random.int(2500)
      const dies = !isStopped && random.int(3) === 0
      const living = live(life, environment.clock.monotonicMs() + (dies ? 60_000 : lastsMs))
      if (dies) {
        living.catch((thrown: unknown) => failures.push(`${name}: ${thrown}`))
        await timers.sleep(lastsMs)
        life.isOver = true
        world.crash(node)
        operations.add('member dies')
        tell(`${name}: dies`)
      } else await living
      if (!isStopped) await timers.sleep(random.int(500))
    }
  }

  const background = (work: Promise<void>) => {
    running++
    work.catch((thrown: unknown) => failures.push(`group: ${thrown}`)).finally(() => running--)
  }
  for (let index = 0; index < members; index++) background(slot(index))

  return {
    operations: operations.counts,
    failures,
    stop() {
      isStopped = true
    },
    isDone: () => {
      if (running === 0) client.close()
      return running === 0
    },
    /** What the coordinator has committed, once it has loaded it. */
    look() {
      for (const [partition, offset] of committed) {
        const found = cluster.committedOffset(groupId, topic, partition)
        if (found === undefined) continue
        findings.check(9, found >= offset, () => {
          return `${groupId} had committed offset ${offset} of ${topic}-${partition}, and is at ${found}`
        })
      }
    },
    async verify() {
      const contents = await contentsOf(cluster, topic, nodeCodecs, findings)
      for (const [partition, content] of contents) {
        for (const [offset, { value }] of content) {
          const seen = read.get(`${partition}:${offset}`)
          findings.check(3, seen === value, () => {
            return `${topic}-${partition} offset ${offset} holds ${value}, and was read as ${seen ?? 'nothing'}`
          })
        }
        const ends = Math.max(-1, ...content.keys())
        const further = [...read.keys()].filter((key) => {
          const [at, offset] = key.split(':').map(Number)
          return at === partition && offset! > ends
        })
        findings.check(3, further.length === 0, () => {
          return `${topic}-${partition} was read behind its end: ${further.join(', ')}`
        })
      }
    },
  }
}

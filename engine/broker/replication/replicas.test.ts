import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Environment } from '../../environment/index.ts'
import { buildBatch } from '../../log/test-log.ts'
import { createNodeEnvironment } from '../../node/environment/index.ts'
import { ClusterImage, noChanges } from '../controller/image.ts'
import type { PeerLinks } from '../peers/links.ts'
import type { FollowerNews, ReplicaFetchRequest } from '../peers/replica-fetch.ts'
import { BrokerSettings } from '../settings/broker-settings.ts'
import { Replicas } from './replicas.ts'

const node = createNodeEnvironment({ log: { write: () => undefined } })
const topicId = '00000000-0000-0000-0000-00000000000a'
const nowhere = () => Promise.reject(new Error('there is nobody else'))
const links: PeerLinks = {
  raft: () => undefined,
  controller: nowhere,
  broker: nowhere,
  fetch: nowhere,
  close: () => undefined,
}

const noNews: FollowerNews = {
  topicId,
  partition: 0,
  error: 'NONE',
  highWatermark: 0,
  logStartOffset: 0,
  divergingEpoch: -1,
  divergingEndOffset: -1,
  batches: [],
}

let folder: string
beforeEach(async () => {
  folder = await node.disk.temporaryFolder('millrace-replicas-')
})
afterEach(() => node.disk.remove(folder))

/** Of broker 1, and of topic `t`, whose only partition is on the brokers. */
function replicasOf(
  environment: Environment,
  brokers: readonly number[],
  fetch: PeerLinks['fetch'] = nowhere,
) {
  const image = new ClusterImage()
  image.apply({ type: 'topic', name: 't', topicId })
  const place = (replicas: readonly number[], partitionEpoch: number) => {
    const state = {
      replicas,
      isr: replicas,
      leader: replicas[0]!,
      leaderEpoch: partitionEpoch,
      partitionEpoch,
    }
    image.apply({ type: 'partition', topicId, partition: 0, state })
  }
  place(brokers, 1)
  const replicas = new Replicas(environment, {
    brokerId: 1,
    image,
    brokerEpoch: () => 1,
    ask: nowhere,
    folder,
    settings: new BrokerSettings({}),
    links: { ...links, fetch },
    tailBytesMax: 1024 * 1024,
    onRoleChanged: () => undefined,
    onFailed: (error) => {
      throw error
    },
  })
  let partitionEpoch = 1
  const move = (to: readonly number[]) => {
    place(to, ++partitionEpoch)
    replicas.apply({ ...noChanges(), topics: new Set([topicId]) })
  }
  return { replicas, move }
}

test('a partition that moved away while the broker was down, and back at once, does not lose its files', async () => {
  const first = replicasOf(node, [1]).replicas
  await first.load()
  first.start()
  expect((await first.whenOpen('t', 0))?.leader).toBeDefined()
  await first.close({ clean: true })
  let letGo: () => void = () => undefined
  const held = new Promise<void>((resolve) => {
    letGo = resolve
  })
  // Removing many files takes its time.
  const remove = async (path: string) => {
    if (path.includes(topicId)) await held
    await node.disk.remove(path)
  }
  const { replicas, move } = replicasOf({ ...node, disk: { ...node.disk, remove } }, [2])
  await replicas.load()
  replicas.start()
  move([1])
  await node.timers.sleep(50)
  letGo()
  await expect.poll(() => replicas.find('t', 0)?.leader, { timeout: 5000 }).toBeDefined()
  const { log } = replicas.find('t', 0)!
  log.appendAsLeader(buildBatch(node.codecs, { values: ['a'] }), 2)
  await log.flush()
  expect((await node.disk.list(folder)).filter((name) => name.includes(topicId))).toHaveLength(1)
  expect(await node.disk.list(log.folder)).toContain('00000000000000000000.log')
  await replicas.close({ clean: true })
})

test('what was fetched for a replica that is gone does not go to the one that came in its place', async () => {
  const asked: { request: ReplicaFetchRequest; answer: (news: Partial<FollowerNews>[]) => void }[] = []
  const { replicas, move } = replicasOf(node, [2, 1], (_leader, request) => {
    if (request.isWake) return nowhere()
    return new Promise((resolve) => {
      const answer = (news: Partial<FollowerNews>[]) =>
        resolve({ error: 'NONE', sessionId: 1, partitions: news.map((each) => ({ ...noNews, ...each })) })
      asked.push({ request, answer })
    })
  })
  const untilAsked = async (count: number) => {
    await expect.poll(() => asked.length, { timeout: 5000 }).toBe(count)
    return asked[count - 1]!
  }
  const batchAt = (baseOffset: number) => buildBatch(node.codecs, { values: ['a', 'b'], baseOffset })
  await replicas.load()
  replicas.start()
  const first = await untilAsked(1)
  first.answer([{ batches: [batchAt(0)] }])
  const second = await untilAsked(2)
  expect(second.request.partitions).toMatchObject([{ fetchOffset: 2 }])
  move([2])
  await expect.poll(() => replicas.find('t', 0), { timeout: 5000 }).toBeUndefined()
  move([2, 1])
  await expect.poll(() => replicas.find('t', 0)?.isOpen, { timeout: 5000 }).toBe(true)
  second.answer([{ batches: [batchAt(2)] }])
  const third = await untilAsked(3)
  expect(replicas.find('t', 0)!.log.logEndOffset).toBe(0)
  expect(third.request.partitions).toMatchObject([{ fetchOffset: 0 }])
  third.answer([{ batches: [batchAt(0)] }])
  await untilAsked(4)
  expect(replicas.find('t', 0)!.log.logEndOffset).toBe(2)
  await replicas.close({ clean: true })
})

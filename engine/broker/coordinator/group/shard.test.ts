import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { defaultLogConfig } from '../../../log/log-config.ts'
import { TailMemory } from '../../../log/tail-memory.ts'
import { createNodeEnvironment } from '../../../node/environment/index.ts'
import { BatchBuilder } from '../../../protocol/batch-builder.ts'
import { encodeRecordKey, encodeRecordValue } from '../../../protocol/coordinator-record.ts'
import * as kinds from '../../../protocol/group-records.ts'
import { ClusterImage } from '../../controller/image.ts'
import { offsetsTopic } from '../../controller/topic-names.ts'
import { Purgatory } from '../../purgatory/purgatory.ts'
import { Replica } from '../../replication/replica.ts'
import { BrokerSettings } from '../../settings/broker-settings.ts'
import { GroupCoordinator } from './coordinator.ts'
import { offsetRecord } from './stored-records.ts'

const logged: string[] = []
const environment = createNodeEnvironment({
  log: { write: (level, source, text) => logged.push(`${level} ${source}: ${text}`) },
})
const ignored = () => undefined
const committed = { offset: 7, leaderEpoch: 0, metadata: '', committedMs: 1000 }

let folder: string
let replica: Replica
let image: ClusterImage
let coordinator: GroupCoordinator
beforeEach(async () => {
  logged.length = 0
  folder = await environment.disk.temporaryFolder('millrace-shard-')
  const state = { replicas: [1], isr: [1], leader: 1, leaderEpoch: 1, partitionEpoch: 1 }
  const place = { topicId: 'an-id', topic: offsetsTopic, partition: 0 }
  const memory = new TailMemory(1024 * 1024)
  const options = { brokerId: 1, ...place, folder, config: defaultLogConfig, minInSync: 1, memory }
  const purgatory = new Purgatory(environment.timers)
  const touch = ({ key }: Replica) => purgatory.touch(key)
  const events = { appended: touch, progressed: touch, isrWanted: ignored, failed: ignored }
  replica = new Replica(environment, { ...options, highWatermark: 0 }, events)
  await replica.opened
  replica.become(state)
  image = new ClusterImage()
  image.apply({ type: 'topic', name: offsetsTopic, topicId: 'an-id' })
  image.apply({ type: 'partition', topicId: 'an-id', partition: 0, state })
  image.apply({ type: 'topic', name: 't', topicId: 'id-of-t' })
  coordinator = new GroupCoordinator(environment, {
    brokerId: 1,
    image,
    settings: new BrokerSettings({ 'group.min.session.timeout.ms': '100' }),
    purgatory,
  })
  append({ ...offsetRecord({ group: 'g', topic: 't', partition: 0 }, committed) })
})
afterEach(async () => {
  coordinator.close()
  await replica.close({ clean: true })
  await environment.disk.remove(folder)
})

function append({ key, value }: { key: Buffer; value: Buffer | null }): void {
  const builder = new BatchBuilder()
  builder.append(1000, key, value)
  replica.append(builder.build({ codecs: environment.codecs }), { origin: 'internal' })
}

const loaded = () => coordinator.offsets.of('g')

test('a record that cannot be read is passed over and reported, and its partition’s groups are served', async () => {
  append({ key: Buffer.from('a'), value: Buffer.from('b') })
  append({ key: Buffer.from('00010005aa', 'hex'), value: Buffer.from('b') })
  append({ ...offsetRecord({ group: 'g', topic: 't', partition: 1 }, committed) })
  coordinator.roleChanged(replica)
  await expect.poll(loaded).toEqual(
    new Map([
      [
        't',
        new Map([
          [0, expect.objectContaining(committed)],
          [1, expect.objectContaining(committed)],
        ]),
      ],
    ]),
  )
  expect(
    logged.filter((line) => /^warn broker-1: __consumer_offsets-0: .*offset [12]/.test(line)),
  ).toHaveLength(2)
})

test('offsets and groups as older and newer versions of Kafka stored them are read', async () => {
  const of = (partition: number) => ({ group: 'g', topic: 't', partition })
  const stored = { offset: 9, metadata: 'm', commitTimestamp: 5 }
  append({
    key: encodeRecordKey(kinds.offsetRecord, of(1)),
    value: encodeRecordValue(kinds.offsetRecord, 1, { ...stored, leaderEpoch: -1 }),
  })
  append({
    key: encodeRecordKey(kinds.offsetRecord, of(2)),
    value: encodeRecordValue(kinds.offsetRecord, 4, { ...stored, leaderEpoch: 3 }),
  })
  const member = { memberId: 'm', clientId: 'c', clientHost: '/127.0.0.1', sessionTimeout: 60_000 }
  const group = { protocolType: 'consumer', generation: 4, protocol: 'range', leader: 'm' }
  append({
    key: encodeRecordKey(kinds.classicGroupRecord, { group: 'g' }),
    value: encodeRecordValue(kinds.classicGroupRecord, 0, {
      ...group,
      members: [{ ...member, subscription: Buffer.alloc(0), assignment: Buffer.from('a') }],
    }),
  })
  coordinator.roleChanged(replica)
  await expect.poll(loaded, { timeout: 5000 }).toBeInstanceOf(Map)
  const offsets = coordinator.offsets.of('g')
  const partitions = typeof offsets === 'string' ? undefined : offsets.get('t')
  const read = { offset: 9, metadata: 'm', committedMs: 5 }
  expect(partitions?.get(1)).toMatchObject({ ...read, leaderEpoch: -1 })
  expect(partitions?.get(2)).toMatchObject({ ...read, leaderEpoch: 3 })
  expect(coordinator.describe('g')).toMatchObject({
    state: 'Stable',
    generation: 4,
    members: new Map([['m', expect.objectContaining({ rebalanceTimeoutMs: 60_000 })]]),
  })
})

test('groups whose load failed in passing are loaded again', async () => {
  vi.spyOn(replica.log, 'read').mockRejectedValueOnce(new Error('the disk hiccuped'))
  coordinator.roleChanged(replica)
  await expect
    .poll(loaded, { timeout: 5000 })
    .toEqual(new Map([['t', new Map([[0, expect.objectContaining(committed)]])]]))
  expect(logged).toEqual([expect.stringMatching(/^error broker-1: __consumer_offsets-0: .*hiccuped/)])
})

test('offsets of a topic that was deleted while nobody led their partition are forgotten, and stay so', async () => {
  append({ ...offsetRecord({ group: 'h', topic: 'gone', partition: 0 }, committed) })
  append({ ...offsetRecord({ group: 'g', topic: 'gone', partition: 3 }, committed) })
  const before = replica.log.logEndOffset
  coordinator.roleChanged(replica)
  await expect
    .poll(loaded, { timeout: 5000 })
    .toEqual(new Map([['t', new Map([[0, expect.objectContaining(committed)]])]]))
  expect(coordinator.offsets.of('h')).toEqual(new Map())
  expect(coordinator.describe('h')).toBeUndefined()
  await expect.poll(() => replica.log.logEndOffset, { timeout: 5000 }).toBe(before + 2)
  // With the topic there again, only what is stored tells.
  image.apply({ type: 'topic', name: 'gone', topicId: 'another-id' })
  replica.become({ replicas: [1], isr: [1], leader: 1, leaderEpoch: 2, partitionEpoch: 2 })
  coordinator.roleChanged(replica)
  await expect
    .poll(loaded, { timeout: 5000 })
    .toEqual(new Map([['t', new Map([[0, expect.objectContaining(committed)]])]]))
  expect(coordinator.offsets.of('h')).toEqual(new Map())
})

test('a commit that is on its way when its topic is deleted leaves nothing behind', async () => {
  coordinator.roleChanged(replica)
  await expect.poll(loaded, { timeout: 5000 }).toBeInstanceOf(Map)
  image.apply({ type: 'topic', name: 'u', topicId: 'id-of-u' })
  const claim = { memberId: '', instanceId: null, generation: -1 }
  const committing = coordinator.offsets.commit('h', claim, [
    { topic: 'u', partition: 0, offset: 9, leaderEpoch: 0, metadata: '' },
  ])
  image.apply({ type: 'remove-topic', topicId: 'id-of-u' })
  image.apply({ type: 'topic', name: 'u', topicId: 'another-id' })
  coordinator.offsets.topicsRemoved(new Set(['u']))
  expect(await committing).toBe('NONE')
  expect(coordinator.offsets.of('h')).toEqual(new Map())
})

test('a join that is refused, and one that does not come back, leave no group behind', async () => {
  coordinator.roleChanged(replica)
  await expect.poll(loaded, { timeout: 5000 }).toBeInstanceOf(Map)
  const request = {
    memberId: '',
    instanceId: null,
    clientId: 'c',
    clientHost: '/127.0.0.1',
    sessionTimeoutMs: 300,
    rebalanceTimeoutMs: 6000,
    protocolType: 'consumer',
    protocols: [],
    needsKnownMemberId: false,
    canSkipAssignment: true,
    newMemberId: 'm',
  }
  const refused = await coordinator.join('invented', request)
  expect(refused.error).toBe('INCONSISTENT_GROUP_PROTOCOL')
  const protocols = [{ name: 'range', metadata: Buffer.from('m') }]
  const asked = await coordinator.join('pending', { ...request, protocols, needsKnownMemberId: true })
  expect(asked.error).toBe('MEMBER_ID_REQUIRED')
  const names = () => {
    const groups = coordinator.list()
    return typeof groups === 'string' ? groups : groups.map(({ groupId }) => groupId).sort()
  }
  expect(names()).toEqual(['g', 'pending'])
  await expect.poll(names, { timeout: 15_000, interval: 200 }).toEqual(['g'])
})

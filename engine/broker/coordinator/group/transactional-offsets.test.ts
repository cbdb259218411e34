import { afterEach, beforeEach, expect, test } from 'vitest'
import { defaultLogConfig } from '../../../log/log-config.ts'
import { TailMemory } from '../../../log/tail-memory.ts'
import { createNodeEnvironment } from '../../../node/environment/index.ts'
import { buildMarker } from '../../../protocol/control-records.ts'
import { ClusterImage } from '../../controller/image.ts'
import { offsetsTopic } from '../../controller/topic-names.ts'
import { Purgatory } from '../../purgatory/purgatory.ts'
import { Replica } from '../../replication/replica.ts'
import { BrokerSettings } from '../../settings/broker-settings.ts'
import { GroupCoordinator } from './coordinator.ts'

const environment = createNodeEnvironment({ log: { write: () => undefined } })
const state = { replicas: [1], isr: [1], leader: 1, leaderEpoch: 1, partitionEpoch: 1 }
const ignored = () => undefined
const nobody = { memberId: '', instanceId: null, generation: -1 }

let folder: string
let replica: Replica
let image: ClusterImage
let purgatory: Purgatory
let coordinator: GroupCoordinator
beforeEach(async () => {
  folder = await environment.disk.temporaryFolder('millrace-offsets-')
  purgatory = new Purgatory(environment.timers)
  const place = { topicId: 'an-id', topic: offsetsTopic, partition: 0 }
  const memory = new TailMemory(1024 * 1024)
  const options = { brokerId: 1, ...place, folder, config: defaultLogConfig, minInSync: 1, memory }
  const touch = ({ key }: Replica) => purgatory.touch(key)
  const events = { appended: touch, progressed: touch, isrWanted: ignored, failed: ignored }
  replica = new Replica(environment, { ...options, highWatermark: 0 }, events)
  await replica.opened
  replica.become(state)
  image = new ClusterImage()
  image.apply({ type: 'topic', name: offsetsTopic, topicId: 'an-id' })
  image.apply({ type: 'partition', topicId: 'an-id', partition: 0, state })
  image.apply({ type: 'topic', name: 't', topicId: 'id-of-t' })
  await serve()
})
afterEach(async () => {
  coordinator.close()
  await replica.close({ clean: true })
  await environment.disk.remove(folder)
})

/** As a broker does that has just become the coordinator. */
async function serve(): Promise<void> {
  coordinator?.close()
  coordinator = new GroupCoordinator(environment, {
    brokerId: 1,
    image,
    settings: new BrokerSettings({}),
    purgatory,
  })
  coordinator.roleChanged(replica)
  await expect.poll(() => typeof coordinator.offsets.of('g')).toBe('object')
}

const toCommit = (offset: number) => [{ topic: 't', partition: 0, offset, leaderEpoch: 0, metadata: '' }]

function commit(producerId: number, offset: number) {
  const verification = replica.log.producers.beginVerification(producerId)
  const producer = { producerId, producerEpoch: 0, verification }
  return coordinator.offsets.commitInTransaction('g', nobody, producer, toCommit(offset))
}

/** By a transaction's coordinator; the broker is told unless it is loading. */
async function end(producerId: number, isCommit: boolean): Promise<void> {
  const marker = { kind: isCommit ? 'commit' : 'abort', producerId, producerEpoch: 0 } as const
  const batch = buildMarker({ ...marker, coordinatorEpoch: 0, timestampMs: 1000 }, environment.codecs)
  const options = { origin: 'internal', marker: { isBumped: false } } as const
  const { baseOffset } = replica.append(batch, options)
  await replica.log.written()
  coordinator.offsets.transactionEnded({ partition: 0, producerId, offset: baseOffset, isCommit })
}

function committed(): number | undefined {
  const offsets = coordinator.offsets.of('g')
  return typeof offsets === 'string' ? undefined : offsets.get('t')?.get(0)?.offset
}
const isUnstable = () => coordinator.offsets.isUnstable({ group: 'g', topic: 't', partition: 0 })

test('offsets of a transaction count once it is committed, and are unstable until then', async () => {
  expect(await commit(7, 5)).toBe('NONE')
  expect([committed(), isUnstable()]).toEqual([undefined, true])
  await end(7, true)
  expect([committed(), isUnstable()]).toEqual([5, false])
})

test('offsets of an aborted transaction never count', async () => {
  await commit(7, 5)
  await end(7, true)
  await commit(7, 6)
  await end(7, false)
  expect([committed(), isUnstable()]).toEqual([5, false])
  await serve()
  expect([committed(), isUnstable()]).toEqual([5, false])
})

test('a new coordinator knows what is pending, and what has become of the rest', async () => {
  await commit(7, 5)
  await end(7, true)
  await commit(7, 6)
  await serve()
  expect([committed(), isUnstable()]).toEqual([5, true])
  await end(7, true)
  expect([committed(), isUnstable()]).toEqual([6, false])
})

test('a later commit outside of the transaction stays, before and after a change of coordinator', async () => {
  await commit(7, 5)
  expect(await coordinator.offsets.commit('g', nobody, toCommit(9))).toBe('NONE')
  await end(7, true)
  expect(committed()).toBe(9)
  await serve()
  expect(committed()).toBe(9)
})

test('a producer that has been fenced commits nothing', async () => {
  await commit(7, 5)
  const marker = { kind: 'abort', producerId: 7, producerEpoch: 1 } as const
  const batch = buildMarker({ ...marker, coordinatorEpoch: 0, timestampMs: 1000 }, environment.codecs)
  replica.append(batch, { origin: 'internal', marker: { isBumped: true } })
  expect(await commit(7, 6)).toBe('INVALID_PRODUCER_EPOCH')
  expect(committed()).toBeUndefined()
})

test('members of another generation are refused, also within a transaction', async () => {
  const claim = { memberId: 'm', instanceId: null, generation: 3 }
  const producer = { producerId: 7, producerEpoch: 0, verification: undefined }
  const answer = await coordinator.offsets.commitInTransaction('g', claim, producer, toCommit(5))
  expect(answer).toBe('ILLEGAL_GENERATION')
})

import { afterEach, beforeEach, expect, test } from 'vitest'
import { defaultLogConfig } from '../../log/log-config.ts'
import { TailMemory } from '../../log/tail-memory.ts'
import { buildBatch } from '../../log/test-log.ts'
import { createNodeEnvironment } from '../../node/environment/index.ts'
import { offsetQueries } from '../../protocol/apis/list-offsets.ts'
import { Replica } from '../replication/replica.ts'
import { findOffset } from './list-offsets.ts'

const environment = createNodeEnvironment()
const state = { replicas: [1, 2, 3], isr: [1, 2, 3], leader: 1, leaderEpoch: 1, partitionEpoch: 1 }
const ignored = () => undefined

let folder: string
beforeEach(async () => {
  folder = await environment.disk.temporaryFolder('millrace-offsets-')
})
afterEach(() => environment.disk.remove(folder))

async function opened(highWatermark: number): Promise<Replica> {
  const replica = new Replica(
    environment,
    {
      brokerId: 1,
      topicId: 'an-id',
      topic: 't',
      partition: 0,
      folder,
      config: defaultLogConfig,
      minInSync: 2,
      memory: new TailMemory(1024 * 1024),
      highWatermark,
    },
    { appended: ignored, progressed: ignored, isrWanted: ignored, failed: ignored },
  )
  await replica.opened
  return replica
}

test('a new leader tells no latest offset until it knows of everything that was acknowledged before it', async () => {
  const before = await opened(0)
  before.become(state)
  before.append(buildBatch(environment.codecs, { values: ['a', 'b', 'c', 'd', 'e'] }))
  await before.log.written()
  before.followerFetched(2, 5, 0)
  before.followerFetched(3, 5, 0)
  expect(before.highWatermark).toBe(5)
  await before.close({ clean: true })

  const replica = await opened(2)
  replica.become({ ...state, leaderEpoch: 2, partitionEpoch: 2 })
  expect(replica.highWatermark).toBe(2)
  for (const query of [offsetQueries.latest, offsetQueries.maxTimestamp, 1004, 1_000_000]) {
    expect(await findOffset(replica, query), `${query}`).toBe('OFFSET_NOT_AVAILABLE')
  }
  // What lies below it is known to be committed.
  expect(await findOffset(replica, offsetQueries.earliest)).toMatchObject({ offset: 0 })
  expect(await findOffset(replica, 1001)).toMatchObject({ offset: 1, leaderEpoch: 1 })

  replica.followerFetched(2, 5, 0)
  replica.followerFetched(3, 5, 0)
  expect(await findOffset(replica, offsetQueries.latest)).toMatchObject({ offset: 5, leaderEpoch: 2 })
  expect(await findOffset(replica, offsetQueries.maxTimestamp)).toMatchObject({ offset: 4 })
  expect(await findOffset(replica, 1_000_000)).toMatchObject({ offset: -1 })
  await replica.close({ clean: true })
})

import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { defaultLogConfig } from '../../../log/log-config.ts'
import { TailMemory } from '../../../log/tail-memory.ts'
import { createNodeEnvironment } from '../../../node/environment/index.ts'
import { BatchBuilder } from '../../../protocol/batch-builder.ts'
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
let coordinator: GroupCoordinator
beforeEach(async () => {
  logged.length = 0
  folder = await environment.disk.temporaryFolder('millrace-shard-')
  const state = { replicas: [1], isr: [1], leader: 1, leaderEpoch: 1, partitionEpoch: 1 }
  const place = { topicId: 'an-id', topic: offsetsTopic, partition: 0 }
  const memory = new TailMemory(1024 * 1024)
  const options = { brokerId: 1, ...place, folder, config: defaultLogConfig, minInSync: 1, memory }
  const events = { appended: ignored, progressed: ignored, isrWanted: ignored, failed: ignored }
  replica = new Replica(environment, { ...options, highWatermark: 0 }, events)
  await replica.opened
  replica.become(state)
  const image = new ClusterImage()
  image.apply({ type: 'topic', name: offsetsTopic, topicId: 'an-id' })
  image.apply({ type: 'partition', topicId: 'an-id', partition: 0, state })
  coordinator = new GroupCoordinator(environment, {
    brokerId: 1,
    image,
    settings: new BrokerSettings({}),
    purgatory: new Purgatory(environment.timers),
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
  replica.append(builder.build({ codecs: environment.codecs }), 'internal')
}

const loaded = () => coordinator.offsetsOf('g')

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
          [0, committed],
          [1, committed],
        ]),
      ],
    ]),
  )
  expect(
    logged.filter((line) => /^warn broker-1: __consumer_offsets-0: .*offset [12]/.test(line)),
  ).toHaveLength(2)
})

test('groups whose load failed in passing are loaded again', async () => {
  vi.spyOn(replica.log, 'read').mockRejectedValueOnce(new Error('the disk hiccuped'))
  coordinator.roleChanged(replica)
  await expect.poll(loaded, { timeout: 5000 }).toEqual(new Map([['t', new Map([[0, committed]])]]))
  expect(logged).toEqual([expect.stringMatching(/^error broker-1: __consumer_offsets-0: .*hiccuped/)])
})

import { afterEach, expect, test } from 'vitest'
import { BrokerConnection } from '../../engine/client/cluster/connection.ts'
import { createAdmin } from '../../engine/client/index.ts'
import { connectionSettings } from '../../engine/client/settings.ts'
import { EmbeddedCluster } from '../../engine/cluster/index.ts'
import { produce } from '../../engine/protocol/apis/produce.ts'
import { BatchBuilder } from '../../engine/protocol/batch-builder.ts'
import { ClusterWorld, environment } from './cluster-world.ts'

const world = new ClusterWorld()
afterEach(() => world.end())

test('what a connection sends is appended in its order, even while one of its partitions is just being opened', async () => {
  let open = (): void => undefined
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  const { disk } = environment
  const slow = {
    ...environment,
    disk: {
      ...disk,
      list: async (path: string) => {
        if (path.includes('/t-0.')) await opened
        return disk.list(path)
      },
    },
  }
  const cluster = await EmbeddedCluster.start(() => slow, { brokers: 1 })
  try {
    const admin = createAdmin(environment, { bootstrap: cluster.bootstrap })
    await admin.createTopics([{ name: 't', partitions: 2 }])
    await admin.close()
    const settings = connectionSettings({ bootstrap: cluster.bootstrap })
    const connection = await BrokerConnection.open(environment, settings, settings.bootstrap[0]!)
    const send = (value: string, ...partitions: number[]) =>
      connection.request(
        produce,
        {
          transactionalId: null,
          acks: -1,
          timeoutMs: 60_000,
          topicData: [
            { name: 't', partitionData: partitions.map((index) => ({ index, records: batchOf(value) })) },
          ],
        },
        { versionMax: 9 },
      )
    const both = send('first', 0, 1)
    const one = send('second', 1)
    const last = send('third', 1)
    await environment.timers.sleep(200)
    open()
    const offsets = (await Promise.all([both, one, last])).map(({ responses }) =>
      responses[0]!.partitionResponses.map(({ errorCode, baseOffset }) => [errorCode, baseOffset]),
    )
    expect(offsets).toEqual([
      [
        [0, 0],
        [0, 0],
      ],
      [[0, 1]],
      [[0, 2]],
    ])
    connection.close()
  } finally {
    await cluster.stop()
  }
})

function batchOf(value: string): Buffer {
  const builder = new BatchBuilder()
  builder.append(1000, null, Buffer.from(value))
  return builder.build({ codecs: environment.codecs })
}

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { EmbeddedCluster } from '../../engine/cluster/index.ts'
import { createNodeEnvironment } from '../../engine/node/environment/index.ts'
import { readGolden } from './golden-data.ts'
import { refusalsOf } from './refusals.ts'

describe('a broker of ours', () => {
  const environment = createNodeEnvironment()
  let cluster: EmbeddedCluster
  beforeAll(async () => {
    cluster = await EmbeddedCluster.start(() => environment, { brokers: 1 })
  })
  afterAll(() => cluster?.stop())

  it("refuses with Apache Kafka's errors in every version", async () => {
    const ours = await refusalsOf(Number(cluster.bootstrap[0]!.split(':')[1]))
    expect(ours).toEqual(readGolden<Record<string, string>>('refusals.golden.json'))
  })
})

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { servedApis } from '../../engine/broker/handlers/index.ts'
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

  it("refuses with Apache Kafka's errors in every version of what it serves", async () => {
    const ours = await refusalsOf(Number(cluster.bootstrap[0]!.split(':')[1]))
    const theirs = Object.entries(readGolden<Record<string, string>>('refusals.golden.json'))
    const names = new Set<string>(servedApis.map(({ name }) => name))
    const isServed = (what: string) => names.has(/: (\w+) v\d+$/.exec(what)?.[1] ?? '')
    expect(ours).toEqual(Object.fromEntries(theirs.filter(([what]) => isServed(what))))
  })
})

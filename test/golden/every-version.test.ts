import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { servedApis } from '../../engine/broker/handlers/index.ts'
import { EmbeddedCluster } from '../../engine/cluster/index.ts'
import { createNodeEnvironment } from '../../engine/node/environment/index.ts'
import { EveryVersion } from './every-version.ts'

describe('a broker of ours', () => {
  const environment = createNodeEnvironment()
  let cluster: EmbeddedCluster
  beforeAll(async () => {
    cluster = await EmbeddedCluster.start(() => environment, { brokers: 1 })
  })
  afterAll(() => cluster?.stop())

  it('answers every API that it serves in every version, without an error', async () => {
    const run = await EveryVersion.run(Number(cluster.bootstrap[0]!.split(':')[1]))
    expect(run.complaints).toEqual([])
    const all = servedApis.flatMap(({ name, versions: [first, last] }) =>
      Array.from({ length: last - first + 1 }, (_, index) => `${name} v${first + index}`),
    )
    expect([...run.answered].sort()).toEqual(all.sort())
  })
})

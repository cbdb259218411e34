import { afterAll, beforeAll, describe } from 'vitest'
import { EmbeddedCluster } from '../../engine/cluster/index.ts'
import { createNodeEnvironment } from '../../engine/node/environment/index.ts'
import { runtimeSuite } from './runtime-suite.ts'
import type { Site } from './topics.ts'

describe('the runtime on the embedded cluster', () => {
  const environment = createNodeEnvironment()
  let cluster: EmbeddedCluster
  let site: Site

  beforeAll(async () => {
    cluster = await EmbeddedCluster.start(() => environment)
    site = { environment, bootstrap: cluster.bootstrap }
  })
  afterAll(() => cluster?.stop())

  for (const guarantee of ['at_least_once', 'exactly_once_v2'] as const) {
    describe(guarantee, () => {
      runtimeSuite(
        () => site,
        guarantee,
        () => cluster.kill(2),
      )
      afterAll(() => cluster.startBroker(2))
    })
  }
})

/** Our client against our own brokers, on real sockets and files. */
import { afterAll, afterEach, beforeAll, describe } from 'vitest'
import { EmbeddedCluster } from '../../engine/cluster/index.ts'
import { createNodeEnvironment } from '../../engine/node/environment/index.ts'
import { ClientWorld } from './client-world.ts'
import { failoverSuite } from './failover-suite.ts'
import { groupSuite } from './group-suite.ts'
import { recordSuite } from './record-suite.ts'

const environment = createNodeEnvironment({ log: { write: () => undefined } })
let world: ClientWorld

describe('our client on our cluster', () => {
  beforeAll(async () => {
    const cluster = await EmbeddedCluster.start(() => environment)
    world = new ClientWorld(environment, {
      bootstrap: cluster.bootstrap,
      kill: (id) => cluster.kill(id),
      restart: (id) => cluster.startBroker(id),
      stop: () => cluster.stop(),
    })
  })
  afterEach(() => world.closeClients())
  afterAll(() => world?.stop())

  recordSuite(() => world)
  groupSuite(() => world)
  failoverSuite(() => world)
})

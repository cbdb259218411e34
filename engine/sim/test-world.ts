/** For the tests of the simulation itself. */
import type { Connection } from '../environment/index.ts'
import type { World } from './index.ts'

/** Two connected ends, of which `server` is on node b. */
export async function connected(world: World): Promise<{ client: Connection; server: Connection }> {
  let accepted: Connection | undefined
  const listener = await world.node('b').network.listen({ host: '127.0.0.1', port: 0 }, (connection) => {
    accepted = connection
  })
  const client = await world.scheduler.settle(world.node('a').network.connect(listener.address))
  return { client, server: accepted! }
}

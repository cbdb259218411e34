import { afterEach, expect, test } from 'vitest'
import { createNodeEnvironment } from '../../node/environment/index.ts'
import { Controller } from '../controller/controller.ts'
import { Quorum } from '../controller/quorum.ts'
import type { PeerLinks } from '../peers/links.ts'
import { BrokerSettings } from '../settings/broker-settings.ts'
import { Membership } from './membership.ts'

const environment = createNodeEnvironment()
const endings: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end()
})

test('a controller that never answers is given up when the time is over', async () => {
  let asked = 0
  const links: PeerLinks = {
    raft: () => undefined,
    controller: () => {
      asked++
      return new Promise(() => undefined)
    },
    broker: () => new Promise(() => undefined),
    fetch: () => new Promise(() => undefined),
    close: () => undefined,
  }
  const membership = await followerOf(2, links)
  const answer = membership.ask('producer-ids', { count: 1 }, 100)
  await expect(answer).rejects.toMatchObject({ code: 'NO_CONTROLLER' })
  expect(asked).toBe(1)
})

/** Of broker 1, which has heard from broker 2 that it leads. */
async function followerOf(leaderId: number, links: PeerLinks): Promise<Membership> {
  const folder = await environment.disk.temporaryFolder('millrace-membership-')
  endings.push(() => environment.disk.remove(folder))
  const quorum = await Quorum.open(environment, {
    id: 1,
    voters: [1, 2, 3],
    folder,
    electionTimeoutMs: 60_000,
    send: () => undefined,
    onCommitted: () => undefined,
    onRoleChanged: () => undefined,
    onFailed: (error) => expect.fail(error.message),
  })
  endings.push(() => quorum.close())
  const heartbeat = { prevIndex: 0, prevEpoch: 0, entries: [], commitIndex: 0 }
  quorum.receive(leaderId, { kind: 'append', epoch: 1, ...heartbeat })
  expect(quorum.leaderId).toBe(leaderId)
  const controller = new Controller(environment, new BrokerSettings({}), quorum)
  const membership = new Membership(environment, {
    id: 1,
    incarnation: 'a life',
    quorum,
    controller,
    links,
    heartbeatMs: 1000,
    onFailed: (error) => expect.fail(error.message),
  })
  endings.push(async () => membership.close())
  return membership
}

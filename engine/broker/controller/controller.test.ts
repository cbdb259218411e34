import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Environment } from '../../environment/index.ts'
import { createNodeEnvironment } from '../../node/environment/index.ts'
import { BrokerSettings } from '../settings/broker-settings.ts'
import { Controller } from './controller.ts'
import { Quorum } from './quorum.ts'

const real = createNodeEnvironment()
const voters = [1, 2, 3]

let folder: string
let stalledMs = 0
let members: { quorum: Quorum; controller: Controller }[] = []
/** As when the event loop stands still: time goes on, nobody is heard. */
const environment: Environment = {
  ...real,
  clock: { nowMs: () => real.clock.nowMs(), monotonicMs: () => real.clock.monotonicMs() + stalledMs },
}

beforeEach(async () => {
  folder = await real.disk.temporaryFolder('millrace-controller-')
  stalledMs = 0
  members = await Promise.all(voters.map(member))
  for (const { quorum } of members) quorum.start()
})
afterEach(async () => {
  for (const { controller, quorum } of members) {
    controller.close()
    await quorum.close()
  }
  await real.disk.remove(folder)
})

async function member(id: number) {
  await real.disk.makeFolder(`${folder}/${id}`)
  const follow = () => members.find(({ quorum }) => quorum === self.quorum)?.controller.follow()
  const quorum = await Quorum.open(environment, {
    id,
    voters,
    folder: `${folder}/${id}/metadata`,
    electionTimeoutMs: 300,
    send: (to, message) => void Promise.resolve().then(() => members[to - 1]!.quorum.receive(id, message)),
    onCommitted: follow,
    onRoleChanged: follow,
    onFailed: (error) => expect.fail(error.message),
  })
  const self = { quorum, controller: new Controller(environment, new BrokerSettings({}), quorum) }
  return self
}

test('a request that shows the controller that it has lost its majority is refused, and does not wait for ever', async () => {
  const active = () => members.find(({ controller }) => controller.isActive)
  await expect.poll(active, { timeout: 10_000 }).toBeDefined()
  const { controller } = active()!
  expect(await controller.handle({ kind: 'producer-ids', request: { count: 10 } })).toHaveProperty('first')
  stalledMs = 10_000
  const answer = controller.handle({ kind: 'producer-ids', request: { count: 10 } })
  await expect(answer).rejects.toMatchObject({ code: 'NOT_CONTROLLER' })
  await expect.poll(active, { timeout: 10_000 }).toBeDefined()
})

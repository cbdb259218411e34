import { afterEach, expect, test } from 'vitest'
import type { Connection } from '../../environment/index.ts'
import { createNodeEnvironment } from '../../node/environment/index.ts'
import { heartbeat } from '../../protocol/apis/heartbeat.ts'
import { encodeRequest } from '../../protocol/frames.ts'
import { BrokerMetrics } from '../metrics/broker-metrics.ts'
import { BrokerSettings } from '../settings/broker-settings.ts'
import { ClientConnection } from './client-connection.ts'
import type { BrokerContext } from './context.ts'
import { handler } from './handler.ts'

const environment = createNodeEnvironment({ log: { write: () => undefined } })
const closing: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

const mebibyte = 1024 * 1024

test('a client that sends without end to a broker that is still starting is read no further than a limit', async () => {
  let answered = 0
  const counted = handler(heartbeat, () => {
    answered++
    return { errorCode: 0 }
  })
  const metrics = new BrokerMetrics(environment.clock)
  const context = { id: 1, environment, settings: new BrokerSettings({}), metrics } as BrokerContext
  let accepted: ClientConnection | undefined
  const listener = await environment.network.listen(
    { host: '127.0.0.1', port: 0 },
    (connection: Connection) => {
      const options = { isHeld: true, onClosed: () => undefined }
      accepted = new ClientConnection(connection, context, () => counted, options)
    },
  )
  closing.push(() => listener.close())
  const client = await environment.network.connect(listener.address)
  closing.push(() => client.destroy())
  const count = 128
  for (let n = 0; n < count; n++) {
    const memberId = 'm'.repeat(30_000)
    const body = { groupId: 'g'.repeat(30_000), generationId: 1, memberId, groupInstanceId: null }
    const frame = encodeRequest(heartbeat, 3, { correlationId: n, clientId: 'c' }, body)
    // One after the other, a mebibyte and more each.
    for (let again = 0; again < 18; again++) client.write(frame)
  }
  // Until nothing more is taken from it.
  let before = -1
  while (accepted === undefined || accepted.bytesIn !== before) {
    before = accepted?.bytesIn ?? -1
    await environment.timers.sleep(100)
  }
  expect(accepted.bytesIn).toBeGreaterThan(32 * mebibyte)
  expect(accepted.bytesIn).toBeLessThan(80 * mebibyte)
  expect(answered).toBe(0)
  accepted.release()
  await expect.poll(() => answered, { timeout: 30_000 }).toBe(count * 18)
})

import { expect, test } from 'vitest'
import { createCodeLoader, nodeCodecs } from '../../node/environment/index.ts'
import { World } from '../../sim/index.ts'
import { ClientSession } from '../server/client-session.ts'
import { Purgatory } from './purgatory.ts'

const drain = () => new Promise<void>((resolve) => setImmediate(resolve))

function start() {
  const world = new World({ seed: 1, drain, codecs: nodeCodecs, code: createCodeLoader() })
  return { purgatory: new Purgatory(world.node('a').timers), scheduler: world.scheduler }
}

/** Notes what becomes of it. */
function operation(tryComplete: () => boolean) {
  const said: string[] = []
  return {
    kind: 'Fetch' as const,
    said,
    tryComplete() {
      if (!tryComplete()) return false
      said.push('complete')
      return true
    },
    expire: () => said.push('expired'),
    fail: (thrown: unknown) => said.push(String(thrown)),
  }
}

test('what goes wrong with one waiting request reaches that one only', async () => {
  const { purgatory, scheduler } = start()
  let isReady = false
  const broken = operation(() => {
    if (isReady) throw new Error('no')
    return false
  })
  const sound = operation(() => isReady)
  purgatory.add(broken, ['k'], 1000)
  purgatory.add(sound, ['k'], 1000)
  isReady = true
  purgatory.touch('k')
  await scheduler.runFor(5000)
  expect(broken.said).toEqual(['Error: no'])
  expect(sound.said).toEqual(['complete'])
})

test('a request waits no longer than its client', async () => {
  const { purgatory, scheduler } = start()
  const client = new ClientSession('127.0.0.1')
  let looks = 0
  const waiting = operation(() => {
    looks++
    return false
  })
  purgatory.add(waiting, ['k'], 2 ** 31 - 1, client)
  client.end()
  expect(waiting.said).toEqual(['expired'])
  purgatory.touch('k')
  await scheduler.runFor(10)
  expect(looks).toBe(1)
  const late = operation(() => false)
  purgatory.add(late, ['k'], 1000, client)
  expect(late.said).toEqual(['expired'])
})

test('nobody waits for weeks, whatever the client asks for', async () => {
  const { purgatory, scheduler } = start()
  const waiting = operation(() => false)
  purgatory.add(waiting, ['k'], 2 ** 31 - 1)
  await scheduler.runFor(599_000)
  expect(waiting.said).toEqual([])
  await scheduler.runFor(2000)
  expect(waiting.said).toEqual(['expired'])
})

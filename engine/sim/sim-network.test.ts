import { describe, expect, test } from 'vitest'
import { createCodeLoader, drainJobs, nodeCodecs } from '../node/environment/index.ts'
import { World, type WorldOptions } from './index.ts'
import { connected } from './test-world.ts'

function createWorld(seed: number, options: Partial<WorldOptions> = {}): World {
  return new World({ seed, drain: drainJobs, codecs: nodeCodecs, code: createCodeLoader(), ...options })
}

describe('the network', () => {
  test('keeps the order within a connection, whatever the delays, but not between connections', async () => {
    const world = createWorld(5, { network: { spikeProbability: 0.3, spikeMs: 50 } })
    const received: string[] = []
    const one = await connected(world)
    const two = await connected(world)
    two.server.onData(() => received.push('2'))
    let text = ''
    one.server.onData((chunk) => {
      text += chunk.toString()
      received.push('1')
    })
    for (let i = 0; i < 26; i++) {
      one.client.write([Buffer.from(String.fromCharCode(97 + i))])
      two.client.write([Buffer.from('x')])
    }
    await world.scheduler.runFor(5000)
    expect(text).toBe('abcdefghijklmnopqrstuvwxyz')
    expect(received.join('')).not.toBe('12'.repeat(26))
  })

  test('gives the receiver bytes of its own, split anywhere', async () => {
    const world = createWorld(2)
    const { client, server } = await connected(world)
    const chunks: Buffer[] = []
    server.onData((chunk) => chunks.push(chunk))
    const sent = Buffer.alloc(1000, 'x')
    for (let i = 0; i < 20; i++) client.write([sent])
    await world.scheduler.runFor(1000)
    expect(Buffer.concat(chunks).length).toBe(20_000)
    expect(chunks.length).toBeGreaterThan(20)
    chunks[0]!.fill('y')
    expect(sent.includes('y')).toBe(false)
  })

  test('holds back what goes through a cut, one way, until it heals', async () => {
    const world = createWorld(1)
    const { client, server } = await connected(world)
    const got = { client: 0, server: 0 }
    server.onData((chunk) => {
      got.server += chunk.length
    })
    client.onData((chunk) => {
      got.client += chunk.length
    })
    world.network.cut('a', 'b')
    client.write([Buffer.alloc(10)])
    server.write([Buffer.alloc(7)])
    await world.scheduler.runFor(5000)
    expect(got).toEqual({ client: 7, server: 0 })
    expect(client.bufferedBytes).toBe(10)
    world.network.heal('a', 'b')
    await world.scheduler.runFor(100)
    expect(got.server).toBe(10)
  })

  test('lets a connection attempt through a partition time out, and refuses it where nobody listens', async () => {
    const world = createWorld(1)
    const listener = await world.node('b').network.listen({ host: '127.0.0.1', port: 0 }, () => undefined)
    world.partition(['a'], ['b'])
    const { network } = world.node('a')
    await expect(
      world.scheduler.settle(network.connect({ ...listener.address, timeoutMs: 300 })),
    ).rejects.toMatchObject({ code: 'CONNECTION_TIMED_OUT' })
    world.network.healAll()
    await world.scheduler.settle(network.connect(listener.address))
    await listener.close()
    await expect(world.scheduler.settle(network.connect(listener.address))).rejects.toMatchObject({
      code: 'CONNECTION_REFUSED',
    })
  })

  test('tells both ends of an orderly close after the data, and of a reset with an error', async () => {
    const world = createWorld(1)
    const first = await connected(world)
    const events: string[] = []
    first.server.onData((chunk) => events.push(chunk.toString()))
    first.server.onClose((error) => events.push(`server ${error}`))
    first.client.onClose((error) => events.push(`client ${error}`))
    first.client.write([Buffer.from('l')])
    first.client.end()
    await world.scheduler.runFor(100)
    expect(events).toEqual(['l', 'server undefined', 'client undefined'])
    const second = await connected(world)
    const codes: unknown[] = []
    for (const end of [second.client, second.server]) {
      end.onClose((error) => codes.push(error && 'code' in error && error.code))
    }
    world.network.reset('a', 'b')
    await world.scheduler.runFor(100)
    expect(codes).toEqual(['CONNECTION_RESET', 'CONNECTION_RESET'])
  })

  test('tells of a close that came before the connecting end could listen', async () => {
    const world = createWorld(1)
    const listener = await world
      .node('b')
      .network.listen({ host: '127.0.0.1', port: 0 }, (accepted) => accepted.destroy())
    const client = await world.scheduler.settle(world.node('a').network.connect(listener.address))
    await world.scheduler.runFor(100)
    let closed = 0
    client.onClose(() => closed++)
    await world.scheduler.runFor(100)
    expect(closed).toBe(1)
  })

  test('waits for a paused receiver and tells when all is taken', async () => {
    const world = createWorld(1)
    const { client, server } = await connected(world)
    let received = 0
    let drained = 0
    server.onData((chunk) => {
      received += chunk.length
    })
    client.onDrain(() => drained++)
    server.pause()
    client.write([Buffer.alloc(100)])
    await world.scheduler.runFor(100)
    expect([received, client.bufferedBytes, drained]).toEqual([0, 100, 0])
    server.resume()
    await world.scheduler.runFor(100)
    expect([received, client.bufferedBytes, drained]).toEqual([100, 0, 1])
  })
})

import { describe, expect, test } from 'vitest'
import { MillraceError } from '../base/errors.ts'
import { createCodeLoader, drainJobs, nodeCodecs } from '../node/environment/index.ts'
import { FaultPlan, World, type WorldOptions } from './index.ts'
import { connected } from './test-world.ts'

function createWorld(seed: number, options: Partial<WorldOptions> = {}): World {
  return new World({ seed, drain: drainJobs, codecs: nodeCodecs, code: createCodeLoader(), ...options })
}

describe('time', () => {
  test('passes only by events, in their order, promise jobs between them', async () => {
    const world = createWorld(1)
    const { timers, clock } = world.node('a')
    const seen: string[] = []
    const startMs = clock.monotonicMs()
    timers.after(3_600_000, () => seen.push('hour'))
    timers.after(5, () => {
      seen.push('five')
      void Promise.resolve().then(() => seen.push('job of five'))
    })
    timers.after(5, () => seen.push('five again'))
    timers.after(1, () => seen.push('cancelled')).cancel()
    timers.soon(() => seen.push('soon'))
    await world.scheduler.runFor(3_600_001)
    expect(seen).toEqual(['soon', 'five', 'job of five', 'five again', 'hour'])
    expect(clock.monotonicMs() - startMs).toBe(3_600_001)
  })

  test('stands still for a paused node, whose events come when it goes on', async () => {
    const world = createWorld(1)
    const at: Record<string, number> = {}
    for (const name of ['a', 'b']) {
      const { timers, clock } = world.node(name)
      timers.after(10, () => {
        at[name] = clock.monotonicMs()
      })
    }
    world.pause('a', 500)
    await world.scheduler.runFor(1000)
    expect(at).toEqual({ a: 500, b: 10 })
  })

  test('of a skewed wall clock is off, that of the monotonic one is not', () => {
    const world = createWorld(1)
    world.skewClock('a', 5000)
    expect(world.node('a').clock.nowMs() - world.node('b').clock.nowMs()).toBe(5000)
    expect(world.node('a').clock.monotonicMs()).toBe(world.node('b').clock.monotonicMs())
  })

  test('does not settle what never comes', async () => {
    const world = createWorld(1)
    await expect(world.scheduler.settle(new Promise(() => undefined), 100)).rejects.toMatchObject({
      code: 'SIMULATION_STUCK',
    })
  })
})

describe('a run', () => {
  async function transcript(seed: number): Promise<string> {
    const lines: string[] = []
    const world = createWorld(seed, { trace: (line) => lines.push(line) })
    const { client, server } = await connected(world)
    server.onData((chunk) => server.write([chunk]))
    client.onData((chunk) => lines.push(`got ${chunk.length}`))
    const { disk, random } = world.node('a')
    client.write([random.bytes(1000)])
    const file = await world.scheduler.settle(disk.open('/f', 'create'))
    await world.scheduler.settle(file.write(0, [random.bytes(100)]))
    world.crash('a')
    const left = await world.scheduler.settle(world.restart('a').disk.list('/'))
    lines.push(left.join())
    await world.scheduler.runFor(100)
    return lines.join('\n')
  }

  test('is the same for the same seed and another for another', async () => {
    expect(await transcript(7)).toBe(await transcript(7))
    expect(await transcript(7)).not.toBe(await transcript(8))
  })
})

describe('the disk', () => {
  /** What is left, over many seeds, of a file with a synced and an unsynced part. */
  async function leftovers(act: (world: World) => Promise<void>, seeds = 40): Promise<Set<string>> {
    const found = new Set<string>()
    for (let seed = 0; seed < seeds; seed++) {
      const world = createWorld(seed)
      await act(world)
      world.crash('a')
      const { disk } = world.restart('a')
      const stat = await world.scheduler.settle(disk.stat('/d/f'))
      found.add(stat ? (await world.scheduler.settle(disk.readFile('/d/f'))).toString() : 'gone')
    }
    return found
  }

  async function writeFile(world: World, options: { syncsFolder: boolean }): Promise<void> {
    const { disk } = world.node('a')
    const run = <T>(promise: Promise<T>) => world.scheduler.settle(promise)
    await run(disk.makeFolder('/d'))
    await run(disk.syncFolder('/'))
    const file = await run(disk.open('/d/f', 'create-new'))
    await run(file.write(0, [Buffer.from('sync'), Buffer.from('ed')]))
    await run(file.sync())
    if (options.syncsFolder) await run(disk.syncFolder('/d'))
    await run(file.write(6, [Buffer.from('-rest')]))
  }

  test('keeps what was synced, and of the rest a piece torn at any byte', async () => {
    const found = await leftovers((world) => writeFile(world, { syncsFolder: true }))
    for (const text of found) expect('synced-rest'.startsWith(text) && text.length >= 6).toBe(true)
    expect(found.size).toBeGreaterThan(3)
  })

  test('may lose a file whose folder was not synced', async () => {
    const found = await leftovers((world) => writeFile(world, { syncsFolder: false }))
    expect(found).toContain('gone')
    expect([...found].some((text) => text.startsWith('synced'))).toBe(true)
  })

  test('replaces a file atomically: the old or the new, never a mixture, and the new once it is done', async () => {
    const replace = async (world: World, waits: boolean) => {
      await writeFile(world, { syncsFolder: true })
      const done = world.node('a').disk.writeFileAtomic('/d/f', 'replaced')
      if (waits) await world.scheduler.settle(done)
      else await world.scheduler.runFor(world.random.float() * 8)
    }
    expect(await leftovers((world) => replace(world, true))).toEqual(new Set(['replaced']))
    const found = await leftovers((world) => replace(world, false))
    expect(found).toContain('replaced')
    for (const text of found) expect(text === 'replaced' || text.startsWith('synced')).toBe(true)
  })

  test('may leave a later write without an earlier one when it reorders them', async () => {
    const world = createWorld(0, { tearing: { reordersWrites: true } })
    const found = new Set<string>()
    for (let i = 0; i < 60; i++) {
      const { disk } = world.node(`n${i}`)
      const file = await world.scheduler.settle(disk.open('/f', 'create'))
      await world.scheduler.settle(disk.syncFolder('/'))
      await world.scheduler.settle(file.write(0, [Buffer.from('ab')]))
      await world.scheduler.settle(file.write(2, [Buffer.from('cd')]))
      world.crash(`n${i}`)
      found.add((await world.scheduler.settle(world.restart(`n${i}`).disk.readFile('/f'))).toString())
    }
    expect(found).toContain('\0\0cd')
  })

  test('keeps everything when only the process dies, but no lock', async () => {
    const world = createWorld(3)
    await writeFile(world, { syncsFolder: false })
    await world.scheduler.settle(world.node('a').disk.lock('/d/lock'))
    await expect(world.scheduler.settle(world.node('a').disk.lock('/d/lock'))).rejects.toMatchObject({
      code: 'DATA_IN_USE',
    })
    world.crash('a', { keepsDisk: true })
    const { disk } = world.node('a')
    expect((await world.scheduler.settle(disk.readFile('/d/f'))).toString()).toBe('synced-rest')
    await world.scheduler.settle(disk.lock('/d/lock'))
  })

  test('that is slow takes longer, and one that fails says how', async () => {
    const world = createWorld(1)
    const timed = async () => {
      const startMs = world.scheduler.elapsedMs
      await world.scheduler.settle(world.node('a').disk.syncFolder('/'))
      return world.scheduler.elapsedMs - startMs
    }
    const usualMs = await timed()
    world.slowDisk('a', 1000)
    expect(await timed()).toBeGreaterThan(usualMs * 20)
    world.failDisk('a', (operation) =>
      operation === 'sync' ? new MillraceError({ code: 'DISK_FULL', what: 'full' }) : undefined,
    )
    await expect(timed()).rejects.toMatchObject({ code: 'DISK_FULL' })
  })
})

describe('a crash', () => {
  test('ends timers, sockets and listeners of the node, and only those', async () => {
    const world = createWorld(1)
    const { client, server } = await connected(world)
    const events: string[] = []
    world.node('b').timers.after(10, () => events.push('timer of b'))
    world.node('a').timers.after(10, () => events.push('timer of a'))
    server.onClose(() => events.push('close on b'))
    client.onClose((error) => events.push(`close on a ${error && 'code' in error && error.code}`))
    world.crash('b')
    await world.scheduler.runFor(1000)
    expect(events.sort()).toEqual(['close on a CONNECTION_RESET', 'timer of a'])
    await expect(
      world.scheduler.settle(world.node('a').network.connect(client.remote)),
    ).rejects.toMatchObject({ code: 'CONNECTION_REFUSED' })
    await world.restart('b').network.listen(client.remote, () => undefined)
    await world.scheduler.settle(world.node('a').network.connect(client.remote))
  })

  test('behind a cut is learnt of when the cut heals', async () => {
    const world = createWorld(1)
    const { client } = await connected(world)
    let isClosed = false
    client.onClose(() => {
      isClosed = true
    })
    world.partition(['a'], ['b'])
    world.crash('b')
    await world.scheduler.runFor(1000)
    expect(isClosed).toBe(false)
    world.network.healAll()
    await world.scheduler.runFor(100)
    expect(isClosed).toBe(true)
  })

  test('leaves of a state store a whole number of commits, the synced ones at least', async () => {
    const sizes = new Set<number>()
    for (let seed = 0; seed < 30; seed++) {
      const world = createWorld(seed)
      const store = await world.scheduler.settle(world.node('a').keyValue.open('/s'))
      await world.scheduler.settle(world.node('a').disk.syncFolder('/'))
      const commit = (n: number) =>
        store.commit([0, 1].map((i) => [Buffer.from([n, i]), Buffer.from('v')] as const))
      await world.scheduler.settle(commit(0))
      await world.scheduler.runFor(1000)
      for (let n = 1; n < 4; n++) await world.scheduler.settle(commit(n))
      world.crash('a')
      const again = await world.scheduler.settle(world.restart('a').keyValue.open('/s'))
      sizes.add([...again.range(undefined, undefined)].length)
    }
    expect([...sizes].every((size) => size >= 2 && size % 2 === 0)).toBe(true)
    expect(sizes.size).toBeGreaterThan(2)
  })
})

describe('workers', () => {
  test('run in virtual time, exchange copies, and end alone', async () => {
    const world = createWorld(1, {
      bodies: {
        'stream-thread': async ({ environment, data, port }) => {
          port.onMessage((message) => port.post({ data, message }))
          if (data === 'fails') throw new TypeError('broken')
          await environment.timers.sleep(data === 'short' ? 50 : 1e9)
        },
      },
    })
    const { workers } = world.node('a')
    const start = (data: string) => world.scheduler.settle(workers.start('stream-thread', 'thread', data))
    const long = await start('long')
    const messages: unknown[] = []
    long.onMessage((message) => messages.push(message))
    long.post({ n: 1 })
    expect(await world.scheduler.settle((await start('short')).exited)).toMatchObject({ reason: 'finished' })
    expect(await world.scheduler.settle((await start('fails')).exited)).toMatchObject({
      reason: 'crashed',
      error: { name: 'TypeError', message: 'broken' },
    })
    expect(messages).toEqual([{ data: 'long', message: { n: 1 } }])
    await world.scheduler.settle(long.terminate())
    expect((await long.exited).reason).toBe('terminated')
  })
})

test('a fault plan strikes with every kind it may, asks before a node goes down, and heals at its end', async () => {
  const world = createWorld(4)
  const nodes = ['a', 'b', 'c']
  for (const name of nodes) world.node(name)
  const seen = new Set<string>()
  const plan = new FaultPlan(world, {
    nodes,
    kinds: ['crash', 'kill', 'partition', 'one-way cut', 'reset', 'pause', 'slow disk', 'clock skew'],
    everyMs: 50,
    lastsMs: 200,
    mayGoDown: (name) => name !== 'a' && nodes.every((other) => world.isUp(other)),
    onDown: () => undefined,
    onUp: (name) => world.restart(name),
    onFault: (text) => seen.add(text.split(' ').slice(1, -5).join(' ')),
  })
  plan.start()
  await world.scheduler.runUntil(() => !world.isUp('a'), 10_000)
  expect(world.isUp('a')).toBe(true)
  plan.stop()
  expect(seen.size).toBe(8)
  expect(nodes.every((name) => world.isUp(name))).toBe(true)
  const listener = await world.node('b').network.listen({ host: '127.0.0.1', port: 0 }, () => undefined)
  await world.scheduler.settle(world.node('a').network.connect(listener.address))
})

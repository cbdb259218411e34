/** What the cluster keeps, and what it says when it cannot start. */
import { chmod, open, readdir, writeFile } from 'node:fs/promises'
import * as net from 'node:net'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import {
  ClusterWorld,
  isWhole,
  logged,
  numbers,
  sendRaw,
  startProcess,
  until,
  writeTo,
} from './cluster-world.ts'

const world = new ClusterWorld()

afterEach(() => world.end())

describe('a data folder', () => {
  test('keeps topics, records and replicas in sync over a stop of the whole cluster', async () => {
    const dataFolder = await world.folder()
    const first = await world.start({ dataFolder, topics: [{ name: 't', partitions: 3 }] })
    await world.write(first, 't', numbers(0, 1000))
    const { clusterId } = first.status()
    await first.stop()
    const second = await world.start({ dataFolder })
    expect(second.status().clusterId).toBe(clusterId)
    await until(() => isWhole(second))
    expect(await world.read(second, 't', 1000)).toEqual(numbers(0, 1000))
    await world.write(second, 't', numbers(1000, 1010))
    expect(await world.read(second, 't', 1010)).toEqual(numbers(0, 1010))
  })

  test('keeps every acknowledged record over the end of all brokers at once', async () => {
    const dataFolder = await world.folder()
    const first = await world.start({ dataFolder, topics: [{ name: 't', partitions: 3 }] })
    await world.write(first, 't', numbers(0, 1000))
    await Promise.all([1, 2, 3].map((id) => first.kill(id)))
    await first.stop()
    const second = await world.start({ dataFolder })
    expect(await world.read(second, 't', 1000)).toEqual(numbers(0, 1000))
    await until(() => isWhole(second))
  })

  test.each([
    ['clean stop', 'SIGTERM'],
    ['kill -9', 'SIGKILL'],
  ] as const)(
    'with a segment cut in the middle after a %s is mended from the others',
    async (_name, signal) => {
      for (const damaged of [1, 3]) {
        const dataFolder = await world.folder()
        const first = await startProcess(dataFolder)
        for (let i = 0; i < 10; i++) await writeTo(first.bootstrap, 't', numbers(i * 100, i * 100 + 100))
        await first.end(signal)
        const broker = join(dataFolder, `broker-${damaged}`)
        const folder = (await readdir(broker)).find((name) => name.startsWith('t-0.'))!
        const segment = await open(join(broker, folder, '00000000000000000000.log'), 'r+')
        await segment.truncate(Math.floor((await segment.stat()).size * 0.55))
        await segment.close()
        logged.length = 0
        const second = await world.start({ dataFolder })
        expect(await world.read(second, 't', 1000)).toEqual(numbers(0, 1000))
        await until(() => isWhole(second))
        expect(logged.join('\n')).toMatch(/t-0: .*cut off.*dropped/)
      }
    },
  )

  test('in use by another cluster is refused, with the holder named', async () => {
    const dataFolder = await world.folder()
    await world.start({ dataFolder })
    await expect(world.start({ dataFolder })).rejects.toMatchObject({
      code: 'DATA_IN_USE',
      what: expect.stringContaining(String(process.pid)),
    })
  })

  test('of another number of brokers is refused', async () => {
    const dataFolder = await world.folder()
    const cluster = await world.start({ dataFolder, brokers: 1 })
    await cluster.stop()
    await expect(world.start({ dataFolder, brokers: 3 })).rejects.toMatchObject({
      code: 'WRONG_BROKER_COUNT',
    })
  })

  test.skipIf(process.getuid?.() === 0)('without permission to write is refused', async () => {
    const dataFolder = await world.folder()
    await chmod(dataFolder, 0o500)
    await expect(world.start({ dataFolder })).rejects.toMatchObject({ code: 'NO_PERMISSION' })
    await chmod(dataFolder, 0o700)
  })

  test('with a damaged description is refused', async () => {
    const dataFolder = await world.folder()
    await writeFile(join(dataFolder, 'cluster.json'), '{')
    await expect(world.start({ dataFolder })).rejects.toMatchObject({ code: 'DATA_DAMAGED' })
  })
})

describe('starting', () => {
  test('a port that is taken is named, and nothing stays behind', async () => {
    const server = net.createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    const { port } = server.address() as net.AddressInfo
    const dataFolder = await world.folder()
    const start = world.start({ dataFolder, brokers: 1, ports: [port] })
    await expect(start).rejects.toMatchObject({
      code: 'PORT_IN_USE',
      where: expect.stringContaining(String(port)),
    })
    await new Promise((resolve) => server.close(resolve))
    await world.start({ dataFolder, brokers: 1, ports: [port] })
  })

  test('a port that is taken does not make a clean stop count as a crash', async () => {
    const server = net.createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    const { port } = server.address() as net.AddressInfo
    const dataFolder = await world.folder()
    const first = await world.start({ dataFolder })
    const marks = async () => {
      const folders = await Promise.all([1, 2, 3].map((id) => readdir(join(dataFolder, `broker-${id}`))))
      return folders.filter((names) => names.includes('clean-shutdown.json')).length
    }
    await first.stop()
    expect(await marks()).toBe(3)
    for (const ports of [
      [port, 0, 0],
      [0, 0, port],
    ]) {
      await expect(world.start({ dataFolder, ports })).rejects.toMatchObject({ code: 'PORT_IN_USE' })
      expect(await marks()).toBe(3)
    }
    await new Promise((resolve) => server.close(resolve))
    await world.start({ dataFolder })
    expect(await marks()).toBe(0)
  })

  test('a setting that does not exist is named, with the one that was meant', async () => {
    await expect(world.start({ settings: { 'log.retention.msec': '1' } })).rejects.toMatchObject({
      code: 'UNKNOWN_SETTING',
      where: 'log.retention.msec',
      remedy: expect.stringContaining('log.retention.ms'),
    })
  })

  test('a setting with an impossible value is refused', async () => {
    await expect(world.start({ settings: { 'num.partitions': 'many' } })).rejects.toMatchObject({
      code: 'INVALID_CONFIG',
      where: 'num.partitions',
    })
  })
})

describe('garbage on a port', () => {
  test('ends that connection with a line in the log, and no other', async () => {
    const cluster = await world.start({ brokers: 1, topics: [{ name: 't', replicationFactor: 1 }] })
    const producer = world.producer(cluster)
    await producer.send({ topic: 't', key: null, value: Buffer.from('before') })
    logged.length = 0
    const garbage = [
      Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'),
      Buffer.from('ffffffff00', 'hex'),
      Buffer.concat([Buffer.from([0, 0, 0, 200]), Buffer.alloc(200, 0xff)]),
      // Metadata v1 whose array claims two thousand million topics.
      Buffer.from('0000000f00030001000000010001617fffffff', 'hex'),
    ]
    for (const bytes of garbage) expect(await sendRaw(cluster.bootstrap[0]!, bytes)).toHaveLength(0)
    const lines = logged.filter((line) =>
      line.startsWith('warn broker-1: closed the connection from 127.0.0.1:'),
    )
    expect(lines).toHaveLength(garbage.length)
    await producer.send({ topic: 't', key: null, value: Buffer.from('after') })
    expect(await world.read(cluster, 't', 2)).toEqual(['after', 'before'])
  })
})

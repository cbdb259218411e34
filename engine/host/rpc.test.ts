import { MessageChannel } from 'node:worker_threads'
import { afterEach, describe, expect, it } from 'vitest'
import { WebSocketServer } from 'ws'
import { MillraceError } from '../base/errors.ts'
import { socketServerChannel } from '../node/browser-shell/server-channel.ts'
import { createNodeEnvironment } from '../node/environment/index.ts'
import type { HostMethods } from './contract.ts'
import { type Channel, createHostClient, memoryPair, openSocketChannel, portChannel } from './rpc.ts'
import { type ServedChannel, serveChannel } from './rpc-server.ts'

const { timers } = createNodeEnvironment()

/** Only some methods: a test that calls another one fails with what it says. */
function hostWith(methods: Partial<HostMethods>): HostMethods {
  return new Proxy({} as HostMethods, {
    get: (_, name) =>
      methods[name as keyof HostMethods] ?? (() => Promise.reject(new Error(`no ${String(name)}`))),
  })
}

interface Carrier {
  /** A new pair: what the window connects to, and the host's end of it. */
  connect(): Promise<readonly [window: Channel, host: Channel]>
  close(): Promise<void>
}

const carriers: Record<string, () => Promise<Carrier>> = {
  async memory() {
    return { connect: async () => memoryPair(), close: async () => undefined }
  },
  async 'message port'() {
    return {
      async connect() {
        const { port1, port2 } = new MessageChannel()
        return [portChannel(port1), portChannel(port2)] as const
      },
      close: async () => undefined,
    }
  },
  async 'web socket'() {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
    await new Promise((resolve) => server.once('listening', resolve))
    const address = server.address()
    const port = typeof address === 'object' && address ? address.port : 0
    return {
      async connect() {
        const host = new Promise<Channel>((resolve) => {
          server.once('connection', (socket) => resolve(socketServerChannel(socket)))
        })
        const window = await openSocketChannel(new WebSocket(`ws://127.0.0.1:${port}`))
        return [window, await host] as const
      },
      close: () => new Promise((resolve) => server.close(() => resolve())),
    }
  },
}

describe.each(Object.keys(carriers))('the host contract over %s', (name) => {
  const cleanUps: (() => unknown)[] = []
  afterEach(async () => {
    for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp()
  })

  async function connected(methods: Partial<HostMethods>) {
    const carrier = await carriers[name]!()
    const unexpected: string[] = []
    const served: ServedChannel[] = []
    let down = false
    const client = createHostClient({
      async connect() {
        if (down) throw new Error('nobody there')
        const [window, host] = await carrier.connect()
        served.push(serveChannel(host, hostWith(methods), (method) => unexpected.push(method)))
        return window
      },
      sleep: () => timers.sleep(5),
    })
    cleanUps.push(
      () => carrier.close(),
      () => client.close(),
    )
    return {
      client,
      unexpected,
      served,
      setDown: (value: boolean) => {
        down = value
      },
    }
  }

  it('answers a call that was made before the connection stood', async () => {
    const { client } = await connected({
      'files.list': async ({ path }) => ({ path: path ?? '/home', parent: '/', entries: [] }),
    })
    expect(await client.call('files.list', {})).toEqual({ path: '/home', parent: '/', entries: [] })
  })

  it('carries a document of a megabyte there and back, every character of it', async () => {
    const text = 'Zürich → 東京 🚂 '.repeat(60_000)
    let arrived = ''
    const { client } = await connected({
      'pipeline.saveDraft': async ({ files }) => {
        arrived = files[0]!.text
        return {}
      },
    })
    const document = { version: 1 as const, id: 'x', name: 'x', nodes: [], edges: [] }
    await client.call('pipeline.saveDraft', { path: '/p', document, files: [{ path: 'a.ts', text }] })
    expect(arrived).toBe(text)
  })

  it('answers out of order: a call that waits holds up no other', async () => {
    let release: () => void = () => undefined
    const { client } = await connected({
      'start.forget': () =>
        new Promise((resolve) => {
          release = () => resolve({})
        }),
      'run.state': async () => ({}),
    })
    const slow = client.call('start.forget', { path: '/a' })
    expect(await client.call('run.state', {})).toEqual({})
    release()
    expect(await slow).toEqual({})
  })

  it("gives an error's code, place and remedy, but not its stack", async () => {
    const { client } = await connected({
      'pipeline.open': async ({ path }) => {
        throw new MillraceError({ code: 'FILE_NOT_FOUND', what: 'it is gone', where: path, remedy: 'look' })
      },
    })
    const error = await client.call('pipeline.open', { path: '/gone' }).catch((thrown) => thrown)
    expect(error).toBeInstanceOf(MillraceError)
    expect(error.toJSON()).toEqual({
      code: 'FILE_NOT_FOUND',
      what: 'it is gone',
      where: '/gone',
      remedy: 'look',
    })
    expect(error.stack).not.toContain('rpc.test.ts:1')
  })

  it('refuses an input that is not of the contract, and says which part', async () => {
    const { client } = await connected({ 'start.forget': async () => ({}) })
    const wrong = { path: 7 } as unknown
    const call = client.call('start.forget', wrong as { path: string })
    await expect(call).rejects.toMatchObject({ code: 'BAD_INPUT', what: expect.stringContaining('path') })
  })

  it('refuses an answer that is not of the contract', async () => {
    const { client } = await connected({ 'pipeline.create': async () => ({}) as { path: string } })
    await expect(client.call('pipeline.create', { name: 'x' })).rejects.toMatchObject({ code: 'BAD_ANSWER' })
  })

  it("reports the host's own mistakes to the host", async () => {
    const { client, unexpected } = await connected({
      'run.state': async () => {
        throw new TypeError('undefined is not a function')
      },
    })
    await expect(client.call('run.state', {})).rejects.toMatchObject({ code: 'INTERNAL' })
    expect(unexpected).toEqual(['run.state'])
  })

  it('hands events to their listeners until they stop listening', async () => {
    const { client, served } = await connected({ 'run.state': async () => ({}) })
    const seen: string[] = []
    const stop = client.on('pipeline.changedOnDisk', ({ path }) => seen.push(path))
    await client.call('run.state', {})
    served[0]!.emit('pipeline.changedOnDisk', { path: '/a' })
    await client.call('run.state', {})
    stop()
    served[0]!.emit('pipeline.changedOnDisk', { path: '/b' })
    await client.call('run.state', {})
    expect(seen).toEqual(['/a'])
  })

  it('fails what is out when the host is lost, says so, and connects again by itself', async () => {
    const { client, served, setDown } = await connected({
      'run.state': async () => ({}),
      'start.forget': () => new Promise(() => undefined),
    })
    await client.call('run.state', {})
    const states: string[] = []
    client.onConnection((state) => states.push(state))
    const out = client.call('start.forget', { path: '/a' })
    setDown(true)
    served[0]!.close()
    await expect(out).rejects.toMatchObject({ code: 'HOST_LOST' })
    expect(client.connection).toBe('lost')
    await expect(client.call('run.state', {})).rejects.toMatchObject({ code: 'HOST_LOST' })
    setDown(false)
    await expect.poll(() => client.connection).toBe('connected')
    expect(await client.call('run.state', {})).toEqual({})
    expect(states).toEqual(['lost', 'connected'])
  })
})

describe('the host', () => {
  it('closes a channel that sends it garbage', async () => {
    const [window, host] = memoryPair()
    const served = serveChannel(host, hostWith({}), () => undefined)
    window.send(new Uint8Array([1, 2, 3]))
    await served.closed
  })

  it('refuses a method that the contract does not have', async () => {
    const [window, host] = memoryPair()
    serveChannel(host, hostWith({}), () => undefined)
    const answer = new Promise<string>((resolve) => {
      window.onMessage((bytes) => resolve(new TextDecoder().decode(bytes)))
    })
    window.send(new TextEncoder().encode('["call",1,"toString",{}]'))
    expect(await answer).toContain('UNKNOWN_METHOD')
  })
})

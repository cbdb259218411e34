import { describe, expect, test } from 'vitest'
import type { Connection } from '../../environment/index.ts'
import { nodeNetwork as network } from './network.ts'

async function pair(): Promise<{ client: Connection; server: Connection; close: () => Promise<void> }> {
  let accepted: (connection: Connection) => void = () => undefined
  const server = new Promise<Connection>((resolve) => {
    accepted = resolve
  })
  const listener = await network.listen({ host: '127.0.0.1', port: 0 }, (connection) => accepted(connection))
  const client = await network.connect(listener.address)
  return { client, server: await server, close: () => listener.close() }
}

describe('a connection', () => {
  test('carries the pieces of gathered writes in order, and ends after what is buffered', async () => {
    const { client, server, close } = await pair()
    const chunks: Buffer[] = []
    const closed = new Promise<Error | undefined>((resolve) => server.onClose(resolve))
    server.onData((chunk) => chunks.push(chunk))
    const large = Buffer.alloc(3_000_000, 'x')
    client.write([Buffer.from('ab'), Buffer.from('c')])
    client.write([new Uint8Array([100]), large])
    client.end()
    expect(await closed).toBeUndefined()
    const received = Buffer.concat(chunks)
    expect(received.length).toBe(4 + large.length)
    expect(received.subarray(0, 4).toString()).toBe('abcd')
    expect(client.remote.port).toBe(server.local.port)
    await close()
  })

  test('counts what a paused peer has not taken, and tells when that is gone', async () => {
    const { client, server, close } = await pair()
    let received = 0
    server.onData((chunk) => {
      received += chunk.length
    })
    server.pause()
    const drained = new Promise<void>((resolve) => client.onDrain(resolve))
    for (let i = 0; i < 64; i++) client.write([Buffer.alloc(1_000_000)])
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(client.bufferedBytes).toBeGreaterThan(10_000_000)
    expect(received).toBe(0)
    server.resume()
    await drained
    expect(client.bufferedBytes).toBe(0)
    client.destroy()
    await close()
  })

  test('destroyed with an error tells it to its own side, and closes the other', async () => {
    const { client, server, close } = await pair()
    const own = new Promise((resolve) => client.onClose(resolve))
    const other = new Promise<void>((resolve) => server.onClose(() => resolve()))
    server.onData(() => undefined)
    const reason = new Error('enough')
    client.destroy(reason)
    expect(await own).toBe(reason)
    await other
    client.write([Buffer.from('ignored')])
    expect(client.bufferedBytes).toBe(0)
    await close()
  })
})

describe('what can go wrong', () => {
  test('a port in use, a port where nobody listens, and an unknown host each have their code', async () => {
    const listener = await network.listen({ host: '127.0.0.1', port: 0 }, () => undefined)
    await expect(network.listen(listener.address, () => undefined)).rejects.toMatchObject({
      code: 'PORT_IN_USE',
      where: `127.0.0.1:${listener.address.port}`,
    })
    await listener.close()
    await expect(network.connect(listener.address)).rejects.toMatchObject({ code: 'CONNECTION_REFUSED' })
    await expect(network.connect({ host: 'no-such-host.invalid', port: 1 })).rejects.toMatchObject({
      code: 'HOST_NOT_FOUND',
    })
  })

  test('a server that never answers times out, and one without TLS is told apart', async () => {
    const silent = await network.listen({ host: '127.0.0.1', port: 0 }, () => undefined)
    const patient = { ...silent.address, tls: {}, timeoutMs: 50 }
    await expect(network.connect(patient)).rejects.toMatchObject({ code: 'CONNECTION_TIMED_OUT' })
    await silent.close()
    const plain = await network.listen({ host: '127.0.0.1', port: 0 }, (connection) => {
      connection.onData(() => connection.write([Buffer.from('this is not TLS at all')]))
    })
    await expect(network.connect({ ...plain.address, tls: {} })).rejects.toMatchObject({ code: 'TLS_FAILED' })
    await plain.close()
  })
})

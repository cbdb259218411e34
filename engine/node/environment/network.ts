import * as net from 'node:net'
import * as tls from 'node:tls'
import { MillraceError } from '../../base/errors.ts'
import type { Address, Connection, ConnectOptions, Listener, Network } from '../../environment/index.ts'
import { SocketConnection } from './socket-connection.ts'
import { fromSystemError, systemCodeOf } from './system-errors.ts'

export const nodeNetwork: Network = { listen, connect }

const connectTimeoutMsDefault = 10_000

function listen(address: Address, onConnection: (connection: Connection) => void): Promise<Listener> {
  return new Promise((resolve, reject) => {
    const server = net.createServer({ noDelay: true }, (socket) => onConnection(new SocketConnection(socket)))
    const onError = (error: Error) => reject(fromSystemError(error, placeOf(address)))
    server.once('error', onError)
    server.listen({ host: address.host, port: address.port, backlog: 511 }, () => {
      server.off('error', onError)
      // After listening the only errors are failed accepts (no file left): the peer sees a closed connection.
      server.on('error', () => undefined)
      resolve({ address: boundAddress(server, address), close: () => closeServer(server) })
    })
  })
}

function boundAddress(server: net.Server, asked: Address): Address {
  const bound = server.address()
  return typeof bound === 'object' && bound !== null ? { host: bound.address, port: bound.port } : asked
}

function closeServer(server: net.Server): Promise<void> {
  return new Promise((resolve) => {
    if (!server.listening) return resolve()
    // The callback of close waits for open connections too, which may live on: only accepting ends here.
    server.close()
    setImmediate(resolve)
  })
}

function connect(options: ConnectOptions): Promise<Connection> {
  const where = placeOf(options)
  return new Promise((resolve, reject) => {
    const socket = openSocket(options)
    const fail = (error: MillraceError) => {
      clearTimeout(timer)
      socket.off('error', onError)
      socket.on('error', () => undefined)
      socket.destroy()
      reject(error)
    }
    const onError = (error: Error) => fail(connectError(error, where, options.tls !== undefined))
    const timer = setTimeout(() => fail(timedOut(where)), options.timeoutMs ?? connectTimeoutMsDefault)
    socket.once('error', onError)
    socket.once(options.tls ? 'secureConnect' : 'connect', () => {
      clearTimeout(timer)
      socket.off('error', onError)
      resolve(new SocketConnection(socket))
    })
  })
}

function openSocket(options: ConnectOptions): net.Socket {
  const { host, port } = options
  if (!options.tls) return net.connect({ host, port, noDelay: true })
  const { ca, certificate, key, serverName } = options.tls
  const servername = serverName ?? (net.isIP(host) ? undefined : host)
  return tls.connect({ host, port, ca, cert: certificate, key, servername }).setNoDelay(true)
}

function connectError(error: Error, where: string, isTls: boolean): MillraceError {
  const explained = fromSystemError(error, where)
  const code = systemCodeOf(error) ?? ''
  const isTlsError =
    isTls && (explained.code === 'INTERNAL' || /^(ERR_(TLS|SSL)|CERT_|DEPTH_|UNABLE_|SELF_)/.test(code))
  if (!isTlsError && code !== 'ECONNRESET') return explained
  if (!isTls) {
    return new MillraceError({
      code: 'CONNECTION_REFUSED',
      what: 'the connection was closed while it was being made',
      where,
      remedy: 'check that the server runs and accepts connections',
      cause: error,
    })
  }
  return new MillraceError({
    code: 'TLS_FAILED',
    what: `no secure connection could be made (${error.message})`,
    where,
    remedy: 'check the certificates, and that the server speaks TLS on this port',
    cause: error,
  })
}

function timedOut(where: string): MillraceError {
  return new MillraceError({
    code: 'CONNECTION_TIMED_OUT',
    what: 'the address does not answer',
    where,
    remedy: 'check the host, the port and the network',
  })
}

function placeOf(address: Address): string {
  return `${address.host}:${address.port}`
}

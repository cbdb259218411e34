import * as net from 'node:net'
import * as tls from 'node:tls'
import { MillraceError } from '../../base/errors.ts'
import type {
  Address,
  Connection,
  ConnectOptions,
  Listener,
  ListenOptions,
  Network,
} from '../../environment/index.ts'
import { SocketConnection } from './socket-connection.ts'
import { fromSystemError, systemCodeOf, tlsFailed } from './system-errors.ts'

export const nodeNetwork: Network = { listen, connect }

const connectTimeoutMsDefault = 10_000

function listen(address: ListenOptions, onConnection: (connection: Connection) => void): Promise<Listener> {
  return new Promise((resolve, reject) => {
    const server = createServer(address, (socket) => onConnection(new SocketConnection(socket)))
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

/** @throws MillraceError BAD_CERTIFICATE */
function createServer(options: ListenOptions, onSocket: (socket: net.Socket) => void): net.Server {
  if (!options.tls) return net.createServer({ noDelay: true }, onSocket)
  const { certificate, key, keyPassword, ca, clientCertificate } = options.tls
  try {
    return tls.createServer(
      {
        cert: certificate,
        key,
        passphrase: keyPassword,
        ca,
        requestCert: clientCertificate !== 'none',
        rejectUnauthorized: clientCertificate === 'required',
        noDelay: true,
      },
      (socket) => {
        const isUntrusted = clientCertificate === 'requested' && isShown(socket) && !socket.authorized
        if (isUntrusted) socket.destroy()
        else onSocket(socket)
      },
    )
  } catch (thrown) {
    throw new MillraceError({
      code: 'BAD_CERTIFICATE',
      what: `the certificate or its key can't be used (${thrown instanceof Error ? thrown.message : String(thrown)})`,
      where: placeOf(options),
      remedy: 'give both in PEM, belonging together, with the password if the key has one',
      cause: thrown,
    })
  }
}

function isShown(socket: tls.TLSSocket): boolean {
  return Object.keys(socket.getPeerCertificate()).length > 0
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
  const { ca, certificate, key, keyPassword, serverName } = options.tls
  const servername = serverName ?? (net.isIP(host) ? undefined : host)
  const identity = { cert: certificate, key, passphrase: keyPassword }
  return tls.connect({ host, port, ca, ...identity, servername }).setNoDelay(true)
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
  return tlsFailed(error, where)
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

import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { FrameSplitter } from '../../engine/protocol/frame-splitter.ts'

const frameBytesMax = 64 * 1024 * 1024

export interface Exchange {
  readonly client: string
  readonly api: number
  readonly version: number
  /** Without the length in front, as hex. */
  readonly request: string
  /** Absent when none came, as for acks=0. */
  response?: string
}

/** Passes bytes both ways between clients and one broker, and keeps the frames. */
export interface RecordingProxy {
  readonly port: number
  /** In the order of the requests. */
  readonly exchanges: readonly Exchange[]
  /** Where connections lead from now on. */
  setTarget(port: number): void
  /** Whose requests come from now on. */
  setClient(name: string): void
  close(): Promise<void>
}

export async function startRecordingProxy(): Promise<RecordingProxy> {
  const exchanges: Exchange[] = []
  const sockets = new Set<Socket>()
  let targetPort = 0
  let client = ''
  const server = createServer((downstream) => {
    const upstream = connect(targetPort, '127.0.0.1')
    for (const socket of [downstream, upstream]) {
      sockets.add(socket)
      socket.on('close', () => sockets.delete(socket))
      // A broken connection of either side ends the other: the client sees what the broker does.
      socket.on('error', () => socket.destroy())
    }
    downstream.pipe(upstream)
    upstream.pipe(downstream)
    record(client, downstream, upstream, exchanges)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    exchanges,
    setTarget: (port) => {
      targetPort = port
    },
    setClient: (name) => {
      client = name
    },
    async close() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function record(client: string, downstream: Socket, upstream: Socket, exchanges: Exchange[]): void {
  const requests = new FrameSplitter(frameBytesMax)
  const responses = new FrameSplitter(frameBytesMax)
  const open = new Map<number, Exchange>()
  downstream.on('data', (chunk: Buffer) => {
    for (const frame of requests.push(chunk)) {
      const exchange: Exchange = {
        client,
        api: frame.readInt16BE(0),
        version: frame.readInt16BE(2),
        request: frame.toString('hex'),
      }
      open.set(frame.readInt32BE(4), exchange)
      exchanges.push(exchange)
    }
  })
  upstream.on('data', (chunk: Buffer) => {
    for (const frame of responses.push(chunk)) {
      const exchange = open.get(frame.readInt32BE(0))
      if (exchange !== undefined) exchange.response = frame.toString('hex')
    }
  })
}

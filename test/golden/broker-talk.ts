import { connect, type Socket } from 'node:net'
import type { Api } from '../../engine/protocol/api.ts'
import { FrameSplitter } from '../../engine/protocol/frame-splitter.ts'
import { decodeResponse, encodeRequest } from '../../engine/protocol/frames.ts'
import type { Decoded, Encodable, Field } from '../../engine/protocol/schema.ts'
import { Writer } from '../../engine/protocol/writer.ts'

const frameBytesMax = 16 * 1024 * 1024

export interface Answer<Response extends Field> {
  readonly correlationId: number
  /** Without its length. */
  readonly frame: Buffer
  readonly body: Decoded<Response>
}

/** A connection to a broker on this machine that speaks any version, one request after the other. */
export class BrokerTalk {
  private readonly port: number
  private socket: Socket | undefined
  private readonly waiting: ((frame: Buffer | undefined) => void)[] = []
  private lastCorrelationId = 0

  constructor(port: number) {
    this.port = port
  }

  /** Undefined when the broker closes the connection instead; the next one goes over a new connection. */
  async ask<Request extends Field, Response extends Field>(
    api: Api<Request, Response>,
    version: number,
    body: Encodable<Request>,
  ): Promise<Answer<Response> | undefined> {
    const correlationId = ++this.lastCorrelationId
    const pieces = encodeRequest(api, version, { correlationId, clientId: 'talk' }, body)
    const frame = await this.send(Buffer.concat(pieces))
    if (frame === undefined) return undefined
    return { frame, ...decodeResponse(api, version, frame) }
  }

  /** Whether a request of this kind, with nothing in it, is answered; if not, the connection is closed. */
  async isAnswered(apiKey: number, apiVersion: number): Promise<boolean> {
    const writer = new Writer()
    writer.int32(0)
    writer.int16(apiKey)
    writer.int16(apiVersion)
    writer.int32(++this.lastCorrelationId)
    writer.nullableString('talk')
    return (await this.send(Buffer.concat(writer.finishFrame()))) !== undefined
  }

  private async send(bytes: Buffer): Promise<Buffer | undefined> {
    this.socket ??= this.open()
    const { socket } = this
    return await new Promise<Buffer | undefined>((resolve) => {
      this.waiting.push(resolve)
      socket.write(bytes)
    })
  }

  close(): void {
    this.socket?.destroy()
  }

  private open(): Socket {
    const socket = connect(this.port, '127.0.0.1')
    const splitter = new FrameSplitter(frameBytesMax)
    socket.on('data', (chunk: Buffer) => {
      for (const frame of splitter.push(chunk)) this.waiting.shift()?.(frame)
    })
    // Whatever ended it, nobody must wait any longer: `close` follows.
    socket.on('error', () => socket.destroy())
    socket.on('close', () => {
      this.socket = undefined
      for (const resolve of this.waiting.splice(0)) resolve(undefined)
    })
    return socket
  }
}

/** Error codes, wherever they are in an answer, in their order. */
export function errorCodesIn(answer: unknown): number[] {
  if (Array.isArray(answer)) return answer.flatMap(errorCodesIn)
  if (typeof answer !== 'object' || answer === null || Buffer.isBuffer(answer)) return []
  return Object.entries(answer).flatMap(([name, value]) =>
    name === 'errorCode' || name === 'partitionErrorCode' ? [Number(value)] : errorCodesIn(value),
  )
}

import { malformed } from './faults.ts'

const lengthBytes = 4

/**
 * Turns the chunks of a connection into frames without their length. A frame that lies within one chunk is a view
 * into it; one that spans chunks is gathered once, when its last byte is there, so that a claimed length alone
 * allocates nothing.
 */
export class FrameSplitter {
  /** What a frame may claim; may change while frames come. */
  frameBytesMax: number
  private pending: Buffer[] = []
  private pendingBytes = 0
  /** Bytes of the frame in the making with its length; undefined until its four length bytes are there. */
  private wantedBytes: number | undefined

  constructor(frameBytesMax: number) {
    this.frameBytesMax = frameBytesMax
  }

  /** Bytes held back for a frame that is not complete. */
  get heldBytes(): number {
    return this.pendingBytes
  }

  /**
   * The frames that are complete with this chunk. After an error the connection cannot be read any further.
   * @throws MillraceError MALFORMED_FRAME for a negative length or one past the maximum
   */
  push(chunk: Buffer): Buffer[] {
    const frames: Buffer[] = []
    let rest = chunk
    while (this.pendingBytes > 0 && rest.length > 0) {
      const wanted = this.wantedBytes ?? lengthBytes
      const part = rest.subarray(0, wanted - this.pendingBytes)
      this.pending.push(part)
      this.pendingBytes += part.length
      rest = rest.subarray(part.length)
      if (this.pendingBytes === wanted) this.complete(frames)
    }
    return this.pendingBytes > 0 ? frames : this.takeWhole(rest, frames)
  }

  /** The gathered bytes hold either a length or a whole frame. */
  private complete(frames: Buffer[]): void {
    const gathered = this.pending.length === 1 ? this.pending[0]! : Buffer.concat(this.pending)
    if (this.wantedBytes === undefined) {
      this.pending = [gathered]
      this.wantedBytes = lengthBytes + this.lengthAt(gathered, 0)
      if (this.wantedBytes > lengthBytes) return
    }
    frames.push(gathered.subarray(lengthBytes))
    this.pending = []
    this.pendingBytes = 0
    this.wantedBytes = undefined
  }

  private takeWhole(chunk: Buffer, frames: Buffer[]): Buffer[] {
    let at = 0
    while (chunk.length - at >= lengthBytes) {
      const end = at + lengthBytes + this.lengthAt(chunk, at)
      if (end > chunk.length) {
        this.wantedBytes = end - at
        break
      }
      frames.push(chunk.subarray(at + lengthBytes, end))
      at = end
    }
    if (at < chunk.length) {
      this.pending = [chunk.subarray(at)]
      this.pendingBytes = chunk.length - at
    }
    return frames
  }

  private lengthAt(buffer: Buffer, at: number): number {
    const length = buffer.readInt32BE(at)
    if (length < 0) throw malformed(`a frame claims a length of ${length} bytes`, at)
    if (length > this.frameBytesMax) {
      const stranger = otherProtocol(buffer, at)
      if (stranger) throw malformed(stranger, at)
      throw malformed(`a frame claims ${length} bytes, more than the allowed ${this.frameBytesMax}`, at)
    }
    return length
  }
}

const httpMethods = ['GET ', 'HEAD', 'POST', 'PUT ', 'OPTI', 'CONN', 'DELE', 'PATC', 'PRI ']

/** What commonly knocks at the wrong port, told by its first four bytes. */
function otherProtocol(buffer: Buffer, at: number): string | undefined {
  if (buffer[at] === 0x16 && buffer[at + 1] === 0x03) {
    return 'it speaks TLS, which this port does not: set security.protocol=PLAINTEXT in that client'
  }
  if (httpMethods.includes(buffer.toString('latin1', at, at + 4))) {
    return 'it speaks HTTP: this port is for Kafka clients, not for a browser'
  }
  return undefined
}

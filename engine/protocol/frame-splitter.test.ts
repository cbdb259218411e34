import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FrameSplitter } from './frame-splitter.ts'

function framed(body: Uint8Array): Buffer {
  const length = Buffer.alloc(4)
  length.writeInt32BE(body.length)
  return Buffer.concat([length, body])
}

describe('a frame splitter', () => {
  it('gives the same frames however the stream is cut into chunks', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 12 }),
        fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1 }),
        (bodies, sizes) => {
          const stream = Buffer.concat(bodies.map(framed))
          const splitter = new FrameSplitter(40)
          const frames: Buffer[] = []
          for (let at = 0, turn = 0; at < stream.length; turn++) {
            const size = sizes[turn % sizes.length]!
            frames.push(...splitter.push(stream.subarray(at, at + size)))
            at += size
          }
          expect(frames).toEqual(bodies.map((body) => Buffer.from(body)))
          expect(splitter.heldBytes).toBe(0)
        },
      ),
    )
  })

  it('copies nothing of a frame that lies within one chunk', () => {
    const chunk = Buffer.concat([framed(Buffer.from('one')), framed(Buffer.from('two'))])
    const frames = new FrameSplitter(100).push(chunk)
    expect(frames.map((frame) => frame.buffer === chunk.buffer)).toEqual([true, true])
  })

  it.each([
    ['a negative length', 'ffffffff', 'a length of -1 bytes'],
    ['a length past the maximum', '00000065', '101 bytes, more than the allowed 100'],
    ['text instead of a length', Buffer.from('hello there').toString('hex'), 'more than the allowed 100'],
    ['HTTP', Buffer.from('GET / HTTP/1.1').toString('hex'), 'it speaks HTTP'],
    ['TLS', '16030100a5010000a10303', 'it speaks TLS'],
  ])('refuses %s, also when it comes byte by byte', (_, hex, message) => {
    const bytes = Buffer.from(hex, 'hex')
    expect(() => new FrameSplitter(100).push(bytes)).toThrow(message)
    const slowly = new FrameSplitter(100)
    expect(() => {
      for (const byte of bytes) slowly.push(Buffer.from([byte]))
    }).toThrow(message)
  })
})

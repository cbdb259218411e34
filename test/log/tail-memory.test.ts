/** The memory that logs share for their ends: what one of them lets go is free for all, whoever else stays. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { LogTail } from '../../engine/log/log-tail.ts'
import type { Segment } from '../../engine/log/segment.ts'
import { TailMemory } from '../../engine/log/tail-memory.ts'

setFlagsFromString('--expose-gc')
const collect: () => void = runInNewContext('gc')

const megabyte = 1024 * 1024
/** Only told from others, never looked into. */
const segment = {} as Segment

test.each([
  ['deleted', (tail: LogTail) => tail.clear()],
  ['shortened by retention', (tail: LogTail) => tail.dropBefore(10)],
])(
  'logs that are filled and %s, again and again, leave nothing in memory behind a quiet one',
  async (_name, end) => {
    const memory = new TailMemory(32 * megabyte)
    const quiet = new LogTail(memory)
    add(quiet, 0, 100)
    const before = bytesInBuffers()
    for (let round = 0; round < 10; round++) {
      const tail = new LogTail(memory)
      for (let offset = 0; offset < 10; offset++) add(tail, offset, megabyte)
      end(tail)
    }
    // Buffers without an owner are freed in the background.
    await expect.poll(() => bytesInBuffers() - before, { timeout: 15_000 }).toBeLessThan(2 * megabyte)
    expect(quiet.startOffset).toBe(0)
    expect(memory.bytes).toBeLessThan(megabyte)
  },
)

function add(tail: LogTail, offset: number, bytes: number): void {
  tail.add(segment, 0, Buffer.alloc(bytes), offset, offset + 1)
  tail.written(tail.takeUnwritten(bytes)!)
}

function bytesInBuffers(): number {
  collect()
  return process.memoryUsage().arrayBuffers
}

import type { Environment } from '../environment/index.ts'
import { BatchBuilder } from '../protocol/batch-builder.ts'
import { splitBatches } from '../protocol/record-batch.ts'
import { RecordCursor } from '../protocol/record-cursor.ts'
import { defaultLogConfig, type LogConfig } from './log-config.ts'
import type { LogRead } from './log-reader.ts'
import { PartitionLog } from './partition-log.ts'
import { TailMemory } from './tail-memory.ts'

/** For the tests beside it. */
export interface OpenForTest {
  readonly config?: Partial<LogConfig>
  readonly memoryBytes?: number
}

export function openLog(
  environment: Environment,
  folder: string,
  options: OpenForTest = {},
): Promise<PartitionLog> {
  return PartitionLog.open(environment, folder, {
    name: 'orders-0',
    config: { ...defaultLogConfig, ...options.config },
    memory: new TailMemory(options.memoryBytes ?? 1024 * 1024),
  })
}

export interface BatchInput {
  readonly values: readonly string[]
  readonly timestampMs?: number
  readonly producerId?: number
  readonly producerEpoch?: number
  readonly baseSequence?: number
  readonly baseOffset?: number
  readonly leaderEpoch?: number
  readonly isTransactional?: boolean
}

export function buildBatch(codecs: Environment['codecs'], input: BatchInput): Buffer {
  const builder = new BatchBuilder()
  for (const [i, value] of input.values.entries()) {
    builder.append((input.timestampMs ?? 1000) + i, null, Buffer.from(value))
  }
  const { values: _, timestampMs: __, ...header } = input
  return builder.build({ codecs, ...header })
}

export function valuesOf(read: LogRead, codecs: Environment['codecs']): string[] {
  const values: string[] = []
  for (const piece of read.pieces) {
    for (const batch of splitBatches(piece)) {
      const cursor = new RecordCursor(batch, codecs)
      while (cursor.next()) values[cursor.offset] = cursor.value?.toString() ?? ''
    }
  }
  return values
}

/** Every record from the start of the log on; at its offset. */
export async function readAll(
  log: PartitionLog,
  codecs: Environment['codecs'],
  bytesMax = 5000,
): Promise<string[]> {
  const values: string[] = []
  let offset = log.logStartOffset
  while (offset < log.logEndOffset) {
    const read = await log.read(offset, bytesMax)
    for (const [at, value] of valuesOf(read, codecs).entries()) {
      if (value !== undefined && at >= offset) values[at] = value
    }
    if (values.length <= offset) throw new Error(`nothing could be read at ${offset}`)
    offset = values.length
  }
  return values
}

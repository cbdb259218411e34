import { createInterface } from 'node:readline'
import type { Header, ProducerOptions } from '../../../client/api.ts'
import { createProducer } from '../../../client/index.ts'
import type { CompressionName } from '../../../environment/codecs.ts'
import { CommandFailed, type Output, printError, workFailed } from '../output.ts'
import { stopSignal } from '../signals.ts'
import type { Kafka } from './connection.ts'
import { parseRecord, type RecordToSend } from './record-lines.ts'

export interface ProduceRequest {
  readonly topic: string
  readonly partition: number | undefined
  readonly input: 'text' | 'json'
  readonly separator: string | undefined
  readonly headers: readonly Header[]
  readonly acks: ProducerOptions['acks']
  readonly compression: CompressionName
}

/** A record for each line of standard input, until its end or a signal: what was read by then is sent. */
export async function produceRecords(kafka: Kafka, request: ProduceRequest, output: Output): Promise<void> {
  const { topic, partition, acks, compression, input, headers } = request
  const { environment, options } = kafka
  const producer = createProducer(environment, {
    ...options,
    acks,
    idempotence: acks === 'all',
    compression,
    lingerMs: 5,
  })
  const lines = createInterface({ input: process.stdin, crlfDelay: Number.POSITIVE_INFINITY })
  void stopSignal().then(() => lines.close())
  let sent = 0
  let failed = 0
  const refused = (error: unknown) => {
    if (failed++ === 0) printError(error)
  }
  try {
    let line = 0
    for await (const text of lines) {
      line += 1
      const record = input === 'json' ? parseRecord(text, line) : textRecord(text, request.separator)
      producer.post({ ...record, topic, partition, headers: [...record.headers, ...headers] }, refused)
      sent += 1
      if (producer.full) await producer.ready()
    }
  } finally {
    // Each failure has been told to `refused`.
    await producer.flush().catch(() => undefined)
    await producer.close()
    process.stdin.destroy()
    output.object({ event: 'produced', topic, records: sent - failed, failed })
    output.line(`produced ${sent - failed} records to ${topic}${failed > 0 ? `, ${failed} failed` : ''}`)
  }
  if (failed > 0) throw new CommandFailed(workFailed)
}

function textRecord(text: string, separator: string | undefined): RecordToSend {
  const at = separator ? text.indexOf(separator) : -1
  if (separator === undefined || at < 0) return { key: null, value: Buffer.from(text), headers: [] }
  return {
    key: Buffer.from(text.slice(0, at)),
    value: Buffer.from(text.slice(at + separator.length)),
    headers: [],
  }
}

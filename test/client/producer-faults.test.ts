/** What a producer does when brokers answer badly, late or not at all: on real sockets, with scripted answers. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createProducer, type Producer, type ProducerOptions } from '../../engine/client/index.ts'
import { createNodeEnvironment } from '../../engine/node/environment/index.ts'
import { produce } from '../../engine/protocol/apis/produce.ts'
import { errorCodes } from '../../engine/protocol/error-codes.ts'
import { validateBatch } from '../../engine/protocol/record-batch.ts'
import type { BatchView } from '../../engine/protocol/record-batch-header.ts'
import { RecordCursor } from '../../engine/protocol/record-cursor.ts'
import { figuresOf } from '../metrics/figures.ts'
import { type Misbehaviour, ScriptedBroker } from './scripted-broker.ts'

const environment = createNodeEnvironment({ log: { write: () => undefined } })
const { codecs } = environment
let broker: ScriptedBroker
let producer: Producer

/** A log of one partition with the broker's own check of sequences. */
class Log {
  readonly values: string[] = []
  readonly seen: string[] = []
  #producerEpoch = 0
  #nextSequence = 0

  append(batch: BatchView): { errorCode: number; baseOffset: number } {
    const { producerEpoch, baseSequence, recordCount } = batch
    this.seen.push(`${producerEpoch}:${baseSequence}+${recordCount}`)
    if (producerEpoch > this.#producerEpoch && baseSequence === 0) {
      this.#producerEpoch = producerEpoch
      this.#nextSequence = 0
    }
    if (baseSequence >= 0 && producerEpoch === this.#producerEpoch && baseSequence < this.#nextSequence) {
      return { errorCode: errorCodes.DUPLICATE_SEQUENCE_NUMBER, baseOffset: -1 }
    }
    if (baseSequence !== this.#nextSequence || producerEpoch !== this.#producerEpoch) {
      return { errorCode: errorCodes.OUT_OF_ORDER_SEQUENCE_NUMBER, baseOffset: -1 }
    }
    this.#nextSequence += recordCount
    const baseOffset = this.values.length
    this.values.push(...valuesOf(batch))
    return { errorCode: 0, baseOffset }
  }

  forget(): void {
    this.#nextSequence = -1
  }
}

type Outcome = { errorCode: number; baseOffset?: number } | Misbehaviour

/** Answers Produce by `decide`, for the one partition that there is. */
function onProduce(decide: (batch: BatchView, call: number) => Outcome | Promise<Outcome>): void {
  let calls = 0
  broker.on(produce, async ({ topicData }) => {
    const { name, topicId, partitionData } = topicData[0]!
    const outcome = await decide(validateBatch(partitionData[0]!.records!, 0, codecs), calls++)
    if (typeof outcome === 'string') return outcome
    return {
      responses: [
        {
          name,
          topicId,
          partitionResponses: [{ index: 0, baseOffset: outcome.baseOffset ?? -1, ...outcome }],
        },
      ],
    }
  })
}

function start(options: Partial<ProducerOptions> = {}): void {
  producer = createProducer(environment, {
    bootstrap: [broker.address],
    lingerMs: 0,
    // Every record in a batch of its own.
    batchBytesMax: 1,
    retryBackoffMs: 20,
    ...options,
  })
}

/** In turns of their own, so that they are on their way one behind the other. */
async function sendEach(values: string[]): Promise<PromiseSettledResult<unknown>[]> {
  const sent: Promise<unknown>[] = []
  for (const value of values) {
    sent.push(producer.send({ topic: 't', key: null, value: Buffer.from(value) }))
    await new Promise((resolve) => setTimeout(resolve, 15))
  }
  return Promise.allSettled(sent)
}

function valuesOf(batch: BatchView): string[] {
  const values: string[] = []
  const cursor = new RecordCursor(batch, codecs)
  while (cursor.next()) values.push(String(cursor.value))
  return values
}

const letters = [...'abcdefgh']
const codesOf = (results: PromiseSettledResult<unknown>[]) =>
  results.map((result) => (result.status === 'rejected' ? result.reason.code : 'ok'))

beforeEach(async () => {
  broker = await ScriptedBroker.start(environment)
})
afterEach(async () => {
  await producer?.close(100)
  await broker.close()
})

describe('an idempotent producer', () => {
  test('loses, doubles and reorders nothing when answers are lost', async () => {
    const log = new Log()
    // Written, and then the answer is lost: every third time.
    onProduce((batch, call) => {
      const outcome = log.append(batch)
      return call % 3 === 2 ? 'hang up' : outcome
    })
    start()
    expect(codesOf(await sendEach(letters))).toEqual(letters.map(() => 'ok'))
    expect(log.values).toEqual(letters)
  })

  test('keeps the order when an early batch fails in passing and later ones are on their way', async () => {
    const log = new Log()
    onProduce(async (batch, call) => {
      await environment.timers.sleep(40)
      return call === 1 ? { errorCode: errorCodes.NOT_ENOUGH_REPLICAS } : log.append(batch)
    })
    start()
    expect(codesOf(await sendEach(letters))).toEqual(letters.map(() => 'ok'))
    expect(log.values).toEqual(letters)
    expect(log.seen.some((seen) => !seen.startsWith('0:'))).toBe(false)
  })

  test('starts a new sequence under a new epoch when the broker has lost track', async () => {
    const log = new Log()
    onProduce((batch, call) => {
      if (call === 3) log.forget()
      return log.append(batch)
    })
    start()
    expect(codesOf(await sendEach(letters))).toEqual(letters.map(() => 'ok'))
    expect(log.values).toEqual(letters)
    expect(log.seen.some((seen) => seen.startsWith('1:0+'))).toBe(true)
  })

  test('goes on after a batch that the broker refuses for good', async () => {
    const log = new Log()
    onProduce((batch) => {
      return valuesOf(batch).includes('c') ? { errorCode: errorCodes.INVALID_RECORD } : log.append(batch)
    })
    start()
    const codes = codesOf(await sendEach(letters))
    expect(codes).toEqual(['ok', 'ok', 'INVALID_RECORD', 'ok', 'ok', 'ok', 'ok', 'ok'])
    expect(log.values).toEqual(letters.filter((letter) => letter !== 'c'))
  })
})

test('records whose time is up fail, whatever the broker does', async () => {
  onProduce(() => ({ errorCode: errorCodes.NOT_ENOUGH_REPLICAS }))
  start({ deliveryTimeoutMs: 300 })
  const codes = codesOf(await sendEach(['a', 'b']))
  expect(codes).toEqual(['DELIVERY_TIMED_OUT', 'DELIVERY_TIMED_OUT'])
  await expect(producer.flush()).rejects.toMatchObject({ code: 'DELIVERY_TIMED_OUT' })
  const figure = figuresOf(producer.metrics())
  const group = 'kafka.producer:type=producer-metrics,client-id=millrace'
  expect(figure(group, 'record-error-total')).toBe(2)

  expect(figure(group, 'record-retry-total')).toBeGreaterThan(0)
})

test('a broker that does not answer in time is asked again over another connection', async () => {
  const log = new Log()
  onProduce((batch, call) => {
    const outcome = log.append(batch)
    return call === 0 ? 'silence' : outcome
  })
  start({ requestTimeoutMs: 200 })
  expect(codesOf(await sendEach(['a', 'b']))).toEqual(['ok', 'ok'])
  expect(log.values).toEqual(['a', 'b'])
})

test('garbage in place of an answer ends the connection, not the producer', async () => {
  const log = new Log()
  onProduce((batch, call) => (call === 0 ? 'garbage' : log.append(batch)))
  start()
  expect(codesOf(await sendEach(['a', 'b', 'c']))).toEqual(['ok', 'ok', 'ok'])
  expect(log.values).toEqual(['a', 'b', 'c'])
})

test('acks 0 waits for nothing, and holds back when the connection does', async () => {
  const values: string[] = []
  onProduce((batch) => {
    values.push(...valuesOf(batch))
    return 'no answer'
  })
  start({ acks: 0 })
  expect(codesOf(await sendEach(letters))).toEqual(letters.map(() => 'ok'))
  await expect.poll(() => values, { timeout: 15_000 }).toEqual(letters)
})

test('closing gives up on what cannot be sent, and refuses what comes after', async () => {
  onProduce(() => 'silence')
  start()
  const sent = producer.send({ topic: 't', key: null, value: null })
  const outcome = sent.catch((error) => error.code)
  await producer.close(200)
  expect(await outcome).toBe('PRODUCER_CLOSED')
  await expect(producer.send({ topic: 't', key: null, value: null })).rejects.toMatchObject({
    code: 'PRODUCER_CLOSED',
  })
})

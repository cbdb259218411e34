import { expect, test } from 'vitest'
import { createNodeEnvironment } from '../../node/environment/index.ts'
import { errorCodes } from '../../protocol/error-codes.ts'
import { BatchView } from '../../protocol/record-batch-header.ts'
import { ProducerBatch } from './batch.ts'
import { PartitionQueue } from './partition-queue.ts'
import { judge } from './verdict.ts'

const { codecs } = createNodeEnvironment()
const identity = { producerId: 9, producerEpoch: 0 }

function queueOf(...recordCounts: number[]): PartitionQueue {
  const queue = new PartitionQueue('t', 0)
  for (const count of recordCounts) {
    const batch = new ProducerBatch(0, queue.nextOrdinal(), 0, 1000)
    for (let index = 0; index < count; index++)
      batch.append(index, null, Buffer.from('x'), undefined, undefined)
    queue.waiting.push(batch)
    queue.waitingBytes += batch.sizeBytes
  }
  return queue
}

function sendAll(queue: PartitionQueue): ProducerBatch[] {
  const sent: ProducerBatch[] = []
  while (queue.next(5) !== undefined) sent.push(queue.send(1, identity))
  return sent
}

test('sequences count the records, and stay with a batch that is sent again', () => {
  const queue = queueOf(3, 2, 4)
  const [first, second, third] = sendAll(queue)
  expect([first, second, third].map((batch) => batch!.baseSequence)).toEqual([0, 3, 5])
  queue.answered(second!)
  queue.requeue(second!)
  queue.answered(third!)
  queue.answered(first!)
  expect(queue.send(1, identity)).toBe(second)
  expect(second!.baseSequence).toBe(3)
})

test('what is sent again goes alone and in order, whatever order the answers came in', () => {
  const queue = queueOf(1, 1, 1)
  const [first, second, third] = sendAll(queue)
  for (const batch of [third!, first!, second!]) {
    queue.answered(batch)
    queue.requeue(batch)
  }
  expect(sendAll(queue)).toEqual([first])
  queue.answered(first!)
  expect(sendAll(queue)).toEqual([second])
})

test('new sequences start at 0 under the next epoch, in the bytes too, and leave sent bytes alone', () => {
  const queue = queueOf(2, 3)
  const [first, second] = sendAll(queue)
  const sentBytes = second!.bytes(codecs, 'none')
  queue.answered(first!)
  queue.answered(second!)
  queue.requeue(second!)
  queue.restartSequences({ producerId: 9, producerEpoch: 1 }, codecs)
  const view = new BatchView(second!.bytes(codecs, 'none'))
  expect([view.producerId, view.producerEpoch, view.baseSequence]).toEqual([9, 1, 0])
  expect(view.computeCrc(codecs)).toBe(view.crc)
  expect(new BatchView(sentBytes).baseSequence).toBe(2)
})

test('sequences go on at 0 after the greatest int32', () => {
  const queue = queueOf(1)
  const [first] = sendAll(queue)
  first!.resequence(identity, 2 ** 31 - 2, codecs)
  queue.answered(first!)
  queue.requeue(first!)
  queue.restartSequences(identity, codecs)
  expect(first!.baseSequence).toBe(0)
})

test('out of order is expected behind a batch that has to be sent again, and needs new sequences otherwise', () => {
  const { OUT_OF_ORDER_SEQUENCE_NUMBER, MESSAGE_TOO_LARGE, NOT_ENOUGH_REPLICAS, DUPLICATE_SEQUENCE_NUMBER } =
    errorCodes
  const queue = queueOf(2, 1)
  const [first, second] = sendAll(queue)
  queue.answered(second!)
  expect(judge(OUT_OF_ORDER_SEQUENCE_NUMBER, second!, queue)).toBe('retry')
  queue.answered(first!)
  expect(judge(OUT_OF_ORDER_SEQUENCE_NUMBER, second!, queue)).toBe('new sequences')
  expect(judge(DUPLICATE_SEQUENCE_NUMBER, second!, queue)).toBe('done')
  expect(judge(MESSAGE_TOO_LARGE, first!, queue)).toBe('split')
  expect(judge(MESSAGE_TOO_LARGE, second!, queue)).toBe('fail')
  expect(judge(NOT_ENOUGH_REPLICAS, second!, queue)).toBe('retry')
})

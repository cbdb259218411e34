import { describe, expect, test } from 'vitest'
import { createTransactionalProducer, type TransactionalProducer } from '../../engine/client/index.ts'
import { bytes, type ClientWorld, sleep } from './client-world.ts'

/** Transactions of our producer, on whatever cluster. */
export function transactionSuite(given: () => ClientWorld, { brokersDie = true } = {}): void {
  let ids = 0
  const newId = (): string => `transactions-${++ids}-${Math.random()}`
  const open: TransactionalProducer[] = []

  async function newProducer(transactionalId: string, options = {}): Promise<TransactionalProducer> {
    const { environment, cluster } = given()
    const { bootstrap } = cluster
    const producer = createTransactionalProducer(environment, { bootstrap, transactionalId, ...options })
    open.push(producer)
    await producer.initTransactions()
    return producer
  }

  /** What a reader of committed records sees, by the end of what is there. */
  async function committed(topic: string, partitions: number): Promise<string[]> {
    const consumer = given().newConsumer({ isolation: 'read_committed' })
    const all = Array.from({ length: partitions }, (_, partition) => ({ topic, partition }))
    const ends = await given().admin.listOffsets(all.map((one) => ({ ...one, spec: 'latest' as const })))
    consumer.assign(all)
    const values: string[] = []
    while (ends.some((end) => (consumer.position(end) ?? 0) < end.offset)) {
      for (const { value } of await consumer.poll(100)) values.push(String(value))
    }
    return values.sort()
  }

  function post(
    producer: TransactionalProducer,
    topic: string,
    partitions: number,
    values: readonly string[],
  ) {
    values.forEach((value, index) => {
      producer.post({ topic, partition: index % partitions, key: null, value: bytes(value) })
    })
  }

  describe('transactions', () => {
    test('what is committed is read, what is aborted is not, over several partitions and rounds', async () => {
      const topic = await given().newTopic(3)
      const producer = await newProducer(newId())
      const expected: string[] = []
      for (let round = 0; round < 6; round++) {
        const values = [0, 1, 2, 3].map((index) => `${round}-${index}`)
        producer.beginTransaction()
        post(producer, topic, 3, values)
        if (round % 2 === 0) {
          await producer.commitTransaction()
          expected.push(...values)
        } else {
          // Some of it written already, some not.
          if (round === 3) await producer.flush()
          await producer.abortTransaction()
        }
      }
      await producer.close()
      expect(await committed(topic, 3)).toEqual(expected)
    })

    test('a transaction without records commits and aborts', async () => {
      const producer = await newProducer(newId())
      producer.beginTransaction()
      await producer.commitTransaction()
      producer.beginTransaction()
      await producer.abortTransaction()
      await producer.close()
    })

    test('records outside of a transaction, and calls out of their order, are refused', async () => {
      const topic = await given().newTopic(1)
      const producer = await newProducer(newId())
      const record = { topic, key: null, value: bytes('x') }
      await expect(producer.send(record)).rejects.toMatchObject({ code: 'WRONG_TRANSACTION_STATE' })
      await expect(producer.commitTransaction()).rejects.toMatchObject({ code: 'WRONG_TRANSACTION_STATE' })
      await expect(producer.initTransactions()).rejects.toMatchObject({ code: 'WRONG_TRANSACTION_STATE' })
      producer.beginTransaction()
      expect(() => producer.beginTransaction()).toThrow('a transaction is open')
      await producer.abortTransaction()
      await producer.close()
    })

    test('whoever has the id last fences those before, whose records count no more', async () => {
      const topic = await given().newTopic(1)
      const id = newId()
      const zombie = await newProducer(id)
      zombie.beginTransaction()
      post(zombie, topic, 1, ['zombie'])
      await zombie.flush()
      const producer = await newProducer(id)
      producer.beginTransaction()
      post(producer, topic, 1, ['a', 'b'])
      await producer.commitTransaction()
      await expect(zombie.commitTransaction()).rejects.toMatchObject({
        code: expect.stringMatching(/PRODUCER_FENCED|INVALID_PRODUCER_EPOCH/),
      })
      expect(() => zombie.beginTransaction()).toThrow()
      expect(await committed(topic, 1)).toEqual(['a', 'b'])
    })

    test('with a record that cannot be sent only an abort is left, and the next transaction is whole', async () => {
      const topic = await given().newTopic(1, { 'max.message.bytes': '2000' })
      const producer = await newProducer(newId(), { batchBytesMax: 500 })
      producer.beginTransaction()
      post(producer, topic, 1, ['small'])
      const tooLarge = producer.send({ topic, key: null, value: Buffer.alloc(5000) })
      await expect(tooLarge).rejects.toMatchObject({ code: 'RECORD_TOO_LARGE' })
      await expect(producer.commitTransaction()).rejects.toMatchObject({ code: 'TRANSACTION_MUST_ABORT' })
      await expect(producer.send({ topic, key: null, value: bytes('x') })).rejects.toMatchObject({
        code: 'TRANSACTION_MUST_ABORT',
      })
      await producer.abortTransaction()
      producer.beginTransaction()
      post(producer, topic, 1, ['after'])
      await producer.commitTransaction()
      expect(await committed(topic, 1)).toEqual(['after'])
    })

    test('offsets are committed with the records, or not at all', async () => {
      const topic = await given().newTopic(1)
      const source = await given().newTopic(1)
      const groupId = `group-${newId()}`
      const producer = await newProducer(newId())
      const group = { groupId, generation: -1, memberId: '', groupInstanceId: null }
      const offsetsOf = async () => (await given().admin.groupOffsets(groupId)).map(({ offset }) => offset)
      producer.beginTransaction()
      post(producer, topic, 1, ['kept'])
      await producer.sendOffsetsToTransaction([{ topic: source, partition: 0, offset: 5 }], group)
      await producer.commitTransaction()
      await expect.poll(offsetsOf, { timeout: 20_000 }).toEqual([5])
      producer.beginTransaction()
      post(producer, topic, 1, ['dropped'])
      await producer.sendOffsetsToTransaction([{ topic: source, partition: 0, offset: 9 }], group)
      await producer.abortTransaction()
      await sleep(200)
      expect(await offsetsOf()).toEqual([5])
      expect(await committed(topic, 1)).toEqual(['kept'])
    })

    test('a commit of offsets by who is no longer a member is refused, and the transaction has to be aborted', async () => {
      const topic = await given().newTopic(1)
      const groupId = `group-${newId()}`
      const member = given().newConsumer({ groupId })
      member.subscribe([topic])
      while (member.assignment().length === 0) await member.poll(100)
      const group = member.groupMetadata()
      const producer = await newProducer(newId())
      producer.beginTransaction()
      post(producer, topic, 1, ['late'])
      const offsets = [{ topic, partition: 0, offset: 1 }]
      const stale = { ...group, generation: group.generation - 1 }
      await expect(producer.sendOffsetsToTransaction(offsets, stale)).rejects.toMatchObject({
        code: 'ILLEGAL_GENERATION',
      })
      await producer.abortTransaction()
      producer.beginTransaction()
      post(producer, topic, 1, ['in time'])
      await producer.sendOffsetsToTransaction(offsets, group)
      await producer.commitTransaction()
      expect(await committed(topic, 1)).toEqual(['in time'])
    })

    test('a transaction that took too long was aborted by the coordinator, and cannot be committed', async () => {
      const topic = await given().newTopic(1)
      const producer = await newProducer(newId(), { transactionTimeoutMs: 1000 })
      producer.beginTransaction()
      post(producer, topic, 1, ['late'])
      await producer.flush()
      await sleep(13_000)
      await expect(producer.commitTransaction()).rejects.toMatchObject({ code: expect.any(String) })
      expect(await committed(topic, 1)).toEqual([])
    }, 60_000)

    test.runIf(brokersDie)(
      'brokers may die and come back between and within transactions',
      async () => {
        const topic = await given().newTopic(3)
        const producer = await newProducer(newId())
        const expected: string[] = []
        for (let round = 0; round < 6; round++) {
          const values = [0, 1, 2, 3, 4, 5].map((index) => `${round}-${index}`)
          producer.beginTransaction()
          post(producer, topic, 3, values.slice(0, 3))
          const victim = (round % 3) + 1
          await given().cluster.kill(victim)
          post(producer, topic, 3, values.slice(3))
          try {
            await producer.commitTransaction()
            expected.push(...values)
          } catch {
            await producer.abortTransaction()
          }
          await given().cluster.restart(victim)
        }
        expect(expected.length).toBeGreaterThan(12)
        expect(await committed(topic, 3)).toEqual(expected)
      },
      120_000,
    )
  })
}

import { setTimeout as sleep } from 'node:timers/promises'
import { nodeCodecs } from '../../engine/node/environment/codecs.ts'
import { fetchApi } from '../../engine/protocol/apis/fetch.ts'
import { produce } from '../../engine/protocol/apis/produce.ts'
import { BatchBuilder } from '../../engine/protocol/batch-builder.ts'
import { splitBatches } from '../../engine/protocol/record-batch.ts'
import { RecordCursor } from '../../engine/protocol/record-cursor.ts'
import { BrokerTalk } from '../golden/broker-talk.ts'

const produceVersion = 9
const fetchVersion = 11
const timeoutMs = 10_000
const pauseMs = 10
/** The broker may be busy, but not for so long that a client would give it up. */
const answerMsMax = 10_000

/** A client that behaves, on one connection from beginning to end: what others send must not be felt by it. */
export class Witness {
  /** Empty when all is well. */
  readonly complaints: string[] = []
  sent = 0
  slowestMs = 0
  private readonly talk: BrokerTalk
  private readonly topic: string
  private isStopping = false
  private running: Promise<void> = Promise.resolve()

  constructor(port: number, topic: string) {
    this.talk = new BrokerTalk(port)
    this.topic = topic
  }

  start(): void {
    this.running = this.run()
  }

  /** Reads all of its records once more, the last time. */
  async stop(): Promise<void> {
    this.isStopping = true
    await this.running
    for (let offset = 0; offset < this.sent && this.complaints.length === 0; ) {
      offset += await this.check(offset)
    }
    this.talk.close()
  }

  private async run(): Promise<void> {
    while (!this.isStopping && this.complaints.length === 0) {
      const startedMs = performance.now()
      await this.produce()
      if (this.complaints.length === 0) await this.check(this.sent - 1)
      this.slowestMs = Math.max(this.slowestMs, performance.now() - startedMs)
      await sleep(pauseMs)
    }
  }

  private async produce(): Promise<void> {
    const builder = new BatchBuilder()
    builder.append(1_700_000_000_000, null, valueAt(this.sent))
    const partitionData = [{ index: 0, records: builder.build({ codecs: nodeCodecs }) }]
    const request = { acks: -1, timeoutMs, topicData: [{ name: this.topic, partitionData }] }
    const answer = await this.inTime(this.talk.ask(produce, produceVersion, request))
    const given = answer?.body.responses[0]?.partitionResponses[0]
    if (given === undefined) this.complaints.push(`record ${this.sent} was not answered`)
    else if (given.errorCode !== 0 || given.baseOffset !== this.sent) {
      this.complaints.push(`record ${this.sent} got error ${given.errorCode}, offset ${given.baseOffset}`)
    }
    this.sent++
  }

  /** How many records came, all of which must be as they were sent. */
  private async check(offset: number): Promise<number> {
    const partitions = [{ partition: 0, fetchOffset: offset, partitionMaxBytes: 1_000_000 }]
    const request = { maxWaitMs: 0, minBytes: 0, topics: [{ topic: this.topic, partitions }] }
    const answer = await this.inTime(this.talk.ask(fetchApi, fetchVersion, request))
    if (answer === undefined) this.complaints.push(`the fetch of record ${offset} was not answered`)
    const records = answer?.body.responses[0]?.partitions[0]?.records
    let seen = 0
    for (const batch of records ? splitBatches(records) : []) {
      const cursor = new RecordCursor(batch, nodeCodecs)
      while (cursor.next()) {
        if (cursor.offset < offset) continue
        if (!cursor.value?.equals(valueAt(offset + seen)))
          this.complaints.push(`record ${cursor.offset} is another`)
        seen++
      }
    }
    if (seen === 0 && answer !== undefined) this.complaints.push(`record ${offset} was not read`)
    return seen
  }

  private async inTime<T>(answer: Promise<T>): Promise<T | undefined> {
    return await Promise.race([answer, sleep(answerMsMax, undefined, { ref: false })])
  }
}

function valueAt(index: number): Buffer {
  return Buffer.from(`witness ${index} `.repeat(5))
}

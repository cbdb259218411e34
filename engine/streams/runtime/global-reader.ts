import type { Consumer, Isolation, TopicPartition } from '../../client/api.ts'
import { createAdmin, createConsumer } from '../../client/index.ts'
import { isRetriable } from '../../client/kafka-error.ts'
import type { Environment } from '../../environment/index.ts'
import type { GlobalTables } from '../global-tables.ts'
import { textOf } from './thread-errors.ts'

interface Setting {
  readonly environment: Environment
  readonly bootstrap: readonly string[]
  readonly clientId: string
  readonly isolation: Isolation
}

const pollMs = 100
const retryPauseMs = 500

/** Fills the global tables of a thread: all that is there before its tasks begin, and then what comes, beside them. */
export class GlobalReader {
  readonly #tables: GlobalTables
  readonly #setting: Setting
  #consumer: Consumer | undefined
  #following: Promise<void> | undefined
  #failure: unknown
  #failed = false
  #closing = false

  constructor(tables: GlobalTables, setting: Setting) {
    this.#tables = tables
    this.#setting = setting
  }

  /** Resolves when everything that was there has been read. Can be repeated when it throws. @throws StepFailure */
  async ready(): Promise<void> {
    if (this.#failed) throw this.#failure
    if (this.#following !== undefined || this.#tables.topics.length === 0) return
    const ends = await this.#ends()
    await this.#consumer?.close()
    const { environment, bootstrap, clientId, isolation } = this.#setting
    const consumer = createConsumer(environment, {
      bootstrap,
      clientId,
      isolation,
      autoOffsetReset: 'earliest',
    })
    this.#consumer = consumer
    consumer.assign(ends)
    let left = ends.filter(({ offset }) => offset > 0)
    while (left.length > 0) {
      await this.#readSome(consumer)
      left = left.filter((at) => (consumer.position(at) ?? 0) < at.offset)
    }
    this.#following = this.#follow(consumer)
  }

  async close(): Promise<void> {
    this.#closing = true
    await this.#following
    await this.#consumer?.close()
  }

  async #ends(): Promise<(TopicPartition & { readonly offset: number })[]> {
    const { environment, bootstrap, clientId, isolation } = this.#setting
    const admin = createAdmin(environment, { bootstrap, clientId: `${clientId}-admin` })
    try {
      const topics = await admin.describeTopics(this.#tables.topics)
      const partitions = topics.flatMap(({ name: topic, partitions: all }) =>
        all.map(({ partition }) => ({ topic, partition, spec: 'latest' as const })),
      )
      const ends = await admin.listOffsets(partitions, isolation)
      return ends.map(({ topic, partition, offset }) => ({ topic, partition, offset }))
    } finally {
      await admin.close()
    }
  }

  async #readSome(consumer: Consumer): Promise<void> {
    for (const record of await consumer.poll(pollMs)) this.#tables.update(record)
  }

  async #follow(consumer: Consumer): Promise<void> {
    while (!this.#closing && !this.#failed) {
      try {
        await this.#readSome(consumer)
      } catch (error) {
        if (isRetriable(error)) await this.#pause(error)
        else {
          this.#failed = true
          this.#failure = error
        }
      }
    }
  }

  /** The cluster may be away for long; joins go on with the rows that are there. */
  async #pause(error: unknown): Promise<void> {
    const { environment, clientId } = this.#setting
    environment.log.write('warn', 'streams', `${clientId} tries again: ${textOf(error)}`)
    await environment.timers.sleep(retryPauseMs)
  }
}

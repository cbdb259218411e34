import type { Isolation } from '../../../engine/client/index.ts'
import type { CompressionName } from '../../../engine/environment/index.ts'

/** A record as every client can say and show it. */
export interface PlainRecord {
  readonly key: string | null
  readonly value: string | null
  readonly headers: Readonly<Record<string, string>>
}

export interface ReadRecord extends PlainRecord {
  readonly partition: number
  readonly offset: number
}

/** A member of a group, reading and committing until it is left. */
export interface GroupMember {
  readonly read: readonly ReadRecord[]
  leave(): Promise<void>
}

/** Classic, or the one of KIP-848. */
export type GroupProtocol = 'classic' | 'consumer'

export interface ProduceOptions {
  readonly compression: CompressionName
  readonly idempotent: boolean
}

export interface ForeignAdmin {
  create(topic: string, partitions: number, configs: Readonly<Record<string, string>>): Promise<void>
  topics(): Promise<readonly string[]>
  config(topic: string, name: string): Promise<string | null>
  configure(topic: string, name: string, value: string): Promise<void>
  /** To so many in all. */
  grow(topic: string, partitions: number): Promise<void>
  delete(topic: string): Promise<void>
  /** Their ids. */
  groups(): Promise<readonly string[]>
}

export interface TransactionalProducer {
  /** In a new transaction, which stays open; all are acknowledged when it resolves. */
  send(topic: string, values: readonly string[]): Promise<void>
  /** @throws Error when another one has the id by now */
  end(outcome: 'commit' | 'abort'): Promise<void>
  close(): Promise<void>
}

/** A copy of a topic with the offsets read committed in the transactions; some of these are aborted and done anew. */
export interface CopyTask {
  readonly from: string
  readonly to: string
  readonly groupId: string
  readonly transactionalId: string
  /** How many records are there to be copied. */
  readonly count: number
}

/** Somebody else's client, used as its users do. What it has no method for it does not have. */
export interface ForeignClient {
  readonly name: string
  /** Undefined where it is what the system has. */
  readonly version: string | undefined
  readonly isIdempotent: boolean
  /** Whether it leaves out the records of transactions that were aborted. */
  readonly readsCommitted: boolean
  /** Whether a second producer can have the transactional id of one that is still there. Default true. */
  readonly takesOver?: boolean
  readonly groupProtocols: readonly GroupProtocol[]
  /** Why it can't be used here; undefined when it can. */
  missing(): Promise<string | undefined>
  produce(
    bootstrap: string,
    topic: string,
    records: readonly PlainRecord[],
    options: ProduceOptions,
  ): Promise<void>
  /** Reads the topic from its start until it has `count` records. */
  consume(bootstrap: string, topic: string, count: number, isolation: Isolation): Promise<ReadRecord[]>
  /** From the start where nothing is committed. */
  join(bootstrap: string, topic: string, groupId: string, protocol: GroupProtocol): Promise<GroupMember>
  /** The first offset of each partition whose record is not before that time. */
  offsetsAt?(bootstrap: string, topic: string, partitions: number, timestampMs: number): Promise<number[]>
  admin?(bootstrap: string): ForeignAdmin
  transactional?(bootstrap: string, transactionalId: string): Promise<TransactionalProducer>
  copy?(bootstrap: string, task: CopyTask): Promise<void>
  /** Ends what it started. */
  close?(): Promise<void>
}

/** Far more than anything takes: there to end a test that hangs. */
export const consumeMsMax = 100_000

/** Resolves when it is so. */
export async function until(isSo: () => boolean, what: string, timeoutMs = consumeMsMax): Promise<void> {
  const endMs = performance.now() + timeoutMs
  while (!isSo()) {
    if (performance.now() > endMs) throw new Error(`not within ${timeoutMs} ms: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

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
interface GroupMember {
  readonly read: readonly ReadRecord[]
  leave(): Promise<void>
}

/** Somebody else's client, used as its users do. */
export interface ForeignClient {
  readonly name: string
  /** Why it can't be used here; undefined when it can. */
  missing(): Promise<string | undefined>
  produce(
    bootstrap: string,
    topic: string,
    records: readonly PlainRecord[],
    compression: CompressionName,
  ): Promise<void>
  /** Reads the topic from its start until it has `count` records. */
  consume(bootstrap: string, topic: string, count: number): Promise<ReadRecord[]>
  /** From the start where nothing is committed. */
  join(bootstrap: string, topic: string, groupId: string): Promise<GroupMember>
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

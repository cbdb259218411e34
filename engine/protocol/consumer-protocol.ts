import { type Message, message } from './api.ts'
import { malformed } from './faults.ts'
import { Reader } from './reader.ts'
import { array, bytes, type Decoded, type Encodable, type Field, int32, string, struct } from './schema.ts'
import { Writer } from './writer.ts'

/** What a member of a consumer group says of itself in JoinGroup: the `metadata` of a protocol. */
export const consumerSubscription = message({
  name: 'ConsumerProtocolSubscription',
  versions: [0, 3],
  schema: struct({
    topics: array(string()),
    userData: bytes({ nullableSince: 0, default: null }),
    ownedPartitions: array(struct({ topic: string(), partitions: array(int32()) }), {
      since: 1,
      ignorable: true,
    }),
    generationId: int32({ since: 2, default: -1, ignorable: true }),
    rackId: string({ since: 3, nullableSince: 3, default: null, ignorable: true }),
  }),
})

/** What the leader of a consumer group gives a member: the `assignment` in SyncGroup. */
export const consumerAssignment = message({
  name: 'ConsumerProtocolAssignment',
  versions: [0, 3],
  schema: struct({
    assignedPartitions: array(struct({ topic: string(), partitions: array(int32()) })),
    userData: bytes({ nullableSince: 0, default: null }),
  }),
})

export type ConsumerSubscription = Decoded<(typeof consumerSubscription)['schema']>
export type ConsumerAssignment = Decoded<(typeof consumerAssignment)['schema']>

/** The payload with its version in front. */
export function encodeConsumerPayload<F extends Field>(
  payload: Message<F>,
  version: number,
  value: Encodable<F>,
): Buffer {
  const writer = new Writer()
  writer.int16(version)
  payload.write(writer, version, value)
  return Buffer.concat(writer.finish())
}

/**
 * A payload of any version; one newer than we know is read as the newest that we know, whose fields it starts with.
 * @throws MillraceError MALFORMED_FRAME
 */
export function decodeConsumerPayload<F extends Field>(
  payload: Message<F>,
  buffer: Buffer,
): { version: number; value: Decoded<F> } {
  const reader = new Reader(buffer)
  const version = reader.int16()
  if (version < payload.versions[0]) throw malformed(`${payload.name} has no version ${version}`, 0)
  return { version, value: payload.read(reader, Math.min(version, payload.versions[1])) }
}

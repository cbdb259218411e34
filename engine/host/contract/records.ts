/** Records of topics, decoded for people, and consumer groups. */
import * as z from 'zod/mini'
import { method, nothing } from './method.ts'

/** A record, decoded for people. Texts are cut at `textMax` of the request; `record.full` gets all of it. */
const decoded = z.object({
  /** Which decoder took it. */
  format: z.enum(['json', 'utf-8', 'hex', 'null', 'integer', 'windowed-json']),
  text: z.string(),
  cut: z.boolean(),
})
const recordRow = z.object({
  partition: z.number(),
  offset: z.number(),
  timestampMs: z.number(),
  key: decoded,
  value: decoded,
  headers: z.array(z.object({ key: z.string(), value: decoded })),
  sizeBytes: z.number(),
})

const position = z.union([
  z.object({ at: z.literal('start') }),
  z.object({ at: z.literal('end') }),
  z.object({ at: z.literal('offset'), offset: z.number() }),
  z.object({ at: z.literal('time'), timestampMs: z.number() }),
])

const partitionBounds = z.object({ partition: z.number(), startOffset: z.number(), endOffset: z.number() })

export const recordMethods = {
  'topics.bounds': method(
    z.object({ topic: z.string() }),
    z.object({ partitions: z.array(partitionBounds) }),
  ),
  /** A page of records: from `from` onwards, or the ones before it (`backwards`), merged by partition, offset order kept. */
  'records.read': method(
    z.object({
      topic: z.string(),
      partitions: z.optional(z.array(z.number())),
      from: position,
      backwards: z.optional(z.boolean()),
      limit: z.number(),
      textMax: z.optional(z.number()),
    }),
    z.object({ records: z.array(recordRow), bounds: z.array(partitionBounds) }),
  ),
  'records.full': method(
    z.object({ topic: z.string(), partition: z.number(), offset: z.number() }),
    z.object({ record: recordRow }),
  ),
  /** A live tail with a bounded ring in the host; `next` pulls what is new, and says how many were skipped. */
  'records.tailOpen': method(
    z.object({
      topic: z.string(),
      partitions: z.optional(z.array(z.number())),
      filter: z.optional(z.string()),
    }),
    z.object({ tailId: z.string() }),
  ),
  'records.tailNext': method(
    z.object({ tailId: z.string(), limit: z.number() }),
    z.object({ records: z.array(recordRow), skipped: z.number() }),
  ),
  'records.tailClose': method(z.object({ tailId: z.string() }), nothing),
  /** A text filter over the topic's past, scanned in the engine; `next` gives hits and progress until done. */
  'records.searchOpen': method(
    z.object({
      topic: z.string(),
      partitions: z.optional(z.array(z.number())),
      text: z.string(),
      from: position,
      limit: z.number(),
    }),
    z.object({ searchId: z.string() }),
  ),
  'records.searchNext': method(
    z.object({ searchId: z.string() }),
    z.object({ records: z.array(recordRow), scanned: z.number(), total: z.number(), done: z.boolean() }),
  ),
  'records.searchClose': method(z.object({ searchId: z.string() }), nothing),

  'groups.list': method(
    nothing,
    z.object({
      groups: z.array(
        z.object({
          groupId: z.string(),
          state: z.string(),
          members: z.number(),
          lagRecords: z.number(),
          partitions: z.array(
            z.object({
              topic: z.string(),
              partition: z.number(),
              committed: z.number(),
              end: z.number(),
              member: z.optional(z.string()),
            }),
          ),
        }),
      ),
    }),
  ),
} as const

export type RecordRow = z.infer<typeof recordRow>
export type Decoded = z.infer<typeof decoded>
export type Position = z.infer<typeof position>
export type PartitionBounds = z.infer<typeof partitionBounds>

/** What the two sides of a foreign-key join tell each other through their topics (KIP-213). */
import { assert } from '../base/assert.ts'
import type { Serde } from './api.ts'
import { asBuffer } from './stores/window-store.ts'

/** How the right side treats a left row's message. */
export type Instruction = keyof typeof instructionBytes

const instructionBytes = {
  /** It is forgotten, no answer. */
  leave: 0,
  /** It is forgotten, and answered that there is no right row. */
  'leave-and-answer': 1,
  /** It is remembered, and answered if there is a right row. */
  'join-if-found': 2,
  /** It is remembered, and answered in any case. */
  join: 3,
} as const

const instructions: readonly Instruction[] = ['leave', 'leave-and-answer', 'join-if-found', 'join']

/** Of a left row, to the task with the right row of its foreign key, which is the message's key. */
export class Subscription {
  readonly instruction: Instruction
  readonly primaryKey: unknown
  /** The left row's: where the answer goes (KIP-775). */
  readonly partition: number
  /** Of the left row's value, to tell whether an answer is to what stands there now; null: it is deleted. */
  readonly hash: Buffer | null

  constructor(instruction: Instruction, primaryKey: unknown, partition: number, hash: Buffer | null) {
    this.instruction = instruction
    this.primaryKey = primaryKey
    this.partition = partition
    this.hash = hash
  }
}

/** To the task with the left row, whose key is the message's. */
export class Answer {
  readonly partition: number
  readonly hash: Buffer | null
  /** The right row's; null: there is none. */
  readonly value: unknown

  constructor(partition: number, hash: Buffer | null, value: unknown) {
    this.partition = partition
    this.hash = hash
    this.value = value
  }
}

const hashBytes = 16

/** Instruction (1 byte), partition (int32), 1 and the hash or 0, the primary key's bytes. */
export function subscriptionSerde(primaryKeys: Serde<unknown>): Serde<unknown> {
  return {
    name: `subscription by ${primaryKeys.name}`,
    serialize(message) {
      assert(message instanceof Subscription, 'a subscription is written as such only')
      const { instruction, partition, hash, primaryKey } = message
      const head = Buffer.from([instructionBytes[instruction]])
      return Buffer.concat([head, encodeReturn(partition, hash), primaryKeys.serialize(primaryKey)])
    },
    deserialize(bytes) {
      const view = asBuffer(bytes)
      const instruction = instructions[view.readUInt8(0)]
      assert(instruction !== undefined, 'a subscription has a known instruction')
      const { partition, hash, length } = decodeReturn(view.subarray(1))
      const primaryKey = primaryKeys.deserialize(view.subarray(1 + length))
      return new Subscription(instruction, primaryKey, partition, hash)
    },
  }
}

/** Partition (int32), 1 and the hash or 0, 1 and the value's bytes or 0. */
export function answerSerde(values: Serde<unknown>): Serde<unknown> {
  return {
    name: `answer with ${values.name}`,
    serialize(message) {
      assert(message instanceof Answer, 'an answer is written as such only')
      const { partition, hash, value } = message
      const parts = value === null ? [absentMark] : [presentMark, values.serialize(value)]
      return Buffer.concat([encodeReturn(partition, hash), ...parts])
    },
    deserialize(bytes) {
      const view = asBuffer(bytes)
      const { partition, hash, length } = decodeReturn(view)
      const value = view.readUInt8(length) === 0 ? null : values.deserialize(view.subarray(length + 1))
      return new Answer(partition, hash, value)
    },
  }
}

const absentMark = Buffer.from([0])
const presentMark = Buffer.from([1])

/** Where an answer goes, and to which value it is one. */
export function encodeReturn(partition: number, hash: Buffer | null): Buffer {
  const at = Buffer.allocUnsafe(4)
  at.writeInt32BE(partition, 0)
  return Buffer.concat(hash === null ? [at, absentMark] : [at, presentMark, hash])
}

export function decodeReturn(bytes: Buffer) {
  const partition = bytes.readInt32BE(0)
  if (bytes.readUInt8(4) === 0) return { partition, hash: null, length: 5 }
  return { partition, hash: bytes.subarray(5, 5 + hashBytes), length: 5 + hashBytes }
}

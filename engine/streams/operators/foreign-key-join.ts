/**
 * A join of a table with the rows of another that its own rows name (KIP-213). The two tables are partitioned by keys of their own, so
 * that three steps work together over two internal topics:
 *
 * | step | lies with | does |
 * |---|---|---|
 * | subscribe | the left table | tells the right side which left row refers to which right row |
 * | look up | the right table | remembers who refers to a row; answers a subscription, and all who refer when a row changes |
 * | respond | the left table | joins what is answered with the left row, if that is still as it was when it asked |
 */
import { assert } from '../../base/assert.ts'
import type { Joiner, StreamRecord } from '../api.ts'
import { Answer, type Instruction, Subscription } from '../foreign-key-messages.ts'
import type { StepLogic, StepSetup } from '../graph.ts'
import { hash128 } from '../hash128.ts'
import { makeRecord } from '../record.ts'
import { SubscriptionStore } from '../stores/subscription-store.ts'
import { now, type TableInfo } from '../table-info.ts'
import { changeOf } from './to-stream.ts'

export type ForeignKeyJoinType = 'inner' | 'left'

interface SubscribeSpec {
  readonly type: ForeignKeyJoinType
  readonly foreignKey: (value: unknown, key: unknown) => unknown
  readonly serialize: (leftValue: unknown) => Uint8Array
}

/**
 * A foreign key that changed leaves its old right row before it joins the new one. An inner join asks for an answer only where a result
 * may be there or come: a row without a foreign key is dropped, and counted; a left join always wants one, also without a foreign key.
 */
export function subscribe({ type, foreignKey, serialize }: SubscribeSpec) {
  return (setup: StepSetup): StepLogic => {
    const keyOf = (value: unknown, key: unknown) =>
      value === null || value === undefined ? null : (foreignKey(value, key) ?? null)
    const tell = (record: StreamRecord, right: unknown, instruction: Instruction) => {
      const { newValue } = changeOf(record)
      const hash = newValue === null ? null : hash128(serialize(newValue))
      const message = new Subscription(instruction, record.key, setup.task.partition, hash)
      setup.forward(makeRecord(right, message, record.timestampMs, record.headers))
    }
    const left = (record: StreamRecord, before: unknown, after: unknown) => {
      if (before !== null && !sameKey(before, after)) tell(record, before, 'leave')
      tell(record, after, 'join')
    }
    const inner = (record: StreamRecord, before: unknown, after: unknown) => {
      if (after === null) {
        if (changeOf(record).newValue !== null) setup.dropped()
        if (before !== null) tell(record, before, 'leave-and-answer')
      } else if (before === null || sameKey(before, after)) {
        tell(record, after, 'join-if-found')
      } else {
        tell(record, before, 'leave')
        tell(record, after, 'join')
      }
    }
    return {
      process(record) {
        const { newValue, oldValue, isLatest } = changeOf(record)
        if (!isLatest) {
          setup.dropped()
          return
        }
        if (newValue === null && oldValue === null) return
        const before = keyOf(oldValue, record.key)
        const after = keyOf(newValue, record.key)
        if (type === 'left') left(record, before, after)
        else inner(record, before, after)
      },
    }
  }
}

const subscriptionInput = 0

/** An answer to a subscription has the larger timestamp of both rows; one to a change of the right row has that row's alone. */
export function lookUp(right: TableInfo, storeName: string) {
  return (setup: StepSetup): StepLogic => {
    const store = setup.store(storeName)
    assert(store instanceof SubscriptionStore, `store ${storeName} keeps subscriptions`)
    const read = right.reader(setup)
    const subscribed = ({ key, value, timestampMs, headers }: StreamRecord) => {
      assert(value instanceof Subscription, 'a subscription comes in')
      const { instruction, primaryKey, partition, hash } = value
      const leaves = instruction === 'leave' || instruction === 'leave-and-answer'
      if (key !== null) {
        if (leaves) store.delete(key, primaryKey, timestampMs)
        else store.put(key, primaryKey, partition, hash, timestampMs)
      }
      const row = key === null ? undefined : read(key, now)
      if (instruction === 'leave' || (instruction === 'join-if-found' && row === undefined)) return
      const answer = new Answer(partition, hash, leaves ? null : (row?.value ?? null))
      const resultMs = Math.max(timestampMs, row?.timestampMs ?? timestampMs)
      setup.forward(makeRecord(primaryKey, answer, resultMs, headers))
    }
    const changed = (record: StreamRecord) => {
      const { newValue, isLatest } = changeOf(record)
      if (!isLatest) {
        setup.dropped()
        return
      }
      for (const { primaryKey, partition, hash } of store.of(record.key)) {
        const answer = new Answer(partition, hash, newValue)
        setup.forward(makeRecord(primaryKey, answer, record.timestampMs, record.headers))
      }
    }
    return {
      process(record, input) {
        if (input === subscriptionInput) subscribed(record)
        else changed(record)
      },
    }
  }
}

interface RespondSpec {
  readonly type: ForeignKeyJoinType
  readonly left: TableInfo
  readonly serialize: (leftValue: unknown) => Uint8Array
  readonly joiner: Joiner<unknown, unknown, unknown, unknown>
}

const answerInput = 0

/** An answer to what the left row is no more is dropped, and counted: another one is on its way. */
export function respond({ type, left, serialize, joiner }: RespondSpec) {
  return (setup: StepSetup): StepLogic => {
    const read = left.reader(setup)
    return {
      process({ key, value, timestampMs, headers }, input) {
        if (input !== answerInput) return
        assert(value instanceof Answer, 'an answer comes in')
        const row = read(key, now)
        const isCurrent =
          row === undefined
            ? value.hash === null
            : value.hash !== null && hash128(serialize(row.value)).equals(value.hash)
        if (!isCurrent) {
          setup.dropped()
          return
        }
        const isAbsent = row === undefined || (value.value === null && type === 'inner')
        const result = isAbsent ? null : (joiner(row.value, value.value, key) ?? null)
        setup.forward(makeRecord(key, result, timestampMs, headers))
      },
    }
  }
}

function sameKey(a: unknown, b: unknown): boolean {
  return a === b || (typeof a === 'object' && a !== null && JSON.stringify(a) === JSON.stringify(b))
}

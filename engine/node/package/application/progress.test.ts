import { expect, it } from 'vitest'
import { emptyTail } from '../../../nodes/feed-position.ts'
import { Progress } from './progress.ts'

const feed = { id: 'f', node: 'f', kind: 'file-source', topic: 't', config: {} }
const lag = (partition: number, committedOffset: number) => ({
  topic: 't',
  partition,
  committedOffset,
  endOffset: committedOffset,
  lagMs: 0,
})

it('input is through when each partition is processed up to what the brokers have acknowledged, whatever consumers know of', () => {
  const progress = new Progress([feed])
  expect(progress.isThrough([])).toBe(false)
  progress.started(feed, [{ ...emptyTail(0, 40), number: 10 }, emptyTail(1, 0)])
  progress.acknowledged(feed, 0, 11)
  progress.acknowledged(feed, 0, 12)
  progress.acknowledged(feed, 1, 1)
  expect(progress.isThrough([lag(0, 42), lag(1, 1)])).toBe(false)
  progress.end(feed)
  expect(progress.isThrough([lag(0, 42), lag(1, 1)])).toBe(true)
  expect(progress.isThrough([lag(0, 41), lag(1, 1)])).toBe(false)
  expect(progress.isThrough([lag(0, 42)])).toBe(false)
  expect(progress.isThrough([lag(0, 42), lag(1, 1), { ...lag(7, 3), endOffset: 4 }])).toBe(false)
})

it('an application without feeds is through when it is behind nowhere', () => {
  const progress = new Progress([])
  expect(progress.isThrough([])).toBe(false)
  expect(progress.isThrough([lag(0, 5)])).toBe(true)
})

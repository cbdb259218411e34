import { describe, expect, it } from 'vitest'
import { PartitionTally } from './verdict.ts'

const upTo = (lastNumber: number, unanswered: number[] = [], firstNumber = 1) => ({
  partition: 0,
  startOffset: 0,
  firstNumber,
  lastNumber,
  unanswered,
})

describe('the verdict on a partition', () => {
  it('finds nothing lost and nothing twice where every number is there once', () => {
    const tally = new PartitionTally(upTo(3))
    for (const number of [1, 2, 3]) tally.see(number)
    expect([tally.acknowledgedCount, tally.lost, tally.duplicates]).toEqual([3, 0, 0])
  })

  it('counts an acknowledged number that was passed over as lost', () => {
    const tally = new PartitionTally(upTo(4))
    for (const number of [1, 2, 4]) tally.see(number)
    expect(tally.lost).toBe(1)
  })

  it('counts a number that comes again as a duplicate', () => {
    const tally = new PartitionTally(upTo(3))
    for (const number of [1, 2, 2, 3, 1]) tally.see(number)
    expect([tally.lost, tally.duplicates]).toEqual([0, 2])
  })

  it('does not miss what nobody acknowledged', () => {
    const tally = new PartitionTally(upTo(3, [2]))
    for (const number of [1, 3, 5]) tally.see(number)
    expect([tally.acknowledgedCount, tally.lost]).toEqual([2, 0])
  })

  it('leaves records of earlier runs out', () => {
    const tally = new PartitionTally(upTo(12, [], 11))
    for (const number of [9, 10, 10, 11, 12]) tally.see(number)
    expect([tally.acknowledgedCount, tally.lost, tally.duplicates]).toEqual([2, 0, 0])
  })

  it('counts a missing end as lost once the log has been read to its end for a while', () => {
    const tally = new PartitionTally(upTo(5))
    for (const number of [1, 2, 3]) tally.see(number)
    tally.endRead(true, 1000)
    expect(tally.lost).toBe(0)
    tally.endRead(true, 3500)
    expect(tally.lost).toBe(2)
    for (const number of [4, 5]) tally.see(number)
    tally.endRead(true, 3600)
    expect(tally.lost).toBe(0)
  })
})

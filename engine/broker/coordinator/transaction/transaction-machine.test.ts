import { describe, expect, it } from 'vitest'
import { Bench, expiryMs, orders } from './test-transaction.ts'
import type { TransactionFacts } from './transaction.ts'
import { resumeTransaction, transactionDeadlineMs } from './transaction-machine.ts'
import { verificationOf } from './transaction-rules.ts'

describe('a transactional id', () => {
  it('gives a new producer epoch 0, and each further instance the next one', () => {
    const bench = new Bench()
    expect(bench.init()).toBe('7/0')
    expect(bench.init()).toBe('7/1')
  })

  it('commits: prepared, marked in every partition, complete, and open for the next transaction', () => {
    const bench = new Bench()
    bench.begin(0, 1)
    expect(bench.end(true, 0, 1)).toBe('7/0')
    expect(bench.facts.state).toBe('PrepareCommit')
    expect(bench.marks[0]!.partitions).toEqual(orders)
    expect(bench.add(0)).toBe('CONCURRENT_TRANSACTIONS')
    expect(bench.init()).toBe('CONCURRENT_TRANSACTIONS')
    bench.mark()
    expect(bench.facts).toMatchObject({ state: 'CompleteCommit', producerEpoch: 0, partitions: new Map() })
    bench.nowMs = 5000
    expect(bench.add(0)).toBe('7/0')
    expect(bench.facts).toMatchObject({ state: 'Ongoing', startMs: 5000 })
  })

  it('gives every end a new epoch under version 2, and marks with it', () => {
    const bench = new Bench()
    bench.begin(0, 2)
    expect(bench.end(true, 0, 2)).toBe('7/1')
    expect(bench.marks[0]).toMatchObject({ producerEpoch: 1, state: 'PrepareCommit' })
    bench.mark()
    expect(bench.facts).toMatchObject({ state: 'CompleteCommit', producerEpoch: 1, lastProducerEpoch: 0 })
  })

  it('adds partitions to the open transaction without moving its start', () => {
    const bench = new Bench()
    bench.begin(0, 1)
    bench.nowMs = 2000
    expect(bench.add(0, new Map([['orders', new Set([2])]]))).toBe('7/0')
    expect(bench.facts.startMs).toBe(1000)
    expect([...bench.facts.partitions.get('orders')!]).toEqual([0, 1, 2])
    expect(bench.add(0)).toBe('7/0')
  })
})

type StateName = TransactionFacts['state']
/** Version 1, epoch 5: commit, abort. */
const endsV1: [StateName, string, string][] = [
  ['Empty', 'INVALID_TXN_STATE', 'INVALID_TXN_STATE'],
  ['Ongoing', '7/5', '7/5'],
  ['PrepareCommit', 'CONCURRENT_TRANSACTIONS', 'INVALID_TXN_STATE'],
  ['PrepareAbort', 'INVALID_TXN_STATE', 'CONCURRENT_TRANSACTIONS'],
  ['CompleteCommit', '7/5', 'INVALID_TXN_STATE'],
  ['CompleteAbort', 'INVALID_TXN_STATE', '7/5'],
]
/** Version 2: commit and abort with the present epoch (5), then with the one before it (4), a repeated request. */
const endsV2: [StateName, string, string, string, string][] = [
  ['Empty', 'INVALID_TXN_STATE', '7/6', 'PRODUCER_FENCED', 'PRODUCER_FENCED'],
  ['Ongoing', '7/6', '7/6', 'PRODUCER_FENCED', 'PRODUCER_FENCED'],
  ['PrepareCommit', 'PRODUCER_FENCED', 'PRODUCER_FENCED', 'CONCURRENT_TRANSACTIONS', 'INVALID_TXN_STATE'],
  ['PrepareAbort', 'PRODUCER_FENCED', 'PRODUCER_FENCED', 'INVALID_TXN_STATE', 'CONCURRENT_TRANSACTIONS'],
  ['CompleteCommit', 'INVALID_TXN_STATE', '7/6', '7/5', 'INVALID_TXN_STATE'],
  ['CompleteAbort', 'INVALID_TXN_STATE', '7/6', 'INVALID_TXN_STATE', '7/5'],
]

function inState(state: StateName): Bench {
  const bench = new Bench()
  const partitions = state === 'Ongoing' || state.startsWith('Prepare') ? orders : new Map()
  const epochs = { producerEpoch: 5, lastProducerEpoch: 4 }
  bench.transaction.facts = { ...bench.facts, ...epochs, state, partitions, startMs: 1000 }
  return bench
}

describe('the end of a transaction, by state', () => {
  it.each(endsV1)('version 1 in %s: commit %s, abort %s', (state, commit, abort) => {
    expect(inState(state).end(true, 5, 1)).toBe(commit)
    expect(inState(state).end(false, 5, 1)).toBe(abort)
  })

  it.each(endsV2)('version 2 in %s: commit %s, abort %s, repeated %s, %s', (state, ...expected) => {
    const [commit, abort, commitAgain, abortAgain] = expected
    expect(inState(state).end(true, 5, 2)).toBe(commit)
    expect(inState(state).end(false, 5, 2)).toBe(abort)
    expect(inState(state).end(true, 4, 2)).toBe(commitAgain)
    expect(inState(state).end(false, 4, 2)).toBe(abortAgain)
  })

  it.each(['Empty', 'Ongoing', 'CompleteCommit', 'CompleteAbort', 'PrepareCommit', 'PrepareAbort'] as const)(
    'refuses other epochs and other producer ids in %s',
    (state) => {
      for (const version of [1, 2] as const) {
        expect(inState(state).end(true, 3, version)).toBe('PRODUCER_FENCED')
        expect(inState(state).end(true, 6, version)).toBe('PRODUCER_FENCED')
        expect(inState(state).end(true, 5, version, 8)).toBe('INVALID_PRODUCER_ID_MAPPING')
      }
    },
  )

  it.each(['Empty', 'CompleteCommit', 'CompleteAbort'] as const)(
    'under version 2 an abort without partitions in %s has nothing to mark and bumps the epoch',
    (state) => {
      const bench = inState(state)
      expect(bench.end(false, 5, 2)).toBe('7/6')
      expect(bench.marks[0]!.partitions.size).toBe(0)
      bench.mark()
      expect(bench.facts).toMatchObject({ state: 'CompleteAbort', producerEpoch: 6 })
    },
  )

  it('a delayed end of version 2 does not hit the next transaction', () => {
    const bench = new Bench()
    bench.begin(0, 2)
    bench.end(true, 0, 2)
    bench.mark()
    bench.add(1, orders, 2)
    expect(bench.end(true, 0, 2)).toBe('PRODUCER_FENCED')
    expect(bench.end(false, 0, 2)).toBe('PRODUCER_FENCED')
    expect(bench.facts.state).toBe('Ongoing')
  })

  it('a repeated end is answered with what the first one came to', () => {
    const bench = new Bench()
    bench.begin(0, 2)
    expect(bench.end(true, 0, 2)).toBe('7/1')
    expect(bench.end(true, 0, 2)).toBe('CONCURRENT_TRANSACTIONS')
    bench.mark()
    expect(bench.end(true, 0, 2)).toBe('7/1')
    expect(bench.marks).toHaveLength(1)
  })
})

describe('another instance of the producer', () => {
  it('first ends what the one before it left open, at an epoch that nobody has', () => {
    const bench = new Bench()
    bench.begin(0, 1)
    expect(bench.init()).toBe('CONCURRENT_TRANSACTIONS')
    expect(bench.marks[0]).toMatchObject({ state: 'PrepareAbort', producerEpoch: 1 })
    expect(bench.end(true, 0, 1)).toBe('PRODUCER_FENCED')
    expect(bench.init()).toBe('CONCURRENT_TRANSACTIONS')
    bench.mark()
    expect(bench.init()).toBe('7/2')
    expect(bench.add(0)).toBe('PRODUCER_FENCED')
    expect(bench.end(true, 1, 1)).toBe('PRODUCER_FENCED')
  })

  it('fences under version 2 too: no repeated end reaches the epoch of the fence', () => {
    const bench = new Bench()
    bench.begin(0, 2)
    bench.init()
    expect(bench.end(false, 0, 2)).toBe('PRODUCER_FENCED')
    bench.mark()
    expect(bench.end(false, 0, 2)).toBe('PRODUCER_FENCED')
  })

  it('with its present epoch goes on; a repeated request gives the same epoch; an older one is fenced', () => {
    const bench = new Bench()
    bench.init()
    expect(bench.init({ producerId: 7, producerEpoch: 0 })).toBe('7/1')
    expect(bench.init({ producerId: 7, producerEpoch: 0 })).toBe('7/1')
    expect(bench.init({ producerId: 7, producerEpoch: 1 })).toBe('7/2')
    expect(bench.init({ producerId: 7, producerEpoch: 0 })).toBe('PRODUCER_FENCED')
    expect(bench.init({ producerId: 8, producerEpoch: 2 })).toBe('PRODUCER_FENCED')
  })

  it('that starts afresh shuts out whoever comes back with an epoch of before', () => {
    const bench = new Bench()
    bench.init()
    expect(bench.init()).toBe('7/1')
    expect(bench.init({ producerId: 7, producerEpoch: 0 })).toBe('PRODUCER_FENCED')
  })

  it('any claim is taken when the id was only just made', () => {
    expect(new Bench().init({ producerId: 55, producerEpoch: 9 })).toBe('7/0')
  })
})

describe('an exhausted epoch', () => {
  it('gets another producer id with the next init', () => {
    const bench = new Bench()
    bench.transaction.facts = { ...bench.facts, producerEpoch: 32_765 }
    expect(bench.init()).toBe('7/32766')
    expect(bench.init({ producerId: 7, producerEpoch: 32_766 })).toBe('99/0')
    expect(bench.facts).toMatchObject({ previousProducerId: 7, lastProducerEpoch: 32_766 })
    // The same request again, its answer lost.
    expect(bench.init({ producerId: 7, producerEpoch: 32_766 })).toBe('99/0')
  })

  it('gets it after a fence at the last epoch, too', () => {
    const bench = new Bench()
    bench.begin(32_766, 1)
    expect(bench.init()).toBe('CONCURRENT_TRANSACTIONS')
    expect(bench.marks[0]!.producerEpoch).toBe(32_767)
    bench.mark()
    expect(bench.init()).toBe('99/0')
  })

  it('gets it with the end of a transaction under version 2', () => {
    const bench = new Bench()
    bench.begin(32_766, 2)
    expect(bench.end(true, 32_766, 2)).toBe('99/0')
    expect(bench.marks[0]).toMatchObject({ producerId: 7, producerEpoch: 32_767 })
    expect(bench.end(true, 32_766, 2, 7)).toBe('CONCURRENT_TRANSACTIONS')
    bench.mark()
    expect(bench.facts).toMatchObject({ state: 'CompleteCommit', producerId: 99, producerEpoch: 0 })
    expect(bench.end(true, 32_766, 2, 7)).toBe('99/0')
    bench.add(0, orders, 2)
    expect(bench.end(true, 32_766, 2, 7)).toBe('PRODUCER_FENCED')
  })

  it('is not rotated without a new producer id at hand', () => {
    const bench = inState('Ongoing')
    bench.transaction.facts = { ...bench.facts, producerEpoch: 32_766 }
    const request = { producerId: 7, producerEpoch: 32_766, isCommit: true, clientVersion: 2 } as const
    expect(bench.ask({ kind: 'end', ticket: 1, request })).toBe('CONCURRENT_TRANSACTIONS')
  })
})

describe('time', () => {
  it('aborts a transaction that takes longer than its producer asked for, and shuts the producer out', () => {
    const bench = new Bench()
    bench.begin(0, 1)
    expect(transactionDeadlineMs(bench.transaction, expiryMs)).toBe(61_000)
    bench.nowMs = 60_999
    bench.step({ kind: 'tick' })
    expect(bench.facts.state).toBe('Ongoing')
    bench.nowMs = 61_000
    bench.step({ kind: 'tick' })
    expect(bench.facts).toMatchObject({ state: 'PrepareAbort', producerEpoch: 1 })
    bench.mark()
    expect(bench.end(true, 0, 1)).toBe('PRODUCER_FENCED')
  })

  it.each(['Empty', 'CompleteCommit', 'CompleteAbort'] as const)('forgets an id unused in %s', (state) => {
    const bench = inState(state)
    bench.nowMs = bench.facts.updateMs + expiryMs
    bench.step({ kind: 'tick' })
    expect(bench.isForgotten).toBe(true)
  })

  it.each(['PrepareCommit', 'PrepareAbort'] as const)('forgets nothing in %s', (state) => {
    const bench = inState(state)
    bench.nowMs = 10 * expiryMs
    bench.step({ kind: 'tick' })
    expect(bench.isForgotten).toBe(false)
    expect(transactionDeadlineMs(bench.transaction, expiryMs)).toBe(Number.POSITIVE_INFINITY)
  })
})

describe('while something is being written', () => {
  it('everybody else is asked to come again', () => {
    const bench = new Bench()
    bench.begin(0, 1)
    bench.holdsWrites = true
    expect(bench.end(true, 0, 1)).toBe('waiting')
    expect(bench.add(0)).toBe('CONCURRENT_TRANSACTIONS')
    expect(bench.end(true, 0, 1)).toBe('CONCURRENT_TRANSACTIONS')
    expect(bench.init()).toBe('CONCURRENT_TRANSACTIONS')
    expect(verificationOf(bench.transaction, { producerId: 7, producerEpoch: 0 })).toBe(
      'CONCURRENT_TRANSACTIONS',
    )
    bench.nowMs = 100_000
    bench.step({ kind: 'tick' })
    expect(bench.transaction.pending?.reason).toBe('end')
  })

  it.each(['init', 'add', 'end'] as const)('a failed write leaves everything as it was: %s', (kind) => {
    const bench = inState('Ongoing')
    if (kind === 'init') bench.transaction.facts = { ...bench.facts, state: 'Empty' }
    const before = bench.facts
    bench.writes = ['NOT_COORDINATOR']
    const ask = {
      init: () => bench.init(),
      add: () => bench.add(5, new Map([['more', new Set([0])]])),
      end: () => bench.end(true, 5, 2),
    }
    expect(ask[kind]()).toBe('NOT_COORDINATOR')
    expect(bench.facts).toBe(before)
    expect(bench.marks).toHaveLength(0)
    expect(ask[kind]()).toMatch(/^7\//)
  })

  it('a fence that could not be written is tried again at the same epoch', () => {
    const bench = new Bench()
    bench.begin(0, 1)
    bench.writes = ['COORDINATOR_NOT_AVAILABLE']
    expect(bench.init()).toBe('COORDINATOR_NOT_AVAILABLE')
    bench.init()
    expect(bench.facts).toMatchObject({ state: 'PrepareAbort', producerEpoch: 1 })
  })

  it('a completion that could not be written is repeated, markers first', () => {
    const bench = new Bench()
    bench.begin(0, 1)
    bench.end(true, 0, 1)
    bench.writes = ['COORDINATOR_NOT_AVAILABLE']
    bench.mark()
    expect(bench.facts.state).toBe('PrepareCommit')
    expect(bench.marks).toHaveLength(2)
    bench.mark()
    expect(bench.facts.state).toBe('CompleteCommit')
  })

  it('markers of another transaction complete nothing', () => {
    const bench = new Bench()
    bench.begin(0, 2)
    bench.end(true, 0, 2)
    bench.mark({ ...bench.facts, producerEpoch: 0 })
    expect(bench.facts.state).toBe('PrepareCommit')
    bench.mark()
    bench.mark()
    expect(bench.facts.state).toBe('CompleteCommit')
  })
})

describe('a new coordinator', () => {
  it.each([
    ['Empty', 0],
    ['Ongoing', 0],
    ['PrepareCommit', 1],
    ['PrepareAbort', 1],
    ['CompleteCommit', 0],
    ['CompleteAbort', 0],
  ] as const)('finds %s and marks %i times', (state, marks) => {
    expect(resumeTransaction(inState(state).transaction)).toHaveLength(marks)
  })
})

describe('verification for brokers', () => {
  const asked = (bench: Bench, producerId: number, producerEpoch: number, partition: number) => {
    const verdict = verificationOf(bench.transaction, { producerId, producerEpoch })
    return typeof verdict === 'string' ? verdict : verdict('orders', partition)
  }

  it('confirms the partitions of the open transaction only', () => {
    const bench = inState('Ongoing')
    expect(asked(bench, 7, 5, 0)).toBe('NONE')
    expect(asked(bench, 7, 5, 9)).toBe('TRANSACTION_ABORTABLE')
    expect(asked(bench, 7, 4, 0)).toBe('PRODUCER_FENCED')
    expect(asked(bench, 8, 5, 0)).toBe('INVALID_PRODUCER_ID_MAPPING')
  })

  it.each([
    ['Empty', 'TRANSACTION_ABORTABLE'],
    ['CompleteCommit', 'TRANSACTION_ABORTABLE'],
    ['CompleteAbort', 'TRANSACTION_ABORTABLE'],
    ['PrepareCommit', 'CONCURRENT_TRANSACTIONS'],
    ['PrepareAbort', 'CONCURRENT_TRANSACTIONS'],
  ] as const)('in %s answers %s', (state, error) => {
    expect(asked(inState(state), 7, 5, 0)).toBe(error)
  })
})

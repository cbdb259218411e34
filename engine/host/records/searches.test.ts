import { expect, it } from 'vitest'
import type { Environment } from '../../environment/index.ts'
import { createNodeEnvironment } from '../../node/environment/index.ts'
import { Searches } from './searches.ts'

/** Searches over a topic without partitions, in a time that passes when it is told to. */
function searchesInTime() {
  const node = createNodeEnvironment()
  let nowMs = 0
  let due: { readonly atMs: number; readonly fn: () => void }[] = []
  const environment: Environment = {
    ...node,
    clock: { ...node.clock, monotonicMs: () => nowMs },
    timers: {
      ...node.timers,
      after(delayMs, fn) {
        const timer = { atMs: nowMs + delayMs, fn }
        due.push(timer)
        return {
          cancel: () => {
            due = due.filter((other) => other !== timer)
          },
        }
      },
    },
  }
  const nothing = { bounds: async () => [], offsetsAt: async () => [] }
  const unread = {
    consumer: () => {
      throw new Error('there is nothing to read')
    },
  }
  return {
    searches: new Searches(environment, unread, nothing),
    pass(ms: number) {
      nowMs += ms
      const now = due.filter(({ atMs }) => atMs <= nowMs)
      due = due.filter((timer) => !now.includes(timer))
      for (const { fn } of now) fn()
    },
  }
}

const input = { topic: 't', text: 'x', from: { at: 'start' as const }, limit: 10 }

it('a search that its window does not ask for any more is forgotten, finished or not', async () => {
  const { searches, pass } = searchesInTime()
  const id = await searches.open(input)
  pass(20_000)
  expect(await searches.next(id)).toMatchObject({ done: true })
  pass(20_000)
  expect(await searches.next(id)).toMatchObject({ done: true })
  pass(30_000)
  await expect(searches.next(id)).rejects.toMatchObject({ code: 'UNKNOWN_SEARCH' })
})

it('of too many searches the one that was asked for longest ago ends', async () => {
  const { searches, pass } = searchesInTime()
  const first = await searches.open(input)
  const second = await searches.open(input)
  pass(10)
  await searches.next(first)
  for (let more = 0; more < 19; more++) await searches.open(input)
  expect(await searches.next(first)).toMatchObject({ done: true })
  await expect(searches.next(second)).rejects.toMatchObject({ code: 'UNKNOWN_SEARCH' })
})

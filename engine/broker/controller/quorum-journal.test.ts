import { afterEach, beforeEach, expect, test } from 'vitest'
import { createNodeEnvironment } from '../../node/environment/index.ts'
import { QuorumJournal } from './quorum-journal.ts'
import type { RaftEffects, RaftEntry } from './raft/messages.ts'

const environment = createNodeEnvironment()
const { disk } = environment
let folder: string

beforeEach(async () => {
  folder = await disk.temporaryFolder('journal-test-')
})
afterEach(() => disk.remove(folder))

function effects(overrides: Partial<RaftEffects>): RaftEffects {
  return { vote: undefined, store: undefined, install: undefined, send: [], ...overrides }
}

function entry(epoch: number, payload: string): RaftEntry {
  return { epoch, payload }
}

async function reopened() {
  const { journal, durable } = await QuorumJournal.open(environment, folder)
  await journal.close()
  return durable
}

test('votes, entries and truncations are there again after opening', async () => {
  const { journal } = await QuorumJournal.open(environment, folder)
  await journal.write([
    effects({
      vote: { epoch: 3, votedFor: 2 },
      store: { fromIndex: 1, entries: [entry(3, 'a'), entry(3, 'b')] },
    }),
    effects({ store: { fromIndex: 2, entries: [entry(4, 'c')] } }),
  ])
  await journal.close()
  expect(await reopened()).toMatchObject({ epoch: 3, votedFor: 2, entries: [entry(3, 'a'), entry(4, 'c')] })
})

test('a frame that was cut off is dropped, and what follows it is written in its place', async () => {
  const { journal } = await QuorumJournal.open(environment, folder)
  await journal.write([
    effects({ store: { fromIndex: 1, entries: [entry(1, 'kept'), entry(1, 'cut off')] } }),
  ])
  await journal.close()
  const name = (await disk.list(folder)).find((each) => each.endsWith('.journal'))!
  const file = await disk.open(`${folder}/${name}`, 'read-write')
  await file.truncate((await file.size()) - 3)
  await file.close()
  const { journal: again, durable } = await QuorumJournal.open(environment, folder)
  expect(durable.entries).toEqual([entry(1, 'kept')])
  await again.write([effects({ store: { fromIndex: 2, entries: [entry(2, 'next')] } })])
  await again.close()
  expect((await reopened()).entries).toEqual([entry(1, 'kept'), entry(2, 'next')])
})

test('a snapshot stands for the entries up to it, and the vote outlives it', async () => {
  const { journal } = await QuorumJournal.open(environment, folder)
  const entries = [entry(1, 'a'), entry(1, 'b'), entry(1, 'c')]
  await journal.write([effects({ vote: { epoch: 1, votedFor: 1 }, store: { fromIndex: 1, entries } })])
  await journal.restart({ index: 2, epoch: 1, image: '{}' }, [entry(1, 'c')])
  await journal.write([effects({ store: { fromIndex: 4, entries: [entry(1, 'd')] } })])
  await journal.close()
  expect(await reopened()).toEqual({
    epoch: 1,
    votedFor: 1,
    snapshot: { index: 2, epoch: 1, image: '{}' },
    entries: [entry(1, 'c'), entry(1, 'd')],
  })
  expect((await disk.list(folder)).filter((name) => name.endsWith('.journal'))).toHaveLength(1)
})

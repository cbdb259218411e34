import { expect, it } from 'vitest'
import { MillraceError } from '../../engine/base/errors.ts'
import { createConsumer } from '../../engine/client/index.ts'
import type { RunFailure, RunState } from '../../engine/host/contract.ts'
import { RunSession } from '../../engine/host/runs/run-session.ts'
import { Runners } from '../../engine/host/runs/runners.ts'
import { VerdictCheck } from '../../engine/verify/verdict.ts'
import { environment, numbersPipeline } from '../runner/a-run.ts'

it('a run whose process does not come up has failed, and says why', async () => {
  const noProcess = new MillraceError({ code: 'WORKER_FAILED', what: 'no more processes', remedy: 'wait' })
  const broken = { ...environment, workers: { start: () => Promise.reject(noProcess) } }
  const consumer = createConsumer(environment, { bootstrap: ['127.0.0.1:1'], clientId: 'verdict' })
  let isClosed = false
  const watched = {
    ...consumer,
    close: async () => {
      await consumer.close()
      isClosed = true
    },
  }
  const states: RunState[] = []
  const problems: RunFailure[] = []
  const session = new RunSession(
    broken,
    {
      runId: 'r',
      path: '/p',
      folder: '/p',
      document: numbersPipeline('p'),
      bootstrap: ['127.0.0.1:1'],
      fromStart: false,
      stateFolder: '/p/state',
      nodeVersions: {},
    },
    new VerdictCheck(environment, watched),
    { onState: (state) => states.push(state), onProblem: (failure) => problems.push(failure) },
  )
  await expect(session.start(new Runners(broken, { threads: 1 }))).rejects.toBe(noProcess)
  expect(session.isOver).toBe(true)
  expect(states.map(({ state, failure }) => [state, failure?.error.what])).toEqual([
    ['failed', 'no more processes'],
  ])
  expect(isClosed).toBe(true)
  expect(await session.nextSample(0, 60_000)).toBeUndefined()
})

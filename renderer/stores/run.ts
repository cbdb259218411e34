/** The run: started and stopped here, its samples pulled for as long as it lives. */
import { create } from 'zustand'
import { MillraceError } from '../../engine/base/errors.ts'
import type { RunFailure, RunProblem, RunState } from '../../engine/host/contract.ts'
import { host } from '../host/client.ts'
import { openPipeline } from './document-store.ts'
import { clearSamples, latestSample, pushSample } from './live.ts'
import { tellFailure } from './toasts.ts'

export interface CountedFailure {
  readonly key: string
  /** The newest. */
  readonly failure: RunFailure
  readonly firstWhere: string | undefined
  readonly count: number
}

interface RunStore {
  readonly run: RunState | undefined
  /** The path whose run is being started, and since when. */
  readonly startingPath: string | undefined
  readonly failures: readonly CountedFailure[]
  readonly endedMs: number | undefined
}

export const useRun = create<RunStore>(() => ({
  run: undefined,
  startingPath: undefined,
  failures: [],
  endedMs: undefined,
}))

const live: readonly RunState['state'][] = ['starting', 'running', 'idle', 'stopping']

export const isLive = (run: RunState | undefined) => run !== undefined && live.includes(run.state)

/** The run of the pipeline on the canvas, dead or alive. */
export function useOwnRun(path: string | undefined): RunState | undefined {
  return useRun((state) => (state.run?.path === path ? state.run : undefined))
}

export function useRunning(path: string | undefined): boolean {
  return useRun((state) => state.run !== undefined && state.run.path === path && isLive(state.run))
}

export async function startRun(path: string, fromStart: boolean): Promise<void> {
  useRun.setState({ startingPath: path, failures: [] })
  try {
    const run = await host().call('run.start', { path, fromStart })
    adoptRun(run)
  } catch (thrown) {
    const error = MillraceError.from(thrown)
    const { code, what, where, remedy } = error
    const failure = { error: { code, what, where, remedy } }
    // A run that began and failed at once has told it already.
    if (!isKnown(failure)) addFailure(failure)
    tellFailure('Run', error)
  } finally {
    useRun.setState({ startingPath: undefined })
  }
}

export async function stopRun(): Promise<void> {
  const { run } = useRun.getState()
  if (!run || !isLive(run)) return
  useRun.setState({ run: { ...run, state: 'stopping' } })
  try {
    await host().call('run.stop', { runId: run.runId })
  } catch (thrown) {
    tellFailure('Stop', thrown)
    await refreshRun()
  }
}

/** What runs already when the window opens or is connected again. */
export async function refreshRun(): Promise<void> {
  try {
    const { run } = await host().call('run.state', {})
    const before = useRun.getState().run
    if (run) adoptRun(run)
    else if (before && isLive(before)) adoptRun({ ...before, state: 'failed', failure: lostWithHost })
    else if (before?.failure !== lostWithHost) useRun.setState({ run: undefined })
  } catch {
    // Not connected: asked again with the next connection.
  }
}

/** A new host knows nothing of the run that ended with the one before. */
const lostWithHost: RunFailure = {
  error: {
    code: 'HOST_LOST',
    what: 'The engine ended, and the run with it',
    remedy: 'run again, and it goes on where it stopped',
  },
}

export function adoptRun(run: RunState): void {
  const before = useRun.getState().run
  const ended = !isLive(run)
  useRun.setState((state) => ({
    run: run.failure ? { ...run, failure: located(run.failure) } : run,
    endedMs: ended ? (state.endedMs ?? Date.now()) : undefined,
    failures: before?.runId === run.runId ? state.failures : [],
  }))
  if (run.failure && !isKnown(run.failure)) addFailure(run.failure)
  if (!ended && pulling !== run.runId) {
    if (latestSample()?.runId !== run.runId) clearSamples()
    void pull(run.runId)
  }
}

/** The runner names files by where they lie; the window knows them by their place in the pipeline's folder. */
function located(failure: RunFailure): RunFailure {
  const { file } = failure
  const known =
    file && openPipeline()?.files.find((own) => file.path === own.path || file.path.endsWith(`/${own.path}`))
  return file && known ? { ...failure, file: { ...file, path: known.path } } : failure
}

/** Failures of the same kind at the same place are one, counted; the newest message stands for all. */
export function addFailure({ count = 1, lastWhere, ...told }: RunProblem): void {
  const failure = located(
    lastWhere === undefined ? told : { ...told, error: { ...told.error, where: lastWhere } },
  )
  const key = failureKey(failure)
  useRun.setState(({ failures }) => {
    const known = failures.find((other) => other.key === key)
    const firstWhere = known ? known.firstWhere : told.error.where
    const counted = { key, failure, firstWhere, count: (known?.count ?? 0) + count }
    if (known) return { failures: failures.map((other) => (other === known ? counted : other)) }
    return { failures: [...failures, counted].slice(-failuresMax) }
  })
}

const failuresMax = 100

function isKnown(failure: RunFailure): boolean {
  const key = failureKey(located(failure))
  return useRun.getState().failures.some((known) => known.key === key)
}

const failureKey = ({ error, node, file }: RunFailure) =>
  [error.code, node, file ? `${file.path}:${file.line}` : node ? '' : error.where].join('|')

let pulling: string | undefined
const restMs = 500

async function pull(runId: string): Promise<void> {
  pulling = runId
  let after = 0
  while (pulling === runId) {
    try {
      const { sample } = await host().call('run.nextSample', { runId, after })
      if (pulling !== runId) return
      if (sample) {
        after = sample.sequence
        pushSample(sample)
        takeState(runId, sample.state)
      }
      const { run } = useRun.getState()
      if (run?.runId === runId && !isLive(run)) break
    } catch {
      // Lost, or the run is gone: the next answer tells which.
      await new Promise((resolve) => setTimeout(resolve, restMs))
      if (host().connection === 'connected') await refreshRun()
      const { run } = useRun.getState()
      if (run?.runId !== runId || !isLive(run)) break
    }
  }
  if (pulling === runId) pulling = undefined
}

function takeState(runId: string, state: RunState['state']): void {
  const { run } = useRun.getState()
  if (run?.runId !== runId || run.state === state || run.state === 'stopping') return
  if (!isLive(run)) return
  useRun.setState({ run: { ...run, state }, endedMs: isLive({ ...run, state }) ? undefined : Date.now() })
}

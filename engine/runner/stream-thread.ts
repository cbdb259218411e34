import { MillraceError } from '../base/errors.ts'
import type { Environment, WorkerPort } from '../environment/index.ts'
import { nodeKinds } from '../nodes/kinds.ts'
import type { KafkaStreams, ProcessingError } from '../streams/api.ts'
import { buildPlan } from '../streams/build-plan.ts'
import { createStreams } from '../streams/runtime/stream-thread.ts'
import { generalFailure, processingFailure } from './failures.ts'
import { createGuard } from './guard.ts'
import { threadClientId } from './members.ts'
import type { FromThread, ThreadStart, ToThread } from './messages.ts'
import { hasMoved } from './metrics.ts'
import { guardedNodes } from './plan-nodes.ts'
import { ProblemTally } from './problem-tally.ts'
import { reportEvery } from './timers.ts'
import { userCode } from './user-code.ts'

/** Runs tasks of the topology in this thread until it is told to stop, or fails. */
export async function runStreams(
  environment: Environment,
  start: ThreadStart,
  port: WorkerPort,
): Promise<void> {
  const post = (message: FromThread) => port.post(message)
  const skipped = new ProblemTally((problem) => post({ kind: 'problem', problem }))
  let streams: KafkaStreams
  try {
    streams = makeStreams(environment, start, skipped)
  } catch (thrown) {
    return post({ kind: 'failed', failure: buildFailure(thrown, environment) })
  }
  const ended = new Promise<void>((resolve) => {
    streams.onStateChange((state, error) => {
      if (state === 'running') post({ kind: 'state', state })
      if (state === 'failed') {
        const failure = error
          ? processingFailure(error, start.plan, environment.code)
          : generalFailure(new Error('the stream runtime failed'))
        post({ kind: 'failed', failure })
      }
      if (state === 'failed' || state === 'stopped') resolve()
    })
    port.onMessage((message) => {
      if ((message as ToThread).kind === 'stop') void streams.close().then(resolve, resolve)
    })
  })
  const report = () => {
    skipped.flush()
    post({ kind: 'metrics', ...streams.metrics() })
  }
  const hasBegun = () => hasMoved(streams.metrics().steps)
  const stopReports = reportEvery(environment, start.sampleMs, hasBegun, report)
  streams.start().catch((thrown) => post({ kind: 'failed', failure: generalFailure(thrown) }))
  await ended
  stopReports()
  report()
}

/**
 * The least that Kafka takes. A thread that had to be ended cannot leave its group: until its session has run out, the thread
 * in its place waits for it. The next run has it removed.
 */
const sessionTimeoutMs = 6000

function makeStreams(environment: Environment, start: ThreadStart, skipped: ProblemTally): KafkaStreams {
  const { plan, skipping } = start
  const guarded = createGuard(start.guard, guardedNodes(plan))
  const topology = buildPlan(plan, {
    ...userCode(plan, start.modules, environment.code, guarded),
    externalSink(step) {
      const sink = nodeKinds.get(step.kind)?.runtime?.sink
      if (sink) return sink({ environment, config: step.config, folder: start.folder })
      throw new MillraceError({ code: 'NO_SINK', what: `the kind ${step.kind} has no sink`, where: step.id })
    },
  })
  const steps = new Map(plan.steps.map((step) => [step.id, step.node]))
  const onError = (problem: ProcessingError) => {
    const node = steps.get(problem.step)
    if (node === undefined || !skipping.includes(node)) return 'fail'
    skipped.add(processingFailure(problem, plan, environment.code, true))
    return 'continue'
  }
  return createStreams(environment, topology, {
    applicationId: start.applicationId,
    bootstrap: start.bootstrap,
    processingGuarantee: start.processingGuarantee,
    clientId: threadClientId(start.applicationId, start.index),
    stateFolder: `${start.stateFolder}/thread-${start.index}`,
    sessionTimeoutMs,
    onError,
  })
}

/** A mistake in an expression, or in a module while it is loaded. */
function buildFailure(thrown: unknown, environment: Environment) {
  const place = environment.code.locate(thrown) ?? causePlace(thrown, environment)
  const failure = generalFailure(thrown)
  const node =
    thrown instanceof Error && 'details' in thrown
      ? (thrown.details as { node?: string } | undefined)?.node
      : undefined
  return { ...failure, node, file: place }
}

function causePlace(thrown: unknown, environment: Environment) {
  return thrown instanceof Error && thrown.cause !== undefined
    ? environment.code.locate(thrown.cause)
    : undefined
}

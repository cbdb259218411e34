import { isMillraceError, MillraceError } from '../base/errors.ts'
import type { CodeLoader, CodePlace, WorkerExit } from '../environment/index.ts'
import type { ProcessingError } from '../streams/api.ts'
import type { TopologyPlan } from '../streams/plan.ts'
import type { GuardReading } from './guard.ts'
import type { RunFailure, RunLimits } from './messages.ts'
import { stepOfRef } from './plan-nodes.ts'

/** An error that a record met in a step, at the canvas node, and at the line where it is the user's code. */
export function processingFailure(
  problem: ProcessingError,
  plan: TopologyPlan,
  code: Pick<CodeLoader, 'locate'>,
  isSkipped = false,
): RunFailure {
  const steps = new Map(plan.steps.map((step) => [step.id, step]))
  const step = stepOfRef(problem.step, steps)
  const place = code.locate(problem.error)
  const at =
    problem.topic === undefined
      ? undefined
      : `${problem.topic}-${problem.partition} at offset ${problem.offset ?? '?'}`
  const file = place && `${place.path}:${place.line}:${place.column}`
  const where = [file, at].filter((part) => part !== undefined).join(', ')
  if (isMillraceError(problem.error)) {
    const { code: errorCode, what, remedy } = problem.error
    const known = { code: errorCode, what, where: problem.error.where ?? where, remedy }
    return { error: known, node: step?.node, file: place }
  }
  const message = problem.error instanceof Error ? problem.error.message : String(problem.error)
  return {
    error: {
      code: {
        deserialization: 'RECORD_NOT_READABLE',
        processing: 'PROCESSING_FAILED',
        production: 'RECORD_NOT_SENT',
      }[problem.stage],
      what: message === '' ? 'the code threw an error without a message' : message,
      where: where === '' ? problem.step : where,
      remedy: isSkipped
        ? 'correct the code or the record; it was left out'
        : 'correct the code or the record, or let this node skip records that fail',
    },
    node: step?.node,
    file: place,
  }
}

/** Why a thread that ran users' code is gone; undefined when it ended as it should. */
export function exitFailure(
  exit: WorkerExit,
  reading: GuardReading,
  place: CodePlace | undefined,
  limits: RunLimits,
  isEatingMemory = false,
): RunFailure | undefined {
  const node = reading.current ?? reading.last
  const where = place ? `${place.path}:${place.line}` : node
  // Native code does not stop for a look; the desktop shell's inspector may be shut altogether.
  const unread = place ? '' : ' (its line could not be read)'
  const failure = (code: string, what: string, remedy: string): RunFailure => ({
    error: { code, what, where, remedy },
    node,
    file: place,
  })
  switch (exit.reason) {
    case 'finished':
    case 'terminated':
      return undefined
    case 'unresponsive':
      if (isEatingMemory) {
        return failure(
          'MEMORY_EXHAUSTED',
          'one record has kept the code busy while its memory grew towards the limit',
          `look for a loop that keeps adding to something${unread}`,
        )
      }
      return failure(
        'PROCESSOR_STUCK',
        `one record has kept the code busy for ${(limits.callMsMax / 1000).toFixed(1)} s`,
        `look for a loop that never ends${unread}`,
      )
    case 'heap-exhausted':
    case 'memory-exceeded':
      return failure(
        'MEMORY_EXHAUSTED',
        `the code has used up its memory (${mebibytes(exit.reason === 'heap-exhausted' ? limits.heapBytesMax : limits.residentBytesMax)})`,
        'look for something that grows with every record',
      )
    case 'crashed':
      return failure(
        'THREAD_CRASHED',
        exit.error?.message ?? `it ended with status ${exit.exitCode ?? 'unknown'}`,
        'look for code that ends its process, or that runs after its record is done',
      )
  }
}

/** Anything else that ends a run, as people see it. */
export function generalFailure(thrown: unknown, node?: string): RunFailure {
  const { code, what, where, remedy } = MillraceError.from(thrown, {
    remedy: 'start the run again',
  })
  return { error: { code, what, where, remedy }, node }
}

function mebibytes(bytes: number): string {
  return `${Math.round(bytes / 1024 / 1024)} MiB`
}

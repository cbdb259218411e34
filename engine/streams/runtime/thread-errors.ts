import { MillraceError } from '../../base/errors.ts'
import type { ProcessingError } from '../api.ts'
import { StepFailure } from '../step-runner.ts'

/** What was sent since the last commit may not be in the log. */
export class WritesLost extends Error {
  override name = 'WritesLost'
  readonly where: ProcessingError

  constructor(where: ProcessingError) {
    super(where.error instanceof Error ? where.error.message : String(where.error), { cause: where.error })
    this.where = where
  }
}

/** The group has moved on; the next poll takes part in it again. */
export function isGroupChange(error: unknown): boolean {
  const codes = ['REBALANCE_IN_PROGRESS', 'ILLEGAL_GENERATION', 'UNKNOWN_MEMBER_ID']
  return error instanceof MillraceError && codes.includes(error.code)
}

export function placeOf(error: unknown): ProcessingError {
  if (error instanceof StepFailure || error instanceof WritesLost) return error.where
  return { stage: 'processing', step: stepOf(error), error }
}

/** Errors that name a step carry it in their details. */
export function stepOf(error: unknown): string {
  const step = error instanceof MillraceError ? error.details?.step : undefined
  return typeof step === 'string' ? step : ''
}

export function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

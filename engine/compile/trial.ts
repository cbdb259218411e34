/** A plan over given input in the test driver: what its topology gives, without a cluster. */
import { MillraceError } from '../base/errors.ts'
import type { ExternalSink, TestOutput, TopologyPlan } from '../streams/index.ts'
import * as streams from '../streams/index.ts'

export interface TrialInput {
  readonly topic: string
  readonly key: unknown
  readonly value: unknown
  readonly timestampMs: number
}

export interface TrialOptions {
  readonly applicationId: string
  compileExpression(text: string, names: readonly string[]): (...values: unknown[]) => unknown
  /** The exports of a processor's module, which may import what `provided` holds. */
  loadModule(path: string, provided: Readonly<Record<string, object>>): Readonly<Record<string, unknown>>
}

/** What a sink outside Kafka would get is left out: a trial leaves nothing behind. @throws MillraceError PROCESSING_FAILED */
export function runTrial(
  plan: TopologyPlan,
  inputs: Iterable<TrialInput>,
  options: TrialOptions,
): TestOutput[] {
  const topology = streams.buildPlan(plan, {
    compileExpression: options.compileExpression,
    loadModule: (path) => options.loadModule(path, { millrace: streams }),
    externalSink: () => () => discard,
  })
  const driver = new streams.TestDriver(topology, { applicationId: options.applicationId })
  const outputs: TestOutput[] = []
  for (const { topic, ...record } of inputs) outputs.push(...driver.pipe(topic, record))
  return outputs
}

const discard: ExternalSink = { deliver: async () => undefined }

/** True when the same input gives the same output at any time: no event time is taken from the wall clock. */
export function isRepeatable(plan: TopologyPlan): boolean {
  const timed = plan.steps.every((step) => !('timestamp' in step) || step.timestamp !== 'wall-clock')
  return timed && plan.feeds.every((feed) => feed.config.time !== 'wall-clock')
}

/** @throws MillraceError NOT_RUNNABLE with the first error */
export function checkRunnable(
  problems: readonly { severity: string; what: string; remedy: string; node?: string }[],
): void {
  const error = problems.find((found) => found.severity === 'error')
  if (!error) return
  throw new MillraceError({ code: 'NOT_RUNNABLE', what: error.what, where: error.node, remedy: error.remedy })
}

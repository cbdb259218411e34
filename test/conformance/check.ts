import { compileExpression } from '../../engine/node/environment/expressions.ts'
import { buildPlan, type StoreRow, TestDriver, type TestOutput } from '../../engine/streams/index.ts'
import type { Case, CaseRecord, CaseRow, CaseStep } from './case.ts'
import { processorFor } from './processors.ts'
import { type Translation, translate, Unsupported } from './translate.ts'

export type Verdict =
  | { readonly type: 'passed' }
  | { readonly type: 'unsupported'; readonly needs: string }
  | { readonly type: 'failed'; readonly difference: string }

/** Runs the case in the test driver and compares every step, the stores and the count of dropped records. */
export function checkCase(golden: Case): Verdict {
  let translation: Translation
  try {
    translation = translate(golden.topology)
  } catch (error) {
    if (error instanceof Unsupported) return { type: 'unsupported', needs: error.message }
    throw error
  }
  const driver = driverFor(translation)
  return verdictOf(stepsDifference(driver, golden, 0) ?? endDifference(driver, golden))
}

/** As `checkCase`, with a restart before the step of that number. */
export async function checkRestarted(golden: Case, before: number): Promise<Verdict> {
  const driver = driverFor(translate(golden.topology))
  const early = stepsDifference(driver, { ...golden, steps: golden.steps.slice(0, before) }, 0)
  if (early !== undefined) return verdictOf(early)
  await driver.restart()
  const late = stepsDifference(driver, { ...golden, steps: golden.steps.slice(before) }, before)
  return verdictOf(late ?? endDifference(driver, golden))
}

function verdictOf(difference: string | undefined): Verdict {
  return difference === undefined ? { type: 'passed' } : { type: 'failed', difference }
}

function driverFor({ plan, processors }: Translation): TestDriver {
  const topology = buildPlan(plan, {
    compileExpression,
    loadModule: (path) => ({ default: processorFor(processors.get(path)!, compileExpression) }),
  })
  return new TestDriver(topology)
}

function stepsDifference(driver: TestDriver, { steps }: Case, first: number): string | undefined {
  for (const [i, step] of steps.entries()) {
    const difference = stepDifference(driver, step)
    if (difference !== undefined) return `step ${first + i}: ${difference}`
  }
  return undefined
}

function endDifference(driver: TestDriver, golden: Case): string | undefined {
  for (const [name, rows] of Object.entries(golden.expectedStores ?? {})) {
    const storeName = storeNameOf(golden, name)
    const got = driver.store(storeName).map(rowText(rows))
    const wanted = rows.map((row) => JSON.stringify(inOrder(row)))
    if (got.join() !== wanted.join()) return `store ${name}: got ${got.join(' ')}, not ${wanted.join(' ')}`
  }
  const { expectedDropped } = golden
  if (expectedDropped !== undefined && driver.droppedCount !== expectedDropped) {
    return `dropped ${driver.droppedCount}, not ${expectedDropped}`
  }
  return undefined
}

/** Processors have their stores under names of their own. */
function storeNameOf(golden: Case, name: string): string {
  const owner = golden.topology.find((op) => op.op === 'process' && op.store === name)
  return owner === undefined ? name : `${owner.id}-state`
}

function stepDifference(driver: TestDriver, step: CaseStep): string | undefined {
  if (step.expectedError !== undefined) {
    try {
      perform(driver, step)
    } catch {
      return undefined
    }
    return `nothing failed, where the oracle gave ${step.expectedError}`
  }
  const got = byTopic(perform(driver, step).map(outputRecord))
  const wanted = byTopic(step.expected ?? [])
  for (const topic of new Set([...got.keys(), ...wanted.keys()])) {
    const [a, b] = [got.get(topic) ?? '', wanted.get(topic) ?? '']
    if (a !== b) return `to ${topic}: got ${a || 'nothing'}, not ${b || 'nothing'}`
  }
  return undefined
}

function perform(driver: TestDriver, step: CaseStep): TestOutput[] {
  if (step.send === undefined) return driver.advanceWallClock(step.advanceWallClockMs ?? 0)
  const { topic, key, value, timestampMs, headers = [] } = step.send
  const wire = headers.map(([name, text]) => [name, Buffer.from(text)] as const)
  return driver.pipe(topic, { key, value, timestampMs, headers: wire })
}

function outputRecord({ topic, key, value, timestampMs, headers }: TestOutput): CaseRecord {
  const texts = headers.map(
    ([name, bytes]) => [name, bytes === null ? '' : Buffer.from(bytes).toString()] as const,
  )
  return { topic, key, value, timestampMs, headers: texts }
}

function byTopic(records: readonly CaseRecord[]): Map<string, string> {
  const texts = new Map<string, string>()
  for (const { topic, key, value, timestampMs, headers = [] } of records) {
    const text = JSON.stringify({ key, value, timestampMs, headers })
    texts.set(topic, `${texts.get(topic) ?? ''}${text}`)
  }
  return texts
}

/** Rows are compared by the fields that the oracle gives for this kind of store. */
function rowText(wanted: readonly CaseRow[]) {
  const fields = new Set(wanted.flatMap((row) => Object.keys(row)))
  return (row: StoreRow) => {
    const { timestampMs, ...rest } = row
    return JSON.stringify(
      inOrder(wanted.length > 0 && !fields.has('timestampMs') ? rest : { ...rest, timestampMs }),
    )
  }
}

function inOrder({ key, windowStartMs, windowEndMs, value, timestampMs }: CaseRow) {
  return { key, windowStartMs, windowEndMs, value, timestampMs }
}

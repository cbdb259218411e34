import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { compile } from '../../engine/compile/index.ts'
import { createNodeEnvironment } from '../../engine/node/environment/index.ts'
import { kinds, nodeKinds } from '../../engine/nodes/kinds.ts'
import type { FeedBadLine, FeedRecord } from '../../engine/nodes/runtime.ts'
import { type NodeConfig, type Problem, parseDocument } from '../../engine/pipeline/index.ts'
import type { Feed, Step, TopologyPlan } from '../../engine/streams/index.ts'
import * as streams from '../../engine/streams/index.ts'
import { TestDriver, type TestOutput } from '../../engine/streams/index.ts'
import { samplesFolder } from './sample-files.ts'

export interface SampleRun {
  readonly problems: readonly Problem[]
  readonly outputs: readonly TestOutput[]
  /** What each feed gave, by node. */
  readonly fed: Readonly<Record<string, readonly FeedRecord[]>>
  readonly badLines: readonly FeedBadLine[]
  readonly dropped: number
  /** Text of a file that a sink wrote. */
  written(file: string): string
}

/** The last value of each key, as a table's reader would have it. */
export function latest(outputs: readonly TestOutput[], topic: string): Map<string, unknown> {
  const rows = new Map<string, unknown>()
  for (const output of outputs) if (output.topic === topic) rows.set(JSON.stringify(output.key), output.value)
  return rows
}

/** Runs a sample's topology in the test driver over all of its input, unpaced, in order of event time. */
export async function runSample(sample: string): Promise<SampleRun> {
  const folder = mkdtempSync(path.join(tmpdir(), `millrace-${sample}-`))
  const environment = createNodeEnvironment({ seed: sample })
  try {
    cpSync(path.join(samplesFolder, sample), folder, { recursive: true })
    const file = `${folder}/pipeline.json`
    const { document } = parseDocument(readFileSync(file, 'utf8'), file)
    const { plan, problems } = compile(document, kinds, { applicationId: document.id })
    const modules = await loadModules(plan, folder, environment)
    const topology = streams.buildPlan(plan, {
      compileExpression: (text, names) => environment.code.expression(text, names),
      loadModule: (name) => modules[name] ?? {},
      externalSink: (step: Step & { op: 'external' }) => {
        const sink = nodeKinds.get(step.kind)?.runtime?.sink
        if (!sink) throw new Error(`no sink for ${step.kind}`)
        return sink({ environment, config: step.config, folder })
      },
    })
    const driver = new TestDriver(topology, { applicationId: document.id })
    const fed: Record<string, FeedRecord[]> = {}
    const badLines: FeedBadLine[] = []
    for (const feed of plan.feeds) fed[feed.node] = await readFeed(feed, folder, environment, badLines)
    const outputs = pipeAll(driver, plan.feeds, fed)
    await driver.close()
    const files = new Map(
      plan.steps.flatMap((step) =>
        step.op === 'external'
          ? [[String(step.config.file), readFileSync(`${folder}/${step.config.file}`, 'utf8')]]
          : [],
      ),
    )
    return {
      problems,
      outputs,
      fed,
      badLines,
      dropped: driver.droppedCount,
      written: (name) => files.get(name) ?? '',
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

type NodeEnvironment = ReturnType<typeof createNodeEnvironment>

async function loadModules(plan: TopologyPlan, folder: string, environment: NodeEnvironment) {
  const modules: Record<string, Record<string, unknown>> = {}
  for (const step of plan.steps) {
    if (step.op !== 'process') continue
    const bundle = await environment.code.bundle(`${folder}/${step.module}`)
    modules[step.module] = environment.code.load(bundle, { millrace: streams })
  }
  return modules
}

async function readFeed(feed: Feed, folder: string, environment: NodeEnvironment, badLines: FeedBadLine[]) {
  const records: FeedRecord[] = []
  await nodeKinds.get(feed.kind)!.runtime!.feed!.run({
    environment,
    config: feed.config as NodeConfig,
    folder,
    signal: new AbortController().signal,
    resume: undefined,
    compileExpression: (text, names) => environment.code.expression(text, names),
    produce: (record) => void records.push(record),
    badLine: (line) => badLines.push(line),
  })
  return records
}

function pipeAll(
  driver: TestDriver,
  feeds: readonly Feed[],
  fed: Record<string, FeedRecord[]>,
): TestOutput[] {
  const inputs = feeds.flatMap((feed) => fed[feed.node]!.map((record) => ({ feed, record })))
  inputs.sort(
    (a, b) =>
      Number(b.feed.first ?? false) - Number(a.feed.first ?? false) ||
      a.record.timestampMs - b.record.timestampMs,
  )
  return inputs.flatMap(({ feed, record: { key, value, timestampMs } }) =>
    driver.pipe(feed.topic, { key, value, timestampMs }),
  )
}

import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { compile } from '../../engine/compile/index.ts'
import { createNodeEnvironment } from '../../engine/node/environment/index.ts'
import type { CaseRecord, NodeCase, NodeKind } from '../../engine/nodes/kind.ts'
import { kinds } from '../../engine/nodes/kinds.ts'
import {
  configWithDefaults,
  type NodeConfig,
  type PipelineDocument,
  type PipelineEdge,
  type PipelineNode,
  type Problem,
} from '../../engine/pipeline/index.ts'
import type { Feed } from '../../engine/streams/index.ts'
import * as streams from '../../engine/streams/index.ts'

export interface CaseResult {
  readonly problems: readonly Problem[]
  readonly outputs: readonly CaseRecord[]
  readonly dropped: number
  readonly badLines: readonly number[]
}

const environment = createNodeEnvironment({ seed: 'cases' })

/** The node alone between topics, one for each port, in the test driver. */
export async function runCase(kind: NodeKind, nodeCase: NodeCase): Promise<CaseResult> {
  const folder = mkdtempSync(path.join(tmpdir(), 'millrace-case-'))
  try {
    writeFiles(folder, nodeCase.files ?? {})
    const { plan, problems } = compile(documentAround(kind, nodeCase), [...kinds, kind], {
      applicationId: 'case',
    })
    const modules = new Map<string, Record<string, unknown>>()
    for (const step of plan.steps) {
      if (step.op !== 'process') continue
      const bundle = await environment.code.bundle(`${folder}/${step.module}`)
      modules.set(step.module, environment.code.load(bundle, { millrace: streams }))
    }
    const topology = streams.buildPlan(plan, {
      compileExpression: (text, names) => environment.code.expression(text, names),
      loadModule: (name) => modules.get(name) ?? {},
      externalSink: (step) => kind.runtime!.sink!({ environment, config: step.config, folder }),
    })
    const driver = new streams.TestDriver(topology, { applicationId: 'case' })
    const badLines: number[] = []
    const outputs: CaseRecord[] = []
    const pipe = (topic: string, record: Omit<CaseRecord, 'port'>) => {
      for (const { topic: written, key, value, timestampMs } of driver.pipe(topic, record)) {
        if (written.endsWith('-sink')) continue
        outputs.push({ port: /^out\.(.*)$/.exec(written)?.[1] ?? 'topic', key, value, timestampMs })
      }
    }
    for (const feed of plan.feeds) await runFeed(kind, feed, folder, pipe, badLines)
    for (const { port, ...record } of nodeCase.send) {
      pipe(port === 'topic' ? String(nodeCase.config.topic) : `in.${port.replace('#', '.')}`, record)
    }
    const dropped = driver.droppedCount
    await driver.close()
    return { problems, outputs: [...outputs, ...linesOf(folder, kind, nodeCase)], dropped, badLines }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function writeFiles(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true })
    writeFileSync(path.join(folder, name), text)
  }
}

/** The node of a case between topics, one for each port. */
export function documentAround({ definition }: NodeKind, nodeCase: NodeCase): PipelineDocument {
  const position = { x: 0, y: 0 }
  const subject = { id: 'subject', kind: definition.kind, name: 'subject', position, config: nodeCase.config }
  const nodes: PipelineNode[] = [subject]
  const edges: PipelineEdge[] = []
  const { inputs, outputs } = definition.ports(configWithDefaults(definition, nodeCase.config))
  const sent = new Set([...inputs.map(({ name }) => name), ...nodeCase.send.map(({ port }) => port)])
  for (const port of sent) {
    if (port === 'topic') continue
    const [name = '', second] = port.split('#')
    const id = `in-${name}${second ?? ''}`
    const readAs = inputs.find((input) => input.name === name)?.type === 'table' ? 'table' : 'stream'
    const config = { topic: `in.${port.replace('#', '.')}`, readAs }
    nodes.push({ id, kind: 'topic-source', name: id, position, config })
    edges.push({ id, from: { node: id, port: 'out' }, to: { node: 'subject', port: name } })
  }
  for (const { name } of outputs) {
    const id = `out-${name}`
    nodes.push({ id, kind: 'topic-sink', name: id, position, config: { topic: `out.${name}` } })
    edges.push({ id, from: { node: 'subject', port: name }, to: { node: id, port: 'in' } })
  }
  return { version: 1, id: 'case', name: 'case', nodes, edges }
}

async function runFeed(
  kind: NodeKind,
  feed: Feed,
  folder: string,
  pipe: (topic: string, record: Omit<CaseRecord, 'port'>) => void,
  badLines: number[],
): Promise<void> {
  await kind.runtime!.feed!.run({
    environment,
    config: feed.config as NodeConfig,
    folder,
    signal: new AbortController().signal,
    resume: undefined,
    compileExpression: (text, names) => environment.code.expression(text, names),
    produce({ key, value, timestampMs }) {
      pipe(feed.topic, { key, value, timestampMs })
      return undefined
    },
    badLine: ({ line }) => badLines.push(line),
  })
}

function linesOf(folder: string, kind: NodeKind, nodeCase: NodeCase): CaseRecord[] {
  const file = path.join(folder, String(nodeCase.config.file))
  if (kind.definition.category !== 'sink' || !existsSync(file)) return []
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n')
  return lines.map((value) => ({ port: 'file', key: null, value, timestampMs: 0 }))
}

/** A small pipeline with one processor, run for real: its own process, threads, and a cluster of one broker. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createConsumer } from '../../engine/client/index.ts'
import { EmbeddedCluster } from '../../engine/cluster/index.ts'
import type { RunProblem, RunState, Sample } from '../../engine/host/contract.ts'
import { RunSession } from '../../engine/host/runs/run-session.ts'
import { Runners } from '../../engine/host/runs/runners.ts'
import { workerEntryPoints } from '../../engine/node/entry/locate.ts'
import { createNodeEnvironment } from '../../engine/node/environment/index.ts'
import type { NodeConfig, PipelineDocument } from '../../engine/pipeline/document.ts'
import type { RunLimits } from '../../engine/runner/messages.ts'
import { VerdictCheck } from '../../engine/verify/verdict.ts'

export const environment = createNodeEnvironment({ entryPoints: workerEntryPoints() })

const place = { x: 0, y: 0 }

/** Numbers from a file through a processor into a topic. */
export function numbersPipeline(
  id: string,
  onError: 'fail' | 'skip' = 'fail',
  rate?: number,
): PipelineDocument {
  const pace: NodeConfig = rate === undefined ? { pace: 'fastest' } : { pace: 'rate', rate }
  return {
    version: 1,
    id,
    name: id,
    nodes: [
      {
        id: 'numbers',
        kind: 'file-source',
        name: 'numbers',
        position: place,
        config: { file: 'numbers.ndjson', key: 'String(value.n)', partitions: 3, ...pace },
      },
      {
        id: 'work',
        kind: 'processor',
        name: 'work',
        position: place,
        config: { file: 'processors/work.ts' },
        onError,
      },
      { id: 'out', kind: 'topic-sink', name: 'out', position: place, config: { topic: `${id}-out` } },
    ],
    edges: [
      { id: 'a', from: { node: 'numbers', port: 'out' }, to: { node: 'work', port: 'in' } },
      { id: 'b', from: { node: 'work', port: 'out' }, to: { node: 'out', port: 'in' } },
    ],
  }
}

export interface ARun {
  readonly session: RunSession
  readonly states: RunState[]
  readonly problems: RunProblem[]
  readonly samples: Sample[]
}

export class RunBench {
  readonly folder = mkdtempSync(path.join(tmpdir(), 'millrace-run-'))
  readonly #sessions: RunSession[] = []
  cluster!: EmbeddedCluster

  async start(brokers = 1): Promise<void> {
    this.cluster = await EmbeddedCluster.start(() => environment, { brokers })
  }

  async stop(): Promise<void> {
    for (const session of this.#sessions) await session.stop()
    await this.cluster.stop()
    rmSync(this.folder, { recursive: true, force: true })
  }

  /** Writes the pipeline's files; `count` numbers from 1. */
  write(document: PipelineDocument, code: string, count: number): string {
    const folder = path.join(this.folder, document.id)
    mkdirSync(path.join(folder, 'processors'), { recursive: true })
    writeFileSync(path.join(folder, 'processors/work.ts'), code)
    const lines = Array.from({ length: count }, (_, index) => JSON.stringify({ n: index + 1 }))
    writeFileSync(path.join(folder, 'numbers.ndjson'), `${lines.join('\n')}\n`)
    return folder
  }

  async run(
    document: PipelineDocument,
    folder: string,
    options: { limits?: Partial<RunLimits>; fromStart?: boolean } = {},
  ): Promise<ARun> {
    const states: RunState[] = []
    const problems: RunProblem[] = []
    const samples: Sample[] = []
    const { bootstrap } = this.cluster
    const session = new RunSession(
      environment,
      {
        runId: `run-${this.#sessions.length}`,
        path: folder,
        folder,
        document,
        bootstrap,
        fromStart: options.fromStart ?? false,
        stateFolder: path.join(folder, '.state'),
        nodeVersions: {},
      },
      new VerdictCheck(environment, createConsumer(environment, { bootstrap, autoOffsetReset: 'earliest' })),
      {
        onState: (state) => states.push(state),
        onProblem: (failure) => problems.push(failure),
        onSample: (sample) => samples.push(sample),
      },
    )
    this.#sessions.push(session)
    await session.start(new Runners(environment, { threads: 1, limits: options.limits }))
    return { session, states, problems, samples }
  }
}

import { parseDurationMs } from '../../base/units.ts'
import type { Environment } from '../../environment/index.ts'
import { ClusterHandle } from '../../host/cluster/cluster-handle.ts'
import type { RunState, Sample } from '../../host/contract.ts'
import { join } from '../../host/files/paths.ts'
import { readPipeline } from '../../host/files/read-pipeline.ts'
import { Connections } from '../../host/records/connections.ts'
import { RunSession } from '../../host/runs/run-session.ts'
import { Runners } from '../../host/runs/runners.ts'
import { VerdictCheck } from '../../verify/verdict.ts'
import { workerEntryPoints } from '../entry/locate.ts'
import { createNodeEnvironment } from '../environment/index.ts'
import { addresses, onePipeline, parseOptions, wholeNumber } from './arguments.ts'
import { brokersAnswer, whyNotRunnable } from './before-run.ts'
import type { Command } from './command.ts'
import { absolute } from './folders.ts'
import { badUsage, CommandFailed, type Output, printError, workFailed } from './output.ts'
import { ProblemLines } from './problem-lines.ts'
import { LiveTable, nodeFigures } from './run-table.ts'
import { stopSignal } from './signals.ts'

export const run: Command = {
  help: `millrace run PIPELINE [--bootstrap A,B,C] [--for 10s] [--until-idle] [--from-start] [--data DIR]

Runs a pipeline until it is stopped. Running it here implies that you trust its code.

  PIPELINE            a folder with a pipeline.json, or that file
  --bootstrap A,B,C   brokers of a Kafka cluster; without it, the embedded cluster on free ports
  --for 10s           stop after so long
  --until-idle        stop when the sources have ended and nothing is left to do
  --from-start        begin anew: what earlier runs have left is removed first
  --threads N         stream threads; default 2
  --data DIR          keep the embedded cluster's data and the state stores there; default a temporary folder`,
  async run(args, output) {
    const { values, positionals } = parseOptions(
      'run',
      args,
      {
        bootstrap: { type: 'string' },
        for: { type: 'string' },
        'until-idle': { type: 'boolean' },
        'from-start': { type: 'boolean' },
        threads: { type: 'string' },
        data: { type: 'string' },
      },
      1,
    )
    const path = absolute(onePipeline('run', positionals))
    const forMs = values.for === undefined ? undefined : parseDurationMs(values.for, '--for')
    const bootstrap = values.bootstrap === undefined ? undefined : addresses('run', values.bootstrap)
    const threads = wholeNumber('run', 'threads', values.threads, 2, 1, 64)
    const environment = createNodeEnvironment({ entryPoints: workerEntryPoints() })
    const pipeline = await readPipeline(environment.disk, path)
    await inDataFolder(environment, values.data, (dataFolder) =>
      runPipeline(environment, output, {
        pipeline,
        dataFolder,
        bootstrap,
        threads,
        forMs,
        untilIdle: values['until-idle'] === true,
        fromStart: values['from-start'] === true,
      }),
    )
  },
}

interface RunRequest {
  readonly pipeline: Awaited<ReturnType<typeof readPipeline>>
  readonly dataFolder: string
  readonly bootstrap: readonly string[] | undefined
  readonly threads: number
  readonly forMs: number | undefined
  readonly untilIdle: boolean
  readonly fromStart: boolean
}

async function runPipeline(environment: Environment, output: Output, request: RunRequest): Promise<void> {
  const { pipeline, dataFolder } = request
  const watch = new RunWatch(environment, output, request)
  const signal = stopSignal()
  try {
    const notRunnable = whyNotRunnable(pipeline.document, pipeline.path)
    if (notRunnable) throw notRunnable
    if (request.bootstrap && !(await brokersAnswer(environment, request.bootstrap, signal))) {
      return watch.summary('signal')
    }
  } catch (thrown) {
    watch.summary('failed')
    throw thrown
  }
  const cluster = new ClusterHandle(
    environment,
    { dataFolder: join(dataFolder, 'cluster'), brokers: 3 },
    () => undefined,
    (error) => {
      printError(error)
      watch.finish('failed')
    },
  )
  const bootstrap = request.bootstrap ?? (await cluster.start()).bootstrap
  const connections = new Connections(environment, () => bootstrap)
  const problems = new ProblemLines(pipeline.document.nodes)
  const session = new RunSession(
    environment,
    {
      runId: 'run',
      path: pipeline.path,
      folder: pipeline.path,
      document: pipeline.document,
      bootstrap,
      fromStart: request.fromStart,
      stateFolder: join(dataFolder, 'state', pipeline.document.id),
      nodeVersions: {},
    },
    new VerdictCheck(environment, connections.consumer({ clientId: 'verdict' })),
    {
      onState: (state) => watch.state(state),
      onProblem: (failure) => problems.print(failure, session.state.state === 'failed'),
      onSample: (sample) => watch.sample(sample),
    },
  )
  try {
    await session.start(new Runners(environment, { threads: request.threads }))
    void signal.then(() => watch.finish('signal'))
    const reason = await watch.finished
    await session.stop()
    watch.summary(reason)
    if (reason === 'failed') throw new CommandFailed(isBadInput(session.state) ? badUsage : workFailed)
  } finally {
    await session.stop()
    await connections.close()
    await cluster.stop()
  }
}

type Reason = 'idle' | 'time' | 'signal' | 'failed'

/** Prints how the run does, and says when it is over. */
class RunWatch {
  readonly finished: Promise<Reason>
  readonly #environment: Environment
  readonly #output: Output
  readonly #request: RunRequest
  readonly #table: LiveTable
  #finish: (reason: Reason) => void = () => undefined
  #sample: Sample | undefined
  #printedMs = 0
  #timing = false

  constructor(environment: Environment, output: Output, request: RunRequest) {
    this.#environment = environment
    this.#output = output
    this.#request = request
    this.#table = new LiveTable(output, request.pipeline.document)
    this.finished = new Promise((resolve) => {
      this.#finish = resolve
    })
  }

  finish(reason: Reason): void {
    this.#finish(reason)
  }

  state({ state }: RunState): void {
    if (state === 'failed') this.#finish('failed')
    if (state === 'idle' && this.#request.untilIdle) this.#finish('idle')
    // From here on, so that the time is the pipeline's and not that of its start.
    if (state === 'running' && this.#request.forMs !== undefined && !this.#timing) {
      this.#timing = true
      void this.#environment.timers.sleep(this.#request.forMs).then(() => this.#finish('time'))
    }
  }

  sample(sample: Sample): void {
    this.#sample = sample
    const nowMs = this.#environment.clock.monotonicMs()
    this.#table.show(sample)
    if (nowMs - this.#printedMs < 1000) return
    this.#printedMs = nowMs
    this.#output.object({ event: 'metrics', timeMs: sample.timeMs, nodes: nodeFigures(sample) })
  }

  summary(reason: Reason): void {
    this.#table.end(this.#sample, reason)
    this.#output.object({ event: 'summary', nodes: this.#sample ? nodeFigures(this.#sample) : {}, reason })
  }
}

const badInputCodes = new Set(['CODE_HAS_ERRORS', 'FEED_CHANGED', 'FILE_NOT_FOUND', 'NOTHING_TO_RUN'])

/** Problems of the document and of processors' files are mended in them: the command was given bad input. */
function isBadInput({ failure }: RunState): boolean {
  const code = failure?.error.code ?? ''
  return code.startsWith('MR-') || badInputCodes.has(code)
}

/** A temporary one is removed again, however the work ends. */
export async function inDataFolder(
  environment: Environment,
  given: string | undefined,
  work: (folder: string) => Promise<void>,
): Promise<void> {
  const { disk } = environment
  if (given !== undefined) {
    const folder = absolute(given)
    await disk.makeFolder(folder)
    await work(folder)
    return
  }
  const folder = await disk.temporaryFolder('millrace-')
  try {
    await work(folder)
  } finally {
    await disk.remove(folder)
  }
}

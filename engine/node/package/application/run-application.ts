/** What an exported project's `main.ts` calls: a topology with its feeds, on a Kafka of one's own or on the embedded cluster. */
import process from 'node:process'
import { MillraceError } from '../../../base/errors.ts'
import { createAdmin, createConsumer, createProducer } from '../../../client/index.ts'
import { EmbeddedCluster } from '../../../cluster/index.ts'
import type { Environment } from '../../../environment/index.ts'
import { type FeedEvents, runFeeds } from '../../../nodes/feeding.ts'
import { nodeKinds } from '../../../nodes/kinds.ts'
import { ensureTopics } from '../../../runner/topics.ts'
import { createStreams, type KafkaStreams, type ProcessingError } from '../../../streams/index.ts'
import { createNodeEnvironment } from '../../environment/index.ts'
import { stayAlive } from '../../environment/stay-alive.ts'
import { type Application, type RunSettings, runSettings } from './options.ts'
import { Progress } from './progress.ts'

const checkMs = 250
const idleMs = 2000
const progressMs = 5000

/** Runs until it is stopped by a signal, or as the command line says. Sets the exit code; prints what happens. */
export async function runApplication(application: Application): Promise<void> {
  try {
    await stayAlive(run(application, runSettings(process.argv.slice(2), process.env)))
  } catch (thrown) {
    const error = MillraceError.from(thrown)
    process.stderr.write(`error ${error.code}: ${error.message}\n`)
    process.exitCode = 1
  }
}

async function run(application: Application, settings: RunSettings): Promise<void> {
  const environment = createNodeEnvironment()
  const stop = stopSignal()
  const cluster = settings.bootstrap ? undefined : await EmbeddedCluster.start(() => createNodeEnvironment())
  const bootstrap = settings.bootstrap ?? cluster?.bootstrap ?? []
  process.stdout.write(
    `${application.applicationId} on ${cluster ? 'the embedded cluster' : 'Kafka'} at ${bootstrap.join(',')}\n`,
  )
  try {
    await runOn(environment, bootstrap, application, settings, stop)
  } finally {
    stop.abort()
    await cluster?.stop()
  }
}

async function runOn(
  environment: Environment,
  bootstrap: readonly string[],
  application: Application,
  settings: RunSettings,
  stop: AbortController,
): Promise<void> {
  const { applicationId, topology, processingGuarantee, topics = [], feeds = [] } = application
  const connection = { bootstrap, clientId: applicationId }
  const admin = createAdmin(environment, connection)
  const producer = createProducer(environment, {
    ...connection,
    acks: 'all',
    lingerMs: 5,
    stopAtFailure: true,
  })
  const streams = createStreams(environment, topology, {
    applicationId,
    bootstrap,
    processingGuarantee,
    stateFolder: settings.stateFolder,
  })
  const progress = new Progress(feeds)
  let fed: Promise<void> | undefined
  try {
    await ensureTopics(admin, topics)
    const failed = failureOf(streams)
    // Whoever waits for the start learns of it there.
    failed.catch(() => undefined)
    await streams.start()
    fed = runFeeds(environment, feeds, {
      kinds: nodeKinds,
      folder: application.folder ?? process.cwd(),
      producer,
      admin,
      newConsumer: () => createConsumer(environment, connection),
      signal: stop.signal,
      unpaced: settings.fast,
      events: reported(progress),
    })
    await Promise.race([failed, untilDone(environment, streams, progress, settings, stop.signal)])
  } finally {
    // Feeds end before the producer that they send with is closed.
    stop.abort()
    await fed
    await streams.close()
    await Promise.allSettled([producer.close(), admin.close()])
    progress.printEnd(streams.metrics())
  }
}

/** Settles when it is time to end: by signal, by time, or when all input is through. */
async function untilDone(
  environment: Environment,
  streams: KafkaStreams,
  progress: Progress,
  settings: RunSettings,
  signal: AbortSignal,
): Promise<void> {
  const startedMs = environment.clock.monotonicMs()
  let printedMs = startedMs
  let quietSinceMs = startedMs
  let lastCount = -1
  while (!signal.aborted) {
    await environment.timers.sleep(checkMs)
    const nowMs = environment.clock.monotonicMs()
    const { lag, steps } = streams.metrics()
    const count = Object.values(steps).reduce((sum, step) => sum + step.in, 0)
    if (!progress.isThrough(lag) || count !== lastCount) quietSinceMs = nowMs
    lastCount = count
    if (nowMs - printedMs >= progressMs) {
      progress.print(streams.metrics())
      printedMs = nowMs
    }
    if (settings.untilIdle && nowMs - quietSinceMs >= idleMs) return
    if (settings.forMs !== undefined && nowMs - startedMs >= settings.forMs) return
  }
}

function failureOf(streams: KafkaStreams): Promise<never> {
  return new Promise((_, reject) => {
    streams.onStateChange((state, error) => {
      if (state === 'failed') reject(asError(error))
    })
  })
}

function asError(error: ProcessingError | undefined): MillraceError {
  if (!error) return new MillraceError({ code: 'RUN_FAILED', what: 'the streams runtime has stopped' })
  const place =
    error.topic === undefined ? '' : `, at ${error.topic}-${error.partition} offset ${error.offset}`
  const what = error.error instanceof Error ? error.error.message : String(error.error)
  return new MillraceError({
    code: 'PROCESSING_FAILED',
    what,
    where: `${error.step}${place}`,
    cause: error.error,
  })
}

function reported(progress: Progress): FeedEvents {
  return {
    started: (feed, tails) => progress.started(feed, tails),
    sent: (feed) => progress.sent(feed),
    acknowledged: (feed, partition, number) => progress.acknowledged(feed, partition, number),
    ended: (feed) => progress.end(feed),
    badLine: (feed, { line, what }) =>
      process.stderr.write(`warning BAD_LINE: ${feed.node}, line ${line}: ${what}\n`),
    failed: (feed, error) => {
      process.stderr.write(`error ${error.code}: ${feed.node}: ${error.message}\n`)
      process.exitCode = 1
      progress.end(feed)
    },
  }
}

function stopSignal(): AbortController {
  const stop = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stop.abort())
  return stop
}

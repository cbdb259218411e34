/** The host contract's implementation: each area in its own file, put together here. */
import * as z from 'zod/mini'
import type { MillraceError } from '../base/errors.ts'
import type { Environment } from '../environment/index.ts'
import { Analyzer } from './analysis.ts'
import { ClusterHandle } from './cluster/cluster-handle.ts'
import type { EventName, EventOf, HostMethods } from './contract.ts'
import { exportInThread } from './export.ts'
import { JsonFile } from './files/json-file.ts'
import { Library, notTrusted } from './files/library.ts'
import { listFolder } from './files/listing.ts'
import { join, normalized } from './files/paths.ts'
import { Pipelines } from './files/pipelines.ts'
import type { LogRing } from './log-ring.ts'
import type { HostOptions } from './options.ts'
import { Connections } from './records/connections.ts'
import { listGroups } from './records/groups.ts'
import { RecordReader } from './records/reader.ts'
import { Searches } from './records/searches.ts'
import { Tails } from './records/tails.ts'
import { Runs } from './runs/runs.ts'

export interface Host {
  readonly methods: HostMethods
  /** Returns the way to stop listening. */
  onEvent(handler: <E extends EventName>(event: E, payload: EventOf<E>) => void): () => void
  /** The shell was asked to open a pipeline: by the system, or by a second start. */
  requestOpen(path: string): void
  /** Resolves when it can not go on by itself: its process is to be started again. */
  readonly broken: Promise<MillraceError>
  stop(): Promise<void>
}

/** Where the studio's cluster is by custom; others when these are taken. */
const preferredPorts = [9092, 9093, 9094]
const settingsSchema = z.record(z.string(), z.unknown())

/** @throws MillraceError DATA_IN_USE, NO_PERMISSION for a data folder that can not be used */
export async function createHost(environment: Environment, log: LogRing, given: HostOptions): Promise<Host> {
  const options = { ...given, dataFolder: normalized(given.dataFolder) }
  await environment.disk.makeFolder(options.dataFolder)
  const lock = await environment.disk.lock(join(options.dataFolder, 'studio.lock'))
  try {
    const host = await assemble(environment, log, options)
    return {
      ...host,
      async stop() {
        await host.stop()
        await lock.release()
      },
    }
  } catch (thrown) {
    await lock.release()
    throw thrown
  }
}

async function assemble(environment: Environment, log: LogRing, options: HostOptions): Promise<Host> {
  const { disk } = environment
  const data = options.dataFolder
  const emitter = createEmitter()
  const broken = Promise.withResolvers<MillraceError>()
  const library = await Library.open(environment, options)
  const settings = await JsonFile.open(
    environment,
    join(data, 'settings.json'),
    (value) => settingsSchema.safeParse(value).data ?? {},
  )
  const pipelines = new Pipelines(environment, library, join(data, 'drafts'), {
    onSources: (path) => emitter.emit('pipeline.changedOnDisk', { path }),
    onAssets: (path, assets) => emitter.emit('pipeline.assetsChanged', { path, assets }),
  })
  const cluster = new ClusterHandle(
    environment,
    { dataFolder: join(data, 'cluster'), brokers: 3, preferredPorts },
    (state) => emitter.emit('cluster.changed', { cluster: state }),
    // Its data stays locked by this process, so that only another one can start it again.
    (error) => broken.resolve(error),
  )
  const connections = new Connections(environment, () => cluster.bootstrap)
  const reader = new RecordReader(environment, connections)
  const tails = new Tails(environment, connections, reader)
  const searches = new Searches(environment, connections, reader)
  const runs = new Runs({
    environment,
    library,
    cluster,
    connections,
    stateFolder: join(data, 'state'),
    onState: (run) => emitter.emit('run.changed', { run }),
    onProblem: (failure) => emitter.emit('run.problem', failure),
  })
  const analyzer = new Analyzer(environment, () => runs.whenStarted())
  let openPath = options.openPath
  startCluster(environment, cluster)
  // It will be opened as soon as the window is there.
  if (openPath) runs.warm()

  const methods: HostMethods = {
    'studio.info': async () => ({
      version: options.version,
      shell: options.shell,
      platform: options.platform,
      dataFolder: data,
      pipelinesFolder: library.pipelinesFolder,
      openPath,
    }),
    'studio.settings': async () => ({ settings: settings.value }),
    'studio.saveSettings': async (input) => {
      await settings.set(input.settings)
      return {}
    },
    'studio.log': async ({ after }) => ({ entries: log.after(after) }),
    'start.list': () => library.list(),
    'start.forget': async ({ path }) => {
      await library.forget(path)
      return {}
    },
    'files.list': ({ path }) => listFolder(disk, path ?? options.homeFolder),
    'pipeline.create': async ({ name, folder }) => ({ path: await pipelines.create(name, folder) }),
    'pipeline.open': ({ path }) => {
      // Opened once: a reload of the window stays where the person has gone since.
      openPath = undefined
      analyzer.warm()
      runs.warm()
      return pipelines.open(path)
    },
    'pipeline.save': async ({ path, document, files }) => ({
      savedMs: await pipelines.save(path, { document, files }),
    }),
    'pipeline.saveAs': async ({ path, to, document, files }) => ({
      path: await pipelines.saveAs(path, to, { document, files }),
    }),
    'pipeline.saveDraft': async ({ path, document, files }) => {
      await pipelines.saveDraft(path, { document, files })
      return {}
    },
    'pipeline.dropDraft': async ({ path }) => {
      await pipelines.dropDraft(path)
      return {}
    },
    'pipeline.bringFile': ({ path, from }) => pipelines.bringFile(path, from),
    'pipeline.trust': async ({ path }) => {
      await library.trust(normalized(path))
      return {}
    },
    'pipeline.analyze': (input) => analyzer.analyze(input),
    'pipeline.export': async ({ path: given, target, out }) => {
      const path = normalized(given)
      if (!library.isTrusted(path)) throw notTrusted(path)
      const request = { path, target, out: normalized(out), packagePath: options.packagePath }
      return exportInThread(environment, request)
    },
    'run.start': (input) => runs.start(input),
    'run.stop': async ({ runId }) => {
      await runs.stop(runId)
      return {}
    },
    'run.state': async () => ({ run: runs.state }),
    'run.nextSample': async (input) => ({ sample: await runs.nextSample(input) }),
    'cluster.state': async () => ({ cluster: await cluster.state() }),
    'cluster.metrics': (wanted) => cluster.metrics(wanted),
    'cluster.start': () => cluster.start(),
    'cluster.killBroker': async ({ broker }) => {
      await cluster.kill(broker)
      return {}
    },
    'cluster.stopBroker': async ({ broker }) => {
      await cluster.stopBroker(broker)
      return {}
    },
    'cluster.startBroker': async ({ broker }) => {
      await cluster.startBroker(broker)
      return {}
    },
    'topics.bounds': async ({ topic }) => ({ partitions: await reader.bounds(topic) }),
    'records.read': (input) => reader.read(input),
    'records.full': async ({ topic, partition, offset }) => ({
      record: await reader.full(topic, partition, offset),
    }),
    'records.tailOpen': async (input) => ({ tailId: await tails.open(input) }),
    'records.tailNext': (input) => tails.next(input),
    'records.tailClose': async ({ tailId }) => {
      tails.close(tailId)
      return {}
    },
    'records.searchOpen': async (input) => ({ searchId: await searches.open(input) }),
    'records.searchNext': ({ searchId }) => searches.next(searchId),
    'records.searchClose': async ({ searchId }) => {
      searches.close(searchId)
      return {}
    },
    'groups.list': async () => ({ groups: await listGroups(connections) }),
  }

  return {
    methods,
    onEvent: emitter.on,
    broken: broken.promise,
    requestOpen: (path) => emitter.emit('pipeline.openRequested', { path: normalized(path) }),
    async stop() {
      tails.stop()
      searches.stop()
      pipelines.stop()
      await runs.stopAll()
      await connections.close()
      await cluster.stop()
    },
  }
}

/** Ahead of the first run, so that Run does not wait for it. The window asks for its state, and shows why it is down. */
function startCluster(environment: Environment, cluster: ClusterHandle): void {
  cluster.start().catch((thrown) => {
    environment.log.write('error', 'cluster', `the cluster could not start: ${thrown.message}`)
  })
}

type EventHandler = <E extends EventName>(event: E, payload: EventOf<E>) => void

function createEmitter(): { emit: EventHandler; on(handler: EventHandler): () => void } {
  const handlers = new Set<EventHandler>()
  return {
    emit(event, payload) {
      for (const handler of [...handlers]) handler(event, payload)
    },
    on(handler) {
      handlers.add(handler)
      return () => void handlers.delete(handler)
    },
  }
}

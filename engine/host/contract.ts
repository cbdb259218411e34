/**
 * The host contract: every method and event between the studio's window and its host, with schemas. Imports neither
 * Electron, DOM nor Node. Live data is pulled: `…next` methods answer when there is something newer than what the caller
 * has, so a slow screen never grows a queue.
 */
import * as z from 'zod/mini'
import type { PipelineDocument } from '../pipeline/document.ts'
import type { Problem } from '../pipeline/problem.ts'

export { nodeVersions } from './node-version.ts'

const document = z.custom<PipelineDocument>((value) => typeof value === 'object' && value !== null)
const problem = z.custom<Problem>((value) => typeof value === 'object' && value !== null)
const errorParts = z.object({
  code: z.string(),
  what: z.string(),
  where: z.optional(z.string()),
  remedy: z.optional(z.string()),
})

const sourceFile = z.object({ path: z.string(), text: z.string() })

const pipelineEntry = z.object({
  path: z.string(),
  name: z.string(),
  description: z.string(),
  nodes: z.number(),
  /** Undefined for samples. */
  openedMs: z.optional(z.number()),
  missing: z.boolean(),
})

const flowType = z.object({ key: z.string(), value: z.string() })

const analysis = z.object({
  problems: z.array(problem),
  /** By edge id: TypeScript types of what flows. */
  edges: z.record(z.string(), flowType),
  /** By node id, for processor nodes: declarations for the editor, with the real types of what flows in and out. */
  editors: z.record(
    z.string(),
    z.object({ path: z.string(), declarations: z.string(), input: flowType, output: flowType }),
  ),
  /** The compiled topology, printed. */
  topology: z.optional(z.string()),
})

const brokerState = z.object({
  id: z.number(),
  address: z.string(),
  state: z.enum(['starting', 'running', 'stopped', 'killed']),
  controller: z.boolean(),
  leaders: z.number(),
  replicas: z.number(),
  bytesInPerSec: z.number(),
  bytesOutPerSec: z.number(),
})

const partitionState = z.object({
  partition: z.number(),
  leader: z.number(),
  leaderEpoch: z.number(),
  replicas: z.array(z.number()),
  inSyncReplicas: z.array(z.number()),
  logStartOffset: z.number(),
  highWatermark: z.number(),
})

const topicState = z.object({
  name: z.string(),
  internal: z.boolean(),
  partitions: z.array(partitionState),
  sizeBytes: z.optional(z.number()),
})

const clusterState = z.object({
  bootstrap: z.array(z.string()),
  clusterId: z.string(),
  brokers: z.array(brokerState),
  topics: z.array(topicState),
  underReplicatedPartitions: z.number(),
  offlinePartitions: z.number(),
})

const nodeMetrics = z.object({
  in: z.number(),
  out: z.number(),
  dropped: z.number(),
  failed: z.number(),
  /** Records a second over the last sample. */
  inPerSec: z.number(),
  outPerSec: z.number(),
  /** 0 … 1 of one thread. */
  busy: z.number(),
  lagRecords: z.optional(z.number()),
  lagMs: z.optional(z.number()),
  lagPerPartition: z.optional(
    z.array(z.object({ topic: z.string(), partition: z.number(), records: z.number() })),
  ),
  /** The topic that this node reads or writes, when it does. */
  topic: z.optional(z.string()),
  lastError: z.optional(z.object({ what: z.string(), where: z.string(), count: z.number() })),
})

/** Acknowledged records of the run's feeds against what lies in their topics. */
const verdict = z.object({
  acknowledged: z.number(),
  lost: z.number(),
  duplicates: z.number(),
  checkedMs: z.number(),
})

const sample = z.object({
  sequence: z.number(),
  runId: z.string(),
  timeMs: z.number(),
  elapsedMs: z.number(),
  state: z.enum(['starting', 'running', 'idle', 'stopping', 'stopped', 'failed']),
  inPerSec: z.number(),
  outPerSec: z.number(),
  lagRecords: z.number(),
  lagMs: z.optional(z.number()),
  streamTimeMs: z.optional(z.number()),
  nodes: z.record(z.string(), nodeMetrics),
  /** By edge id. */
  edges: z.record(z.string(), z.object({ recordsPerSec: z.number(), total: z.number() })),
  verdict: z.optional(verdict),
  memoryBytes: z.number(),
})

const runFailure = z.object({
  error: errorParts,
  node: z.optional(z.string()),
  file: z.optional(z.object({ path: z.string(), line: z.number(), column: z.number() })),
})

/** Of records that were skipped: the first of them, how many (absent: one), and where the last was. */
const runProblem = z.extend(runFailure, {
  count: z.optional(z.number()),
  lastWhere: z.optional(z.string()),
})

const runState = z.object({
  runId: z.string(),
  path: z.string(),
  state: sample.shape.state,
  startedMs: z.number(),
  failure: z.optional(runFailure),
  /** Hash of each node's configuration and code as it runs: for "changed since it ran". */
  nodeVersions: z.record(z.string(), z.string()),
})

/** A record, decoded for people. Texts are cut at `textMax` of the request; `record.full` gets all of it. */
const decoded = z.object({
  /** Which decoder took it. */
  format: z.enum(['json', 'utf-8', 'hex', 'null', 'integer', 'windowed-json']),
  text: z.string(),
  cut: z.boolean(),
})
const recordRow = z.object({
  partition: z.number(),
  offset: z.number(),
  timestampMs: z.number(),
  key: decoded,
  value: decoded,
  headers: z.array(z.object({ key: z.string(), value: decoded })),
  sizeBytes: z.number(),
})

const position = z.union([
  z.object({ at: z.literal('start') }),
  z.object({ at: z.literal('end') }),
  z.object({ at: z.literal('offset'), offset: z.number() }),
  z.object({ at: z.literal('time'), timestampMs: z.number() }),
])

const partitionBounds = z.object({ partition: z.number(), startOffset: z.number(), endOffset: z.number() })

const nothing = z.object({})

function method<Input extends z.ZodMiniType, Output extends z.ZodMiniType>(input: Input, output: Output) {
  return { input, output }
}

export const methods = {
  'studio.info': method(
    nothing,
    z.object({
      version: z.string(),
      shell: z.enum(['electron', 'browser']),
      platform: z.string(),
      dataFolder: z.string(),
      /** For new pipelines. */
      pipelinesFolder: z.string(),
      /** The pipeline named on the command line. */
      openPath: z.optional(z.string()),
    }),
  ),
  'studio.settings': method(nothing, z.object({ settings: z.record(z.string(), z.unknown()) })),
  'studio.saveSettings': method(z.object({ settings: z.record(z.string(), z.unknown()) }), nothing),
  'studio.log': method(
    z.object({ after: z.number() }),
    z.object({
      entries: z.array(
        z.object({
          sequence: z.number(),
          timeMs: z.number(),
          level: z.enum(['debug', 'info', 'warn', 'error']),
          source: z.string(),
          text: z.string(),
        }),
      ),
    }),
  ),

  'start.list': method(
    nothing,
    z.object({ samples: z.array(pipelineEntry), recent: z.array(pipelineEntry) }),
  ),
  'start.forget': method(z.object({ path: z.string() }), nothing),

  /** Folders and pipeline files, for the browser's open and save dialogs. */
  'files.list': method(
    z.object({ path: z.optional(z.string()) }),
    z.object({
      path: z.string(),
      parent: z.optional(z.string()),
      entries: z.array(
        z.object({ name: z.string(), path: z.string(), kind: z.enum(['folder', 'pipeline', 'file']) }),
      ),
    }),
  ),

  'pipeline.create': method(
    z.object({ name: z.string(), folder: z.optional(z.string()) }),
    z.object({ path: z.string() }),
  ),
  /** Opening a sample of the checkout edits it in place; `copyTo` makes a copy first. */
  'pipeline.open': method(
    z.object({ path: z.string() }),
    z.object({
      path: z.string(),
      document,
      files: z.array(sourceFile),
      /** Data files and others that can be named in fields. */
      assets: z.array(z.string()),
      readme: z.optional(z.string()),
      trusted: z.boolean(),
      sample: z.boolean(),
      /** Of an unsaved draft that a crash left behind. */
      draft: z.optional(z.object({ document, files: z.array(sourceFile), savedMs: z.number() })),
    }),
  ),
  'pipeline.save': method(
    z.object({ path: z.string(), document, files: z.array(sourceFile) }),
    z.object({ savedMs: z.number() }),
  ),
  'pipeline.saveAs': method(
    z.object({ path: z.string(), to: z.string(), document, files: z.array(sourceFile) }),
    z.object({ path: z.string() }),
  ),
  'pipeline.saveDraft': method(z.object({ path: z.string(), document, files: z.array(sourceFile) }), nothing),
  'pipeline.dropDraft': method(z.object({ path: z.string() }), nothing),
  'pipeline.trust': method(z.object({ path: z.string() }), nothing),
  'pipeline.analyze': method(z.object({ path: z.string(), document, files: z.array(sourceFile) }), analysis),
  'pipeline.export': method(
    z.object({ path: z.string(), target: z.enum(['node']), out: z.string() }),
    z.object({ out: z.string(), files: z.array(z.string()), commands: z.array(z.string()) }),
  ),

  /** Runs what was saved. Starts the cluster when it is not up. A running one of the same pipeline is redeployed. */
  'run.start': method(z.object({ path: z.string(), fromStart: z.boolean() }), runState),
  'run.stop': method(z.object({ runId: z.string() }), nothing),
  'run.state': method(nothing, z.object({ run: z.optional(runState) })),
  /** Answers with a sample newer than `after` (0: any), or with none after 10 s. */
  'run.nextSample': method(
    z.object({ runId: z.string(), after: z.number() }),
    z.object({ sample: z.optional(sample) }),
  ),

  'cluster.state': method(nothing, z.object({ cluster: z.optional(clusterState) })),
  'cluster.start': method(nothing, clusterState),
  'cluster.killBroker': method(z.object({ broker: z.number() }), nothing),
  'cluster.stopBroker': method(z.object({ broker: z.number() }), nothing),
  'cluster.startBroker': method(z.object({ broker: z.number() }), nothing),

  'topics.bounds': method(
    z.object({ topic: z.string() }),
    z.object({ partitions: z.array(partitionBounds) }),
  ),
  /** A page of records: from `from` onwards, or the ones before it (`backwards`), merged by partition, offset order kept. */
  'records.read': method(
    z.object({
      topic: z.string(),
      partitions: z.optional(z.array(z.number())),
      from: position,
      backwards: z.optional(z.boolean()),
      limit: z.number(),
      textMax: z.optional(z.number()),
    }),
    z.object({ records: z.array(recordRow), bounds: z.array(partitionBounds) }),
  ),
  'records.full': method(
    z.object({ topic: z.string(), partition: z.number(), offset: z.number() }),
    z.object({ record: recordRow }),
  ),
  /** A live tail with a bounded ring in the host; `next` pulls what is new, and says how many were skipped. */
  'records.tailOpen': method(
    z.object({
      topic: z.string(),
      partitions: z.optional(z.array(z.number())),
      filter: z.optional(z.string()),
    }),
    z.object({ tailId: z.string() }),
  ),
  'records.tailNext': method(
    z.object({ tailId: z.string(), limit: z.number() }),
    z.object({ records: z.array(recordRow), skipped: z.number() }),
  ),
  'records.tailClose': method(z.object({ tailId: z.string() }), nothing),
  /** A text filter over the topic's past, scanned in the engine; `next` gives hits and progress until done. */
  'records.searchOpen': method(
    z.object({
      topic: z.string(),
      partitions: z.optional(z.array(z.number())),
      text: z.string(),
      from: position,
      limit: z.number(),
    }),
    z.object({ searchId: z.string() }),
  ),
  'records.searchNext': method(
    z.object({ searchId: z.string() }),
    z.object({ records: z.array(recordRow), scanned: z.number(), total: z.number(), done: z.boolean() }),
  ),
  'records.searchClose': method(z.object({ searchId: z.string() }), nothing),

  'groups.list': method(
    nothing,
    z.object({
      groups: z.array(
        z.object({
          groupId: z.string(),
          state: z.string(),
          members: z.number(),
          lagRecords: z.number(),
          partitions: z.array(
            z.object({
              topic: z.string(),
              partition: z.number(),
              committed: z.number(),
              end: z.number(),
              member: z.optional(z.string()),
            }),
          ),
        }),
      ),
    }),
  ),
} as const

/** Pushed, small and rare; anything frequent is pulled. */
export const events = {
  'run.changed': z.object({ run: runState }),
  'run.problem': runProblem,
  'cluster.changed': z.object({ cluster: clusterState }),
  /** A file of the open pipeline changed on disk, not by us. */
  'pipeline.changedOnDisk': z.object({ path: z.string() }),
  'pipeline.openRequested': z.object({ path: z.string() }),
} as const

export type MethodName = keyof typeof methods
export type EventName = keyof typeof events
export type Input<M extends MethodName> = z.infer<(typeof methods)[M]['input']>
export type Output<M extends MethodName> = z.infer<(typeof methods)[M]['output']>
export type EventOf<E extends EventName> = z.infer<(typeof events)[E]>

/** What the window calls. */
export interface HostClient {
  call<M extends MethodName>(method: M, input: Input<M>): Promise<Output<M>>
  on<E extends EventName>(event: E, handler: (payload: EventOf<E>) => void): () => void
  /** 'lost' greys the figures; it tries again by itself. */
  readonly connection: 'connected' | 'lost'
  onConnection(handler: (state: 'connected' | 'lost') => void): () => void
}

/** What the host implements. */
export type HostMethods = { readonly [M in MethodName]: (input: Input<M>) => Promise<Output<M>> }

export type Sample = z.infer<typeof sample>
export type NodeMetrics = z.infer<typeof nodeMetrics>
export type RunState = z.infer<typeof runState>
export type RunFailure = z.infer<typeof runFailure>
export type RunProblem = z.infer<typeof runProblem>
export type ClusterState = z.infer<typeof clusterState>
export type TopicState = z.infer<typeof topicState>
export type BrokerState = z.infer<typeof brokerState>
export type RecordRow = z.infer<typeof recordRow>
export type Decoded = z.infer<typeof decoded>
export type Position = z.infer<typeof position>
export type PartitionBounds = z.infer<typeof partitionBounds>
export type Analysis = z.infer<typeof analysis>
export type PipelineEntry = z.infer<typeof pipelineEntry>
export type Verdict = z.infer<typeof verdict>

/**
 * The host contract: every method and event between the studio's window and its host, with schemas. Imports neither
 * Electron, DOM nor Node. Live data is pulled: `…next` methods answer when there is something newer than what the caller
 * has, so a slow screen never grows a queue.
 */
import * as z from 'zod/mini'
import { clusterMethods, clusterState } from './contract/cluster.ts'
import { pipelineMethods } from './contract/pipelines.ts'
import { recordMethods } from './contract/records.ts'
import { runMethods, runProblem, runState } from './contract/runs.ts'
import { studioMethods } from './contract/studio.ts'

export type { BrokerMetricSet, BrokerState, ClusterState, TopicState } from './contract/cluster.ts'
export type { Analysis, PipelineEntry } from './contract/pipelines.ts'
export type { Decoded, PartitionBounds, Position, RecordRow } from './contract/records.ts'
export type { NodeMetrics, RunFailure, RunProblem, RunState, Sample, Verdict } from './contract/runs.ts'
export { nodeVersions } from './node-version.ts'

export const methods = {
  ...studioMethods,
  ...pipelineMethods,
  ...runMethods,
  ...clusterMethods,
  ...recordMethods,
} as const

/** Pushed, small and rare; anything frequent is pulled. */
export const events = {
  'run.changed': z.object({ run: runState }),
  'run.problem': runProblem,
  'cluster.changed': z.object({ cluster: clusterState }),
  /** A file of the open pipeline changed on disk, not by us. */
  'pipeline.changedOnDisk': z.object({ path: z.string() }),
  /** Data files of the open pipeline came or went: those that are there now. */
  'pipeline.assetsChanged': z.object({ path: z.string(), assets: z.array(z.string()) }),
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

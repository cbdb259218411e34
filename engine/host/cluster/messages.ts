import type { ErrorParts } from '../../base/errors.ts'
import type { ForwardedLog } from '../../runner/forward-log.ts'
import type { ClusterState, Input, Output } from '../contract.ts'

/** Between the host and the thread that the cluster runs in. */
export interface ClusterCalls {
  state: { input: null; output: ClusterState }
  metrics: { input: Input<'cluster.metrics'>; output: Output<'cluster.metrics'> }
  kill: { input: number; output: null }
  stop: { input: number; output: null }
  start: { input: number; output: null }
  close: { input: null; output: null }
}

export type ClusterTold =
  | ForwardedLog
  | { readonly kind: 'ready'; readonly cluster: ClusterState }
  | { readonly kind: 'failed'; readonly error: ErrorParts }
  | { readonly kind: 'changed'; readonly cluster: ClusterState }

export interface ClusterStart {
  readonly dataFolder: string
  readonly brokers: number
  /** Taken where they are free; others otherwise. Absent: any free ones. */
  readonly preferredPorts?: readonly number[]
}

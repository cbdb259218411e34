/**
 * The document: the only truth on the canvas, stored as `pipeline.json`. Processors are `.ts` files beside it and are not
 * part of it; a processor node names its file.
 */
export const documentVersion = 1

/** As Kafka Streams' processing.guarantee (KIP-447). */
export type ProcessingGuarantee = 'at_least_once' | 'exactly_once_v2'

export interface PipelineDocument {
  readonly version: typeof documentVersion
  /** Also the application id: prefix of internal topics, and the consumer group. Letters, digits, `.`, `_`, `-`. */
  readonly id: string
  readonly name: string
  readonly description?: string
  /** Absent: at_least_once. */
  readonly processingGuarantee?: ProcessingGuarantee
  readonly nodes: readonly PipelineNode[]
  readonly edges: readonly PipelineEdge[]
}

export interface PipelineNode {
  /** Stable for the node's life; names its stores and internal topics. Letters, digits, `-`. */
  readonly id: string
  readonly kind: string
  /** What people read; free text. */
  readonly name: string
  readonly position: { readonly x: number; readonly y: number }
  /** Fields as the kind's definition declares them; absent ones have their defaults. */
  readonly config: NodeConfig
  readonly note?: string
  /** Records pass by this node unchanged where that is possible; otherwise it and what depends on it do not run. */
  readonly bypass?: boolean
  readonly onError?: 'fail' | 'skip'
}

export type NodeConfig = Readonly<Record<string, ConfigValue>>
export type ConfigValue =
  | string
  | number
  | boolean
  | null
  | readonly ConfigValue[]
  | { readonly [name: string]: ConfigValue }

export interface PipelineEdge {
  readonly id: string
  readonly from: PortRef
  readonly to: PortRef
}

export interface PortRef {
  readonly node: string
  readonly port: string
}

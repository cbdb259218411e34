/** What a node kind is beyond its definition: how it becomes steps of a topology, and what runs where no operator does. */
import type { NodeConfig, NodeDefinition, PipelineNode, PortType } from '../pipeline/index.ts'
import type { Feed, PlannedTopic, SerdeName, Step } from '../streams/plan.ts'
import type { NodeRuntime } from './runtime.ts'

export interface NodeKind {
  readonly definition: NodeDefinition
  readonly compile: CompileNode
  readonly runtime?: NodeRuntime
}

export type NodeKinds = ReadonlyMap<string, NodeKind>

export function kindsByName(kinds: readonly NodeKind[]): NodeKinds {
  return new Map(kinds.map((kind) => [kind.definition.kind, kind]))
}

/** What leaves a port: the step that gives it, and what it is. */
export interface Flow {
  readonly step: string
  readonly type: PortType
  /** How keys were written where they came from: inputs of a join must agree, or equal keys lie apart. */
  readonly keyFormat: SerdeName
}

/** Of streams that are merged: keys of different formats are written as JSON from there on. */
export function commonKeyFormat(flows: readonly Flow[]): SerdeName {
  const [first, ...others] = flows
  return first && others.every((flow) => flow.keyFormat === first.keyFormat) ? first.keyFormat : 'json'
}

export interface CompileContext {
  readonly node: PipelineNode
  /** With defaults. */
  readonly config: NodeConfig
  readonly applicationId: string
  /**
   * What flows into the port, as a stream or table as the port wants it; several edges are merged. Undefined for an optional
   * port without an edge.
   */
  input(port: string): Flow | undefined
  /** As `input`, unmerged: one for each edge. */
  inputs(port: string): readonly Flow[]
}

export interface Compiled {
  readonly steps: readonly Step[]
  readonly feeds?: readonly Feed[]
  readonly topics?: readonly PlannedTopic[]
  /** By output port. */
  readonly outputs: Readonly<Record<string, Flow>>
}

/** Pure. Step ids begin with the node's id, so that editing elsewhere never renames stores and internal topics. */
export type CompileNode = (context: CompileContext) => Compiled

/** What a node must give for what it gets; `test/nodes` runs the cases of every kind through the test driver. */
export interface NodeCase {
  readonly name: string
  readonly config: NodeConfig
  /** Texts of files that the configuration names, by path. */
  readonly files?: Readonly<Record<string, string>>
  /**
   * What is sent, one after the other, into input ports (`in#2` is a second edge into `in`), or into the port `topic` of a kind
   * that reads a topic itself.
   */
  readonly send: readonly CaseRecord[]
  /** What has left the output ports; of sinks what was written to the `topic`, or lines of the `file`. */
  readonly expected: readonly CaseRecord[]
  readonly dropped?: number
  /** Numbers of lines that could not be read. */
  readonly badLines?: readonly number[]
}

export interface CaseRecord {
  readonly port: string
  readonly key: unknown
  readonly value: unknown
  readonly timestampMs: number
}

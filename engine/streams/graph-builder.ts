/** Collects steps while the DSL is spoken; `topology.ts` makes the immutable result of it. */
import { MillraceError } from '../base/errors.ts'
import type { Serde } from './api.ts'
import type {
  CoPartitioning,
  GlobalTableSpec,
  RepartitionSpec,
  SinkSpec,
  SourceSpec,
  StepLogic,
  StepNode,
  StepSetup,
  StoreSpec,
} from './graph.ts'
import { pass } from './operators/pass.ts'
import { repartitionSink } from './operators/sink.ts'

/** A place in the graph that steps can follow: an output of a step. */
export interface Outlet {
  readonly node: StepNode
  readonly output: number
}

export interface NodeSpec {
  readonly name: string
  readonly kind: string
  readonly detail?: string
  readonly reportAs?: string
  /** In order of input. */
  readonly parents?: readonly Outlet[]
  readonly stores?: readonly StoreSpec[]
  readonly source?: SourceSpec
  readonly sink?: SinkSpec
  readonly create: (setup: StepSetup) => StepLogic
}

export class GraphBuilder {
  readonly nodes: StepNode[] = []
  readonly repartitions: RepartitionSpec[] = []
  readonly coPartitionings: CoPartitioning[] = []
  readonly globals: GlobalTableSpec[] = []
  readonly #names = new Set<string>()
  #built = false

  add(spec: NodeSpec): StepNode {
    this.#checkName(spec.name)
    if (this.#built) {
      throw new MillraceError({
        code: 'TOPOLOGY_BUILT',
        what: 'the topology has been built',
        where: spec.name,
      })
    }
    const node: StepNode = {
      name: spec.name,
      reportAs: spec.reportAs ?? spec.name,
      kind: spec.kind,
      detail: spec.detail ?? '',
      parents: (spec.parents ?? []).map((parent) => parent.node),
      children: [],
      stores: [...(spec.stores ?? [])],
      source: spec.source,
      sink: spec.sink,
      create: spec.create,
    }
    spec.parents?.forEach((parent, input) => {
      parent.node.children.push({ node, input, output: parent.output })
    })
    this.nodes.push(node)
    return node
  }

  addGlobal(spec: GlobalTableSpec): void {
    this.#checkName(spec.name)
    this.globals.push(spec)
  }

  /** Sends the records through an internal topic, so that equal keys meet in one task. */
  repartition(
    from: Outlet,
    options: {
      readonly name: string
      readonly reportAs: string
      readonly key: Serde<unknown>
      readonly value: Serde<unknown>
      readonly partitions?: number
      readonly keepsNullKeys?: boolean
      readonly partitioner?: SinkSpec['partitioner']
      /** The source gets the plain name: the person asked for this step. */
      readonly explicit?: boolean
    },
  ): Outlet {
    const { name, reportAs, key, value, partitions, keepsNullKeys = false, explicit = false } = options
    const { partitioner = 'default' } = options
    const topic = { name: `${name}-repartition`, internal: true }
    const sinkSpec: SinkSpec = { topic, key, value, partitioner }
    const sink = this.add({
      name: explicit ? name : `${name}-repartition-sink`,
      reportAs,
      kind: 'repartition-sink',
      detail: `topic ${topic.name}`,
      parents: [from],
      sink: sinkSpec,
      create: repartitionSink(sinkSpec, keepsNullKeys),
    })
    const source = this.add({
      name: `${name}-repartition-source`,
      reportAs,
      kind: 'repartition-source',
      detail: `topic ${topic.name}`,
      source: { topic, key, value, timestamp: 'record', reset: 'earliest' },
      create: pass,
    })
    this.repartitions.push({ topic, partitions, sink, source })
    return { node: source, output: 0 }
  }

  close(): void {
    this.#built = true
  }

  #checkName(name: string): void {
    if (!/^[A-Za-z0-9._-]+$/.test(name)) {
      throw new MillraceError({
        code: 'BAD_STEP_NAME',
        what: `"${name}" cannot be a step's name, because topics are named after it`,
        where: name,
        remedy: 'use letters, digits, ".", "_" and "-"',
      })
    }
    if (this.#names.has(name)) {
      throw new MillraceError({
        code: 'DUPLICATE_STEP_NAME',
        what: `two steps are named "${name}"`,
        where: name,
        remedy: 'give each step a name of its own: stores and internal topics are named after it',
      })
    }
    this.#names.add(name)
  }
}

/**
 * Document → topology. The same document gives the same plan: nodes in topological order with ties by document order, step ids
 * from node ids. What cannot run (a broken node, and all that depends on it) is left out, and reported.
 */

import type { NodeKind, NodeKinds } from '../nodes/kind.ts'
import { type Compiled, commonKeyFormat, type Flow, kindsByName } from '../nodes/kind.ts'
import {
  bypassEffect,
  configWithDefaults,
  type Definitions,
  definitionsByKind,
  edgesInto,
  inputPort,
  type PipelineDocument,
  type PipelineNode,
  type PortSpec,
  type Problem,
  portsOf,
  topologicalOrder,
  validate,
} from '../pipeline/index.ts'
import type { Feed, PlannedTopic, Step, TopologyPlan } from '../streams/plan.ts'
import { coPartitioningProblems } from './co-partitioning.ts'

export interface CompileOptions {
  /** Prefix of internal topics, and the consumer group. */
  readonly applicationId: string
}

export interface CompileResult {
  readonly plan: TopologyPlan
  /** Those of validation and of the plan itself; a plan with errors among them holds only what can run. */
  readonly problems: readonly Problem[]
}

export function compile(
  document: PipelineDocument,
  kinds: readonly NodeKind[],
  options: CompileOptions,
): CompileResult {
  const definitions = definitionsByKind(kinds.map((kind) => kind.definition))
  const problems = validate(document, definitions)
  const broken = new Set(
    problems.flatMap((found) => (found.severity === 'error' && found.node ? [found.node] : [])),
  )
  const compiler = new Compiler(document, definitions, kindsByName(kinds), options)
  for (const node of topologicalOrder(document).sorted) if (!broken.has(node.id)) compiler.add(node)
  const plan = compiler.plan()
  return { plan, problems: [...problems, ...coPartitioningProblems(document, plan)] }
}

class Compiler {
  readonly #document: PipelineDocument
  readonly #definitions: Definitions
  readonly #kinds: NodeKinds
  readonly #options: CompileOptions
  readonly #steps: Step[] = []
  readonly #feeds: Feed[] = []
  readonly #topics = new Map<string, PlannedTopic>()
  /** By `node port`. A node that does not run has none. */
  readonly #flows = new Map<string, Flow>()
  /** Tables read as streams, by the step that gives the table: made once for all that follow. */
  readonly #updates = new Map<string, Flow>()

  constructor(
    document: PipelineDocument,
    definitions: Definitions,
    kinds: NodeKinds,
    options: CompileOptions,
  ) {
    this.#document = document
    this.#definitions = definitions
    this.#kinds = kinds
    this.#options = options
  }

  plan(): TopologyPlan {
    return { steps: this.#steps, feeds: this.#feeds, topics: [...this.#topics.values()] }
  }

  add(node: PipelineNode): void {
    const kind = this.#kinds.get(node.kind)
    const ports = portsOf(this.#definitions, node)
    if (!kind || !ports) return
    const lacking = ports.inputs.some(
      (port) => port.required !== false && this.#arriving(node, port).length === 0,
    )
    if (lacking) return
    if (node.bypass) {
      this.#passBy(node, ports.inputs[0], ports.outputs[0])
      return
    }
    const compiled = kind.compile({
      node,
      config: configWithDefaults(kind.definition, node.config),
      applicationId: this.#options.applicationId,
      input: (name) => this.#input(node, name),
      inputs: (name) => this.#flowsInto(node, name),
    })
    this.#keep(node, compiled)
  }

  #keep(node: PipelineNode, compiled: Compiled): void {
    this.#steps.push(...compiled.steps)
    this.#feeds.push(...(compiled.feeds ?? []))
    for (const topic of compiled.topics ?? []) {
      if (!this.#topics.has(topic.name)) this.#topics.set(topic.name, topic)
    }
    for (const [port, flow] of Object.entries(compiled.outputs)) this.#flows.set(`${node.id} ${port}`, flow)
  }

  #passBy(node: PipelineNode, input: PortSpec | undefined, output: PortSpec | undefined): void {
    if (!input || !output || bypassEffect(this.#definitions, node) === 'stops') return
    const flow = this.#input(node, input.name)
    if (flow) this.#flows.set(`${node.id} ${output.name}`, flow)
  }

  /** The flows into a port, in the order of their edges; those of nodes that do not run are missing. */
  #arriving(node: PipelineNode, port: PortSpec): Flow[] {
    return edgesInto(this.#document, node.id, port.name).flatMap((edge) => {
      const flow = this.#flows.get(`${edge.from.node} ${edge.from.port}`)
      return flow ? [flow] : []
    })
  }

  #flowsInto(node: PipelineNode, name: string): Flow[] {
    const port = inputPort(this.#document, this.#definitions, { node: node.id, port: name })
    const arriving = port ? this.#arriving(node, port) : []
    return arriving.map((flow) => (port?.type === 'stream' ? this.#asStream(flow) : flow))
  }

  #input(node: PipelineNode, name: string): Flow | undefined {
    const flows = this.#flowsInto(node, name)
    const [first] = flows
    if (!first || flows.length === 1) return first
    const id = `${node.id}-${name}-merge`
    this.#steps.push({ id, node: node.id, op: 'merge', from: flows.map((flow) => flow.step) })
    return { step: id, type: 'stream', keyFormat: commonKeyFormat(flows) }
  }

  #asStream(flow: Flow): Flow {
    if (flow.type === 'stream') return flow
    const known = this.#updates.get(flow.step)
    if (known) return known
    const node = this.#steps.find((step) => step.id === flow.step)?.node ?? flow.step
    const id = `${flow.step}-updates`
    this.#steps.push({ id, node, op: 'toStream', from: flow.step })
    const updates: Flow = { ...flow, step: id, type: 'stream' }
    this.#updates.set(flow.step, updates)
    return updates
  }
}

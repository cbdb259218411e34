/** Which connections may be made, and why not, in words for people. */
import { configWithDefaults, type Definitions } from './config.ts'
import type { PortSpec, PortType } from './definition.ts'
import type { PipelineDocument, PortRef } from './document.ts'
import { downstream, findNode, inputPort, outputPort, portsOf, takes } from './graph.ts'

export type Connectable = { readonly ok: true } | { readonly ok: false; readonly reason: string }

const yes: Connectable = { ok: true }
const no = (reason: string): Connectable => ({ ok: false, reason })

/** @param moving an edge that is being reconnected: it does not count as being there */
export function canConnect(
  document: PipelineDocument,
  definitions: Definitions,
  from: PortRef,
  to: PortRef,
  moving?: string,
): Connectable {
  const source = findNode(document, from.node)
  const target = findNode(document, to.node)
  if (!source || !target) return no('The node is gone.')
  if (source.id === target.id) return no('A node cannot feed itself.')
  const output = outputPort(document, definitions, from)
  const input = inputPort(document, definitions, to)
  if (!output) return no(`“${source.name}” has no output “${from.port}”.`)
  if (!input) return no(`“${target.name}” has no input “${to.port}”.`)
  const others = document.edges.filter((edge) => edge.id !== moving)
  if (others.some((edge) => sameRef(edge.from, from) && sameRef(edge.to, to))) {
    return no('These two are connected already.')
  }
  if (!takes(input, output.type)) return no(typeReason(target.name, input, output.type))
  const into = others.filter((edge) => sameRef(edge.to, to)).length
  if (into >= (input.edgesMax ?? 1)) return no(fullReason(target.name, input))
  if (downstream({ ...document, edges: others }, [target.id]).has(source.id)) {
    return no(`That would make a cycle: “${source.name}” already comes after “${target.name}”.`)
  }
  return yes
}

/** The first input of the node that a new edge from `from` may end at: for a drop on the node's body. */
export function firstFreePort(
  document: PipelineDocument,
  definitions: Definitions,
  from: PortRef,
  node: string,
): PortRef | undefined {
  const target = findNode(document, node)
  const ports = target && portsOf(definitions, target)
  return ports?.inputs
    .map((port) => ({ node, port: port.name }))
    .find((to) => canConnect(document, definitions, from, to).ok)
}

/** The first output of the node that may feed `to`: for dragging backwards from an input. */
export function firstFittingOutput(
  document: PipelineDocument,
  definitions: Definitions,
  node: string,
  to: PortRef,
): PortRef | undefined {
  const source = findNode(document, node)
  const ports = source && portsOf(definitions, source)
  return ports?.outputs
    .map((port) => ({ node, port: port.name }))
    .find((from) => canConnect(document, definitions, from, to).ok)
}

/** Kinds with an input for what `type` is (`direction` from an output), or with an output that fits the input port. */
export function fittingKinds(
  definitions: Definitions,
  from: { readonly output: PortType } | { readonly input: PortSpec },
): string[] {
  return [...definitions.values()]
    .filter((definition) => {
      const config = configWithDefaults(definition, {})
      const ports = definition.ports(config)
      if ('output' in from) return ports.inputs.some((input) => takes(input, from.output))
      return ports.outputs.some((output) => takes(from.input, output.type))
    })
    .map((definition) => definition.kind)
}

export function portTypeName(type: PortType): string {
  if (type === 'stream') return 'stream'
  return type === 'table' ? 'table' : 'windowed table'
}

function sameRef(a: PortRef, b: PortRef): boolean {
  return a.node === b.node && a.port === b.port
}

function typeReason(name: string, input: PortSpec, type: PortType): string {
  const wants = portTypeName(input.type)
  const gets = portTypeName(type)
  if (input.type === 'table' && type === 'stream') {
    return `“${name}” takes a ${wants} at “${input.label}”, not a ${gets}. Put “To table” in between.`
  }
  if (input.type === 'table' && type === 'windowed-table') {
    return `“${name}” takes a table by plain key at “${input.label}”; this one is keyed by window.`
  }
  return `“${name}” takes a ${wants} at “${input.label}”, not a ${gets}.`
}

function fullReason(name: string, input: PortSpec): string {
  const max = input.edgesMax ?? 1
  return max === 1
    ? `“${input.label}” of “${name}” is taken. Use “Merge” to bring streams together.`
    : `“${input.label}” of “${name}” takes ${max} edges at most.`
}

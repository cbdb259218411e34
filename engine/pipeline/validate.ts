/**
 * Every problem of a document that can be seen without running anything and without types. Types come from
 * `engine/typing`. Sorted by node in document order; the same document gives the same list.
 */
import { checkNodeConfig, type FieldCheck } from './check-fields.ts'
import { configWithDefaults, type Definitions, textOf } from './config.ts'
import { portTypeName } from './connection.ts'
import type { PipelineDocument, PipelineEdge, PipelineNode } from './document.ts'
import {
  bypassEffect,
  edgesInto,
  edgesOutOf,
  findCycle,
  findNode,
  inputPort,
  outputPort,
  portsOf,
  takes,
} from './graph.ts'
import { duplicateIds } from './parse.ts'
import type { Problem } from './problem.ts'
import { problem } from './problem-codes.ts'
import { sinkFiles } from './sink-files.ts'

export function validate(
  document: PipelineDocument,
  definitions: Definitions,
  options: FieldCheck = {},
): Problem[] {
  const problems = [
    ...duplicateIds(document),
    ...document.nodes.flatMap((node) => checkNode(document, definitions, node, options)),
    ...document.edges.flatMap((edge) => checkEdge(document, definitions, edge)),
    ...tooManyEdges(document, definitions),
    ...cycle(document),
    ...sinkFiles(document, definitions),
    ...sharedTopics(document, definitions),
    ...nothingToRun(document, definitions),
  ]
  const order = new Map(document.nodes.map((node, index) => [node.id, index]))
  const rank = (found: Problem) => (found.node === undefined ? -1 : (order.get(found.node) ?? -1))
  return problems.sort((a, b) => rank(a) - rank(b))
}

function checkNode(
  document: PipelineDocument,
  definitions: Definitions,
  node: PipelineNode,
  options: FieldCheck,
): Problem[] {
  const definition = definitions.get(node.kind)
  const ports = portsOf(definitions, node)
  if (!definition || !ports) {
    return [
      problem('MR-101', {
        what: `${node.name}: there is no node kind “${node.kind}”`,
        remedy: 'delete the node, or open the pipeline with the version of Millrace that has this kind',
        node: node.id,
      }),
    ]
  }
  const found = checkNodeConfig(node, definition, options)
  for (const port of ports.inputs) {
    if (port.required === false || edgesInto(document, node.id, port.name).length > 0) continue
    found.push(
      problem('MR-206', {
        what: `${node.name}: nothing flows into “${port.label}”`,
        remedy: `connect a ${portTypeName(port.type)} to it, or delete the node`,
        node: node.id,
      }),
    )
  }
  if (ports.outputs.length > 0 && edgesOutOf(document, node.id).length === 0) {
    found.push(
      problem('MR-207', {
        what: `${node.name}: nothing takes what leaves this node`,
        remedy: 'connect it to a sink, or delete it',
        node: node.id,
      }),
    )
  }
  if (node.bypass && bypassEffect(definitions, node) === 'stops') {
    found.push(
      problem('MR-211', {
        what: `${node.name}: records cannot pass by a bypassed ${definition.title}`,
        remedy: 'it does not run, nor does what depends on it; take the bypass away to run it',
        node: node.id,
      }),
    )
  }
  return found
}

function checkEdge(document: PipelineDocument, definitions: Definitions, edge: PipelineEdge): Problem[] {
  const from = findNode(document, edge.from.node)
  const to = findNode(document, edge.to.node)
  const report = (code: 'MR-201' | 'MR-202' | 'MR-203', what: string, remedy: string): Problem[] => [
    problem(code, { what, remedy, edge: edge.id, ...(to ? { node: to.id } : from ? { node: from.id } : {}) }),
  ]
  if (!from || !to) {
    const gone = from ? edge.to.node : edge.from.node
    return report('MR-201', `an edge refers to the node “${gone}”, which does not exist`, 'delete the edge')
  }
  // An unknown kind is reported at its node; its ports can't be judged.
  if (!definitions.has(from.kind) || !definitions.has(to.kind)) return []
  const output = outputPort(document, definitions, edge.from)
  const input = inputPort(document, definitions, edge.to)
  if (!output) {
    return report(
      'MR-202',
      `${from.name} has no output “${edge.from.port}” any more`,
      'delete the edge, or connect it anew',
    )
  }
  if (!input) {
    return report(
      'MR-202',
      `${to.name} has no input “${edge.to.port}” any more`,
      'delete the edge, or connect it anew',
    )
  }
  if (takes(input, output.type)) return []
  const what = `${to.name} takes a ${portTypeName(input.type)} at “${input.label}”, but ${from.name} gives a ${portTypeName(output.type)}`
  return report(
    'MR-203',
    what,
    input.type === 'table' ? 'put “To table” in between' : 'connect something else',
  )
}

function tooManyEdges(document: PipelineDocument, definitions: Definitions): Problem[] {
  return document.nodes.flatMap((node) =>
    (portsOf(definitions, node)?.inputs ?? []).flatMap((port) => {
      const edges = edgesInto(document, node.id, port.name)
      const max = port.edgesMax ?? 1
      if (edges.length <= max) return []
      return [
        problem('MR-204', {
          what: `${node.name}: ${edges.length} edges end at “${port.label}”, which takes ${max}`,
          remedy: 'bring the streams together with “Merge” first, or delete an edge',
          node: node.id,
          edge: edges[max]!.id,
        }),
      ]
    }),
  )
}

const cycleNodesMax = 10

function cycle(document: PipelineDocument): Problem[] {
  const ids = findCycle(document)
  if (!ids) return []
  const shown = ids.length <= cycleNodesMax ? ids : [...ids.slice(0, cycleNodesMax - 2), '…', ids.at(-1)!]
  const names = [...shown, ids[0]!].map((id) => findNode(document, id)?.name ?? id)
  return [
    problem('MR-205', {
      what: `the edges make a cycle: ${names.join(' → ')}`,
      remedy: 'delete one of its edges; to feed results back, write them to a topic and read that',
      node: ids[0]!,
    }),
  ]
}

/** Topics read by two sources; topics written and read again in one pipeline. */
function sharedTopics(document: PipelineDocument, definitions: Definitions): Problem[] {
  const found: Problem[] = []
  const read = new Map<string, PipelineNode>()
  const written = new Map<string, PipelineNode>()
  for (const node of document.nodes) {
    const definition = definitions.get(node.kind)
    if (!definition) continue
    const config = configWithDefaults(definition, node.config)
    for (const field of definition.fields) {
      const name = textOf(config, field.name)
      if (name === '' || field.type !== 'topic') continue
      if (definition.category === 'sink') written.set(name, node)
      else if (read.has(name)) found.push(sameTopic(node, read.get(name)!, name, field.name))
      else read.set(name, node)
    }
  }
  for (const [topic, reader] of read) {
    const writer = written.get(topic)
    if (writer) found.push(feedback(document, reader, writer, topic))
  }
  return found
}

function sameTopic(node: PipelineNode, other: PipelineNode, topic: string, field: string): Problem {
  return problem('MR-212', {
    what: `${node.name} reads the topic ${topic}, and so does ${other.name}`,
    remedy: `delete one of them, and connect what follows it to ${other.name}`,
    node: node.id,
    field,
  })
}

function feedback(
  document: PipelineDocument,
  reader: PipelineNode,
  writer: PipelineNode,
  topic: string,
): Problem {
  const fedBack = upstreamOf(document, writer.id).has(reader.id)
  return problem('MR-210', {
    what: fedBack
      ? `${topic} is written by ${writer.name} from what ${reader.name} reads from it: records may go round for ever`
      : `${topic} is written by ${writer.name} and read by ${reader.name} in the same pipeline`,
    remedy: fedBack
      ? 'write to another topic, or make sure that records leave the circle'
      : 'connect the nodes directly if the topic is not needed by others',
    node: reader.id,
  })
}

function upstreamOf(document: PipelineDocument, id: string): Set<string> {
  const seen = new Set([id])
  for (const reached of seen) for (const edge of edgesInto(document, reached)) seen.add(edge.from.node)
  return seen
}

function nothingToRun(document: PipelineDocument, definitions: Definitions): Problem[] {
  if (document.nodes.length === 0) return []
  const category = (node: PipelineNode) => definitions.get(node.kind)?.category
  const has = (wanted: string) => document.nodes.some((node) => category(node) === wanted)
  if (has('source') && has('sink')) return []
  return [
    problem('MR-208', {
      what: has('source') ? 'the pipeline has no sink' : 'the pipeline has no source',
      remedy: has('source') ? 'add one from Sinks' : 'add one from Sources',
    }),
  ]
}

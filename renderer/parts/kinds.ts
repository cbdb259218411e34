/** Node kinds for the window: by name, by category, and their icons. */

import { nodeIcons } from 'virtual:node-icons'
import { Box, type LucideIcon } from 'lucide-react'
import { definitions } from '../../engine/nodes/definitions.ts'
import { configWithDefaults, definitionsByKind } from '../../engine/pipeline/config.ts'
import type { Category, NodeDefinition } from '../../engine/pipeline/definition.ts'
import type { NodeConfig, PipelineNode } from '../../engine/pipeline/document.ts'

/** What the pipeline's rules take as an argument. */
export const kinds = definitionsByKind(definitions)

/** Undefined for a kind that this version does not know: such a node is shown as broken. */
export const definitionOf = (kind: string): NodeDefinition | undefined => kinds.get(kind)

export const iconOf = (definition: NodeDefinition | undefined): LucideIcon =>
  (definition && nodeIcons[definition.icon]) ?? Box

export const categories: readonly { readonly category: Category; readonly title: string }[] = [
  { category: 'source', title: 'Sources' },
  { category: 'transform', title: 'Transform' },
  { category: 'state', title: 'Windows and state' },
  { category: 'join', title: 'Joins' },
  { category: 'sink', title: 'Sinks' },
]

export const kindsOf = (category: Category) =>
  definitions.filter((definition) => definition.category === category)

const filled = new WeakMap<PipelineNode, NodeConfig>()

/** The node's configuration as it runs, defaults filled in. */
export function fullConfig(node: PipelineNode): NodeConfig {
  const definition = definitionOf(node.kind)
  if (!definition) return node.config
  const known = filled.get(node) ?? configWithDefaults(definition, node.config)
  filled.set(node, known)
  return known
}

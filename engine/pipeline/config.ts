import type { FieldSpec, NodeDefinition } from './definition.ts'
import type { ConfigValue, NodeConfig } from './document.ts'

/** Definitions by kind. A plain map, so that `pipeline` never imports the kinds. */
export type Definitions = ReadonlyMap<string, NodeDefinition>

export function definitionsByKind(list: readonly NodeDefinition[]): Definitions {
  return new Map(list.map((definition) => [definition.kind, definition]))
}

const categories: readonly NodeDefinition['category'][] = ['source', 'transform', 'state', 'join', 'sink']

export function paletteOrder(list: readonly NodeDefinition[]): NodeDefinition[] {
  const rank = ({ category, order = 50 }: NodeDefinition) => categories.indexOf(category) * 1000 + order
  return [...list].sort((a, b) => rank(a) - rank(b) || (a.title < b.title ? -1 : 1))
}

/** The configuration as the node runs: absent fields have their defaults, those of list items too. */
export function configWithDefaults(definition: NodeDefinition, config: NodeConfig): NodeConfig {
  return withDefaults(definition.fields, config)
}

function withDefaults(fields: readonly FieldSpec[], config: NodeConfig): NodeConfig {
  const filled: Record<string, ConfigValue> = { ...config }
  for (const field of fields) {
    const value = filled[field.name] ?? fieldDefault(field, filled)
    if (value === undefined) continue
    filled[field.name] =
      field.type === 'list' && Array.isArray(value)
        ? value.map((item) => (isConfig(item) ? withDefaults(field.item, item) : item))
        : value
  }
  return filled
}

/** @param before those of the fields before this one */
function fieldDefault(field: FieldSpec, before: NodeConfig): ConfigValue | undefined {
  if (field.type === 'list') return field.default ?? []
  if (typeof field.default !== 'object') return field.default
  const { of, by } = field.default
  return Math.max(1, Math.round(numberOf(before, of) / by))
}

/** A new item of a list field. */
export function newListItem(field: Extract<FieldSpec, { type: 'list' }>): NodeConfig {
  return withDefaults(field.item, {})
}

/** Whether the form shows the field; `config` with defaults. Fields that are not shown are not checked either. */
export function fieldShown(field: FieldSpec, config: NodeConfig): boolean {
  if (!field.when) return true
  return Object.entries(field.when).every(([name, values]) => {
    const value = config[name]
    return (typeof value === 'string' || typeof value === 'boolean') && values.includes(value)
  })
}

export function isConfig(value: ConfigValue | undefined): value is NodeConfig {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Reading fields of a configuration with a fallback for values of another type: drafts may hold anything. */
export function textOf(config: NodeConfig, name: string): string {
  const value = config[name]
  return typeof value === 'string' ? value : ''
}

export function numberOf(config: NodeConfig, name: string, fallback = 0): number {
  const value = config[name]
  return typeof value === 'number' && Number.isFinite(value) ? value : fallback
}

export function flagOf(config: NodeConfig, name: string): boolean {
  return config[name] === true
}

export function listOf(config: NodeConfig, name: string): readonly NodeConfig[] {
  const value = config[name]
  return Array.isArray(value) ? value.filter(isConfig) : []
}

/** A field's value by path: `functions.0.expr`. */
export function valueAt(config: NodeConfig, path: string): ConfigValue | undefined {
  let value: ConfigValue | undefined = config
  for (const part of path.split('.')) {
    if (Array.isArray(value)) value = (value as readonly ConfigValue[])[Number(part)]
    else if (isConfig(value)) value = value[part]
    else return undefined
  }
  return value
}

/** A copy with the value at `path` replaced; undefined takes a field away, so that its default holds again. */
export function withValueAt(config: NodeConfig, path: string, value: ConfigValue | undefined): NodeConfig {
  const [first, ...rest] = path.split('.')
  return replaceIn(config, first!, rest, value) as NodeConfig
}

function replaceIn(
  container: NodeConfig | readonly ConfigValue[],
  name: string,
  rest: readonly string[],
  value: ConfigValue | undefined,
): NodeConfig | readonly ConfigValue[] {
  const child = Array.isArray(container) ? container[Number(name)] : (container as NodeConfig)[name]
  const inner =
    rest.length === 0 ? value : replaceIn(isContainer(child) ? child : {}, rest[0]!, rest.slice(1), value)
  if (Array.isArray(container)) {
    const copy = [...container]
    if (inner === undefined) copy.splice(Number(name), 1)
    else copy[Number(name)] = inner as ConfigValue
    return copy
  }
  const { [name]: _, ...others } = container as NodeConfig
  return inner === undefined ? others : { ...(container as NodeConfig), [name]: inner as ConfigValue }
}

function isContainer(value: ConfigValue | undefined): value is NodeConfig | readonly ConfigValue[] {
  return typeof value === 'object' && value !== null
}

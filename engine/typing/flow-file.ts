/**
 * The document as one TypeScript file: each expression a function whose parameters have the types of what flows in, each
 * output a pair of type aliases. Checked by the compiler it gives the type on every edge and the errors of all expressions at
 * once; nothing is resolved here. The file is also the module `millrace/flow`.
 */
import {
  bypassEffect,
  type ConfigValue,
  configWithDefaults,
  type Definitions,
  edgesInto,
  type FlowType,
  fieldShown,
  listOf,
  type NodeConfig,
  type NodeDefinition,
  type NodePorts,
  type PipelineDocument,
  type PipelineNode,
  portsOf,
  type TypeScope,
  topologicalOrder,
} from '../pipeline/index.ts'
import { expressionFault, typeFault } from './expression-syntax.ts'

/** A piece of the file, and what it stands for. */
export interface Place {
  readonly start: number
  readonly end: number
  readonly node: string
  readonly field: string
  /** Where in the file the person's own text begins. */
  readonly textStart: number
  readonly meaning: 'expression' | 'type' | 'input'
}

export interface TextFault {
  readonly node: string
  readonly field: string
  readonly what: string
  readonly kind: 'expression' | 'type'
}

export interface ModuleUse {
  readonly node: string
  readonly field: string
  readonly path: string
}

export interface FlowFile {
  readonly text: string
  readonly places: readonly Place[]
  readonly faults: readonly TextFault[]
  readonly modules: readonly ModuleUse[]
  /** Names of the aliases: by `node port` of outputs, and by node for what flows into processors. */
  readonly outputs: ReadonlyMap<string, FlowType>
  readonly inputs: ReadonlyMap<string, FlowType>
}

/** Folder of the person's files in the checker's world. */
export const pipelineFolder = '/pipeline'

const prelude = `import type { Headers, Processor, Windowed } from 'millrace'
type Item<T> = T extends Iterable<infer E> ? E : never
type First<T> = T extends readonly [infer A, ...(readonly unknown[])] ? A : never
type Second<T> = T extends readonly [unknown, infer B, ...(readonly unknown[])] ? B : never
type NumberOrNull<T> = [T] extends [number] ? number : number | null
type Shape<T> = T extends () => Processor<infer KIn, infer VIn, infer KOut, infer VOut>
  ? { kin: KIn; vin: VIn; kout: KOut; vout: VOut }
  : { kin: any; vin: any; kout: any; vout: any }
`

const anything: FlowType = { key: 'any', value: 'any' }

export function flowFile(
  document: PipelineDocument,
  definitions: Definitions,
  hasFile: (path: string) => boolean,
): FlowFile {
  const writer = new FlowWriter(document, definitions, hasFile)
  for (const node of topologicalOrder(document).sorted) writer.add(node)
  return writer.finish()
}

class FlowWriter {
  readonly #document: PipelineDocument
  readonly #definitions: Definitions
  readonly #hasFile: (path: string) => boolean
  readonly #parts: string[] = [prelude]
  #length = prelude.length
  #count = 0
  readonly #places: Place[] = []
  readonly #faults: TextFault[] = []
  readonly #modules: ModuleUse[] = []
  readonly #outputs = new Map<string, FlowType>()
  readonly #inputs = new Map<string, FlowType>()

  constructor(document: PipelineDocument, definitions: Definitions, hasFile: (path: string) => boolean) {
    this.#document = document
    this.#definitions = definitions
    this.#hasFile = hasFile
  }

  finish(): FlowFile {
    this.#write('export interface Flow {\n')
    for (const [node, flow] of this.#inputs)
      this.#write(`  readonly ${JSON.stringify(node)}: ${flow.value}\n`)
    this.#write('}\n')
    return {
      text: this.#parts.join(''),
      places: this.#places,
      faults: this.#faults,
      modules: this.#modules,
      outputs: this.#outputs,
      inputs: this.#inputs,
    }
  }

  add(node: PipelineNode): void {
    const definition = this.#definitions.get(node.kind)
    const ports = portsOf(this.#definitions, node)
    if (!definition || !ports) return
    const arriving: Record<string, FlowType | undefined> = {}
    for (const port of ports.inputs) arriving[port.name] = this.#arriving(node, port.name)
    const first = arriving[ports.inputs[0]?.name ?? '']
    if (ports.inputs.length > 0) this.#inputs.set(node.id, this.#aliases(first ?? anything))
    const types = node.bypass ? {} : this.#typesOf(node, definition, ports, arriving)
    const passes = bypassEffect(this.#definitions, node) === 'passes'
    for (const port of ports.outputs) {
      const flow = types[port.name] ?? (node.bypass && !passes ? undefined : first) ?? anything
      this.#outputs.set(`${node.id} ${port.name}`, this.#aliases(flow))
    }
  }

  #typesOf(
    node: PipelineNode,
    definition: NodeDefinition,
    ports: NodePorts,
    inputs: Readonly<Record<string, FlowType | undefined>>,
  ): Readonly<Record<string, FlowType>> {
    const config = this.#withTypeAliases(node, definition)
    const asked = new Set<string>()
    const standard = inputs[ports.inputs[0]?.name ?? ''] ?? anything
    const scope: TypeScope = {
      inputs,
      expression: (field, text, names) => {
        asked.add(field)
        return this.#expression(node.id, field, text, namesFor(names, standard))
      },
      module: (field, path) => this.#module(node.id, field, path, standard),
    }
    const types = definition.types?.(config, scope) ?? {}
    for (const { field, text } of expressionsOf(definition, configWithDefaults(definition, node.config))) {
      if (!asked.has(field)) this.#expression(node.id, field, text, recordNames(standard))
    }
    return types
  }

  /** Texts of types become aliases, so that a broken one is found at its field and breaks nothing else. */
  #withTypeAliases(node: PipelineNode, definition: NodeDefinition): NodeConfig {
    const config: Record<string, ConfigValue> = { ...configWithDefaults(definition, node.config) }
    for (const field of definition.fields) {
      const text = config[field.name]
      if (field.type !== 'type' || typeof text !== 'string') continue
      const fault = typeFault(text)
      if (fault) this.#faults.push({ node: node.id, field: field.name, what: fault.what, kind: 'type' })
      config[field.name] = fault
        ? 'any'
        : this.#alias(text, { node: node.id, field: field.name, meaning: 'type' })
    }
    return config
  }

  #expression(node: string, field: string, text: string, names: Readonly<Record<string, string>>): string {
    const fault = expressionFault(text)
    if (fault) {
      if (text.trim() !== '') this.#faults.push({ node, field, what: fault.what, kind: 'expression' })
      return 'any'
    }
    const { $result, ...parameters } = names
    const list = Object.entries(parameters).map(([name, type]) => `${name}: ${type}`)
    const name = `e${this.#count++}`
    const start = this.#length
    const head = `const ${name} = (${list.join(', ')}) => (`
    const expected = $result === undefined ? '' : ` satisfies ${$result}`
    this.#write(`${head}(\n${text}\n)${expected})\n`)
    const textStart = start + head.length + 2
    this.#places.push({ start, end: this.#length, node, field, textStart, meaning: 'expression' })
    return `ReturnType<typeof ${name}>`
  }

  #module(node: string, field: string, path: string, input: FlowType): { readonly output: FlowType } {
    this.#modules.push({ node, field, path })
    if (path === '' || !this.#hasFile(path)) return { output: anything }
    const shape = `s${this.#count++}`
    const specifier = JSON.stringify(`${pipelineFolder}/${path}`)
    this.#write(`type ${shape} = Shape<typeof import(${specifier}).default>\n`)
    const start = this.#length
    this.#write(`const ${shape}v: ${shape}['vin'] = null! as ${input.value}\n`)
    this.#places.push({ start, end: this.#length, node, field, textStart: start, meaning: 'input' })
    return { output: { key: `${shape}['kout']`, value: `${shape}['vout']` } }
  }

  /** Several edges into one port give the union. */
  #arriving(node: PipelineNode, port: string): FlowType | undefined {
    const flows = edgesInto(this.#document, node.id, port).flatMap((edge) => {
      const flow = this.#outputs.get(`${edge.from.node} ${edge.from.port}`)
      return flow ? [flow] : []
    })
    if (flows.length < 2) return flows[0]
    return {
      key: flows.map((flow) => flow.key).join(' | '),
      value: flows.map((flow) => flow.value).join(' | '),
    }
  }

  #aliases(flow: FlowType): FlowType {
    return { key: this.#alias(flow.key), value: this.#alias(flow.value) }
  }

  #alias(type: string, place?: Pick<Place, 'node' | 'field' | 'meaning'>): string {
    if (/^t\d+$/.test(type)) return type
    const name = `t${this.#count++}`
    const start = this.#length
    const head = `type ${name} =\n`
    this.#write(`${head}${type}\n`)
    if (place) this.#places.push({ ...place, start, end: this.#length, textStart: start + head.length })
    return name
  }

  #write(text: string): void {
    this.#parts.push(text)
    this.#length += text.length
  }
}

/** `$result` alone says what is expected, not what is seen. */
function namesFor(
  names: Readonly<Record<string, string>> | undefined,
  standard: FlowType,
): Readonly<Record<string, string>> {
  if (names && Object.keys(names).some((name) => name !== '$result')) return names
  return { ...recordNames(standard), ...names }
}

function recordNames(flow: FlowType): Readonly<Record<string, string>> {
  return { key: flow.key, value: flow.value, timestamp: 'number', headers: 'Headers' }
}

/** Every expression of a configuration that its form shows, with its path. */
function expressionsOf(definition: NodeDefinition, config: NodeConfig): { field: string; text: string }[] {
  return definition.fields.flatMap((field) => {
    if (!fieldShown(field, config)) return []
    const value = config[field.name]
    if (field.type === 'expression')
      return typeof value === 'string' && value !== '' ? [{ field: field.name, text: value }] : []
    if (field.type !== 'list') return []
    return listOf(config, field.name).flatMap((item, index) =>
      field.item.flatMap((inner) => {
        const text = item[inner.name]
        if (
          inner.type !== 'expression' ||
          typeof text !== 'string' ||
          text === '' ||
          !fieldShown(inner, item)
        )
          return []
        return [{ field: `${field.name}.${index}.${inner.name}`, text }]
      }),
    )
  })
}

/**
 * The plan as code in the DSL, as a person would write it: a constant for each node, helper steps chained in front of the
 * step that they serve, expressions as arrow functions.
 */
import { unreachable } from '../base/assert.ts'
import type { Step, TopologyPlan } from '../compile/index.ts'
import { type FlowType, operand, type PipelineDocument } from '../pipeline/index.ts'
import {
  call,
  commentText,
  durationCode,
  importCode,
  listCode,
  literal,
  objectCode,
  ofPositions,
  ofRecord,
  propertyName,
  quoted,
  variableName,
} from './code-text.ts'
import { FlowTypes } from './flow-types.ts'
import { chainsOnto, inputsOf, typedPicker } from './plan-steps.ts'

export interface TopologyCodeOptions {
  readonly document: PipelineDocument
  /** Type of what leaves a node's port `out`; `any` where it is not known. */
  outputType(node: string): FlowType
}

/** Text of `src/topology.ts`. */
export function topologyCode(plan: TopologyPlan, options: TopologyCodeOptions): string {
  return new TopologyPrinter(plan, options).print()
}

const indent = '  '
/** Room for `const name = ` in front of a call. */
const constMax = 14

type WindowSpec = NonNullable<Extract<Step, { op: 'count' }>['window']>

class TopologyPrinter {
  readonly #plan: TopologyPlan
  readonly #options: TopologyCodeOptions
  readonly #steps: ReadonlyMap<string, Step>
  readonly #uses = new Map<string, number>()
  readonly #names = new Map<string, string>()
  readonly #taken = new Set<string>()
  readonly #imports = new Set<string>(['createBuilder'])
  readonly #nodeImports = new Set<string>()
  readonly #types: FlowTypes
  readonly #modules = new Map<string, string>()

  constructor(plan: TopologyPlan, options: TopologyCodeOptions) {
    this.#plan = plan
    this.#options = options
    this.#steps = new Map(plan.steps.map((step) => [step.id, step]))
    this.#types = new FlowTypes(this.#steps, (node) => options.outputType(node))
    for (const step of plan.steps) {
      for (const from of inputsOf(step)) this.#uses.set(from, (this.#uses.get(from) ?? 0) + 1)
    }
  }

  print(): string {
    const statements = this.#plan.steps
      .filter((step) => !this.#isChained(step))
      .map((step) => this.#statement(step))
    const { declarations } = this.#types
    const modules = [...this.#modules].map(([path, name]) => `import ${name} from ${quoted(`../${path}`)}\n`)
    return [
      importCode([...[...this.#imports].sort(), 'type PlannedTopic', 'type Topology'], 'millrace'),
      this.#nodeImports.size > 0 ? importCode([...this.#nodeImports].sort(), 'millrace/nodes') : '',
      ...modules,
      declarations.length > 0 ? `\n${declarations.join('\n')}` : '',
      `\n${this.#comment()}export function buildTopology(): Topology {\n`,
      `${indent}const builder = createBuilder()\n\n`,
      statements.join('\n'),
      `\n${indent}return builder.build()\n}\n`,
      this.#topicsCode(),
    ].join('')
  }

  #comment(): string {
    const { name, description } = this.#options.document
    return commentText(description ? `${name}: ${description}` : name)
  }

  #topicsCode(): string {
    const topics = this.#plan.topics.map((topic) => `${indent}${literal(topic, indent)},\n`).join('')
    return `\n/** Made at the start, where they are missing. */\nexport const topics: readonly PlannedTopic[] = [\n${topics}]\n`
  }

  /** A helper step of the same node with a single follower stands in its follower's chain. */
  #isChained(step: Step): boolean {
    if (
      this.#uses.get(step.id) !== 1 ||
      ['branch', 'merge', 'stream', 'table', 'globalTable'].includes(step.op)
    )
      return false
    const follower = this.#plan.steps.find((other) => inputsOf(other).includes(step.id))
    if (!follower || !chainsOnto(follower, step)) return false
    return follower.node === step.node || step.op === 'toStream'
  }

  #statement(step: Step): string {
    const note = this.#noteOf(step)
    const code = this.#code(step)
    if (step.op === 'to' || step.op === 'external') return `${note}${indent}${code}\n`
    return `${note}${indent}const ${this.#name(step.id)} = ${code}\n`
  }

  #noteOf(step: Step): string {
    const note =
      step.id === step.node ? this.#options.document.nodes.find((node) => node.id === step.node)?.note : ''
    return (note ?? '')
      .split(/[\r\n\u2028\u2029]/)
      .filter((line) => line.trim() !== '')
      .map((line) => `${indent}// ${line}\n`)
      .join('')
  }

  #name(id: string): string {
    const known = this.#names.get(id)
    if (known !== undefined) return known
    let name = variableName(id)
    for (let number = 2; this.#taken.has(name); number++) name = `${variableName(id)}${number}`
    this.#taken.add(name)
    this.#names.set(id, name)
    return name
  }

  /** How a step's result is referred to: by its constant, or by its own code where it is chained. */
  #ref(id: string): string {
    const step = this.#steps.get(id)
    if (step) return this.#isChained(step) ? this.#code(step) : this.#name(id)
    const dot = id.lastIndexOf('.')
    const branch = propertyName(id.slice(dot + 1))
    return branch.startsWith("'")
      ? `${this.#name(id.slice(0, dot))}[${branch}]`
      : `${this.#name(id.slice(0, dot))}.${branch}`
  }

  #use(name: string): string {
    this.#imports.add(name)
    return name
  }

  #code(step: Step): string {
    const name = `name: ${quoted(step.id)}`
    switch (step.op) {
      case 'stream':
      case 'table':
        return this.#source(step)
      case 'mapValues':
      case 'filter':
      case 'filterNot':
      case 'flatMap':
      case 'flatMapValues':
      case 'selectKey':
      case 'groupBy':
      case 'map':
        return this.#after(step.from, step.op, [ofRecord(step.expr), `{ ${name} }`])
      case 'repartition':
      case 'groupByKey':
      case 'toStream':
        return this.#after(step.from, step.op, [
          `{ ${name}${step.partitions ? `, partitions: ${step.partitions}` : ''} }`,
        ])
      case 'toTable':
        return this.#after(step.from, step.op, [`{ ${name} }`])
      case 'suppress': {
        const limit = step.until === 'time-limit' ? durationCode(step.limitMs) : undefined
        const buffer = step.buffer && literal(step.buffer)
        const members = [
          ['name', quoted(step.id)],
          ['until', quoted(step.until)],
          ['limitMs', limit],
        ] as const
        return this.#after(step.from, 'suppress', [objectCode([...members, ['buffer', buffer]])])
      }
      case 'branch':
        return this.#branch(step)
      case 'merge':
        return this.#merge(step)
      case 'process':
        return this.#process(step)
      case 'count':
      case 'summarize':
      case 'aggregate':
      case 'reduce':
        return this.#aggregate(step)
      case 'streamStreamJoin':
      case 'streamTableJoin':
      case 'tableTableJoin':
        return this.#join(step)
      case 'foreignKeyJoin': {
        const { left, right, type, foreignKey, joiner, store } = step
        return this.#after(left, 'joinForeignKey', [
          this.#ref(right),
          ofPositions(foreignKey, ['value', 'key']),
          ofPositions(joiner, ['left', 'right', 'key']),
          objectCode([
            ['name', quoted(step.id)],
            ['type', quoted(type)],
            ['store', store === undefined ? undefined : quoted(store)],
          ]),
        ])
      }
      case 'globalTable': {
        const options = objectCode([
          ['name', quoted(step.id)],
          ['key', this.#serde(step.keyFormat)],
          ['value', this.#serde(step.valueFormat)],
          ['store', step.store === undefined ? undefined : quoted(step.store)],
        ])
        return call('builder.globalTable', [quoted(step.topic), options], indent, constMax)
      }
      case 'streamGlobalTableJoin':
        return this.#after(step.left, 'joinGlobal', [
          this.#ref(step.right),
          ofRecord(step.keyExpr),
          ofPositions(step.joiner, ['left', 'right', 'key']),
          objectCode([
            ['name', quoted(step.id)],
            ['type', quoted(step.type)],
          ]),
        ])
      case 'cogroup':
        return this.#cogroup(step)
      case 'to':
        return this.#sink(step)
      case 'external':
        this.#nodeImports.add('fileSink')
        return this.#after(step.from, 'toExternal', [
          `fileSink(${literal(step.config, '    ')})`,
          `{ ${name} }`,
        ])
      default:
        return unreachable(step)
    }
  }

  /** `receiver.method(…)`, on a line of its own behind a receiver that is a call. */
  #after(from: string, method: string, args: readonly string[]): string {
    const receiver = this.#ref(from)
    if (!receiver.includes('(')) return call(`${receiver}.${method}`, args, indent, constMax)
    const inner = `${indent}  `
    const first = receiver.includes('\n')
      ? receiver
      : receiver.replace(/^(\w+(?:\.\w+|\['[^']*'\])?)\./, `$1\n${inner}.`)
    return `${first}\n${inner}.${call(method, args, inner)}`
  }

  #source(step: Extract<Step, { op: 'stream' | 'table' }>): string {
    const type = this.#options.outputType(step.node)
    const value = this.#types.named(step.node, type.value)
    const { timestamp } = step
    const options = objectCode(
      [
        ['name', quoted(step.id)],
        ['key', this.#serde(step.keyFormat)],
        ['value', this.#serde(step.valueFormat)],
        [
          'versionedHistoryMs',
          step.versionedHistoryMs === undefined ? undefined : durationCode(step.versionedHistoryMs),
        ],
        [
          'timestamp',
          timestamp === undefined || timestamp === 'record'
            ? undefined
            : typeof timestamp === 'string'
              ? quoted(timestamp)
              : ofPositions(`new Date(${operand(timestamp.expr)}).getTime()`, ['key', 'value', 'timestamp']),
        ],
      ],
      indent,
    )
    return call(`builder.${step.op}<${type.key}, ${value}>`, [quoted(step.topic), options], indent, constMax)
  }

  #serde(format: string | undefined): string | undefined {
    if (format === 'string' || format === 'bytes') return `${this.#use(format)}()`
    return format === 'windowed-json' ? `${this.#use('windowedJson')}()` : undefined
  }

  #branch(step: Extract<Step, { op: 'branch' }>): string {
    const branches = step.branches.map(({ name, when }) =>
      objectCode([
        ['name', quoted(name)],
        ['when', ofRecord(when)],
      ]),
    )
    const options = objectCode([
      ['name', quoted(step.id)],
      ['otherwise', step.otherwise === undefined ? undefined : quoted(step.otherwise)],
    ])
    return call(`${this.#ref(step.from)}.branch`, [listCode(branches, indent), options], indent, constMax)
  }

  /** Streams of different types are told to be of the union first: the runtime does not mind. */
  #merge(step: Extract<Step, { op: 'merge' }>): string {
    const flows = step.from.map((from) => this.#types.of(from))
    const alike = flows.every(({ key, value }) => key === flows[0]?.key && value === flows[0]?.value)
    const { key, value } = this.#types.of(step.id)
    const union = alike ? '' : ` as KStream<${key}, ${this.#types.named(step.id, value)}>`
    if (!alike) this.#imports.add('type KStream')
    const [first = '', ...others] = step.from
    const start = alike ? this.#ref(first) : `(${this.#ref(first)}${union})`
    return others.reduce((code, other, index) => {
      const id = index === others.length - 1 ? step.id : `${step.id}-${index + 1}`
      return call(
        `${code}.merge`,
        [`${this.#ref(other)}${union}`, `{ name: ${quoted(id)} }`],
        indent,
        constMax,
      )
    }, start)
  }

  #process(step: Extract<Step, { op: 'process' }>): string {
    const name = this.#modules.get(step.module) ?? this.#moduleName(step.module)
    this.#modules.set(step.module, name)
    const stores = step.stores.length === 0 ? undefined : literal(step.stores, indent)
    return this.#after(step.from, 'process', [
      name,
      objectCode(
        [
          ['name', quoted(step.id)],
          ['stores', stores],
          ['outputs', step.outputs && literal(step.outputs)],
        ],
        indent,
      ),
    ])
  }

  #moduleName(path: string): string {
    const base = variableName(path.replace(/^.*\//, '').replace(/\.ts$/, ''))
    const name = this.#plan.steps.some((step) => variableName(step.id) === base) ? `${base}Processor` : base
    this.#taken.add(name)
    return name
  }

  #aggregate(step: Extract<Step, { op: 'count' | 'summarize' | 'aggregate' | 'reduce' }>): string {
    const grouped = this.#ref(step.from)
    const inner = `${indent}  `
    const lines = [grouped.includes('\n') ? grouped : grouped.replace(/\.(?=groupBy)/, `\n${inner}.`)]
    const { window } = step
    if (window) {
      const members = windowMembers(window)
      if (window.graceMs > 0) members.push(['graceMs', durationCode(window.graceMs)])
      lines.push(`.windowedBy(${this.#use(window.type)}(${objectCode(members)}))`)
    }
    const emit = window && step.emit === 'on-window-close' ? quoted(step.emit) : undefined
    const options = objectCode([
      ['name', quoted(step.id)],
      ['store', step.store ? quoted(step.store) : undefined],
      ['emit', emit],
      ['retentionMs', window && step.retentionMs ? durationCode(step.retentionMs) : undefined],
    ])
    lines.push(`.${this.#aggregation(step, options, inner)}`)
    return lines.join(`\n${inner}`)
  }

  #aggregation(
    step: Extract<Step, { op: 'count' | 'summarize' | 'aggregate' | 'reduce' }>,
    options: string,
    at: string,
  ): string {
    if (step.op === 'count') return `count(${options})`
    if (step.op === 'reduce')
      return call('reduce', [ofPositions(step.add, ['aggregate', 'value', 'key']), options], at)
    if (step.op === 'aggregate') {
      const init = `init: () => (${literal(step.init)})`
      const add = `add: ${ofPositions(step.add, ['aggregate', 'value', 'key'])}`
      const merge =
        step.merge === undefined ? '' : `, merge: ${ofPositions(step.merge, ['left', 'right', 'key'])}`
      return call('aggregate', [`{ ${init}, ${add}${merge} }`, options], at)
    }
    const value = this.#inputValue(step.from)
    const figures = step.functions.map(({ fn, expr, as }): [string, string] => [
      as,
      expr === undefined ? `${this.#use(fn)}()` : `${this.#use(fn)}(${typedPicker(expr, value)})`,
    ])
    return call('aggregate', [`${this.#use('summarize')}(${objectCode(figures, at)})`, options], at)
  }

  /** The pickers of a summary stand alone: nothing tells the compiler what they are given. */
  #inputValue(grouping: string): string {
    const step = this.#steps.get(grouping)
    const from = step && 'from' in step && typeof step.from === 'string' ? step.from : undefined
    return from === undefined ? 'any' : this.#types.valueOf(from)
  }

  #cogroup(step: Extract<Step, { op: 'cogroup' }>): string {
    const { window, merge, store, retentionMs } = step
    const args = ['aggregate', 'value', 'key'] as const
    const [first, ...others] = step.parts
    const inner = `${indent}  `
    const start = `${this.#ref(first!.from)}.cogroup(${ofPositions(first!.add, args)})`
    const lines = others.map(({ from, add }) => `.cogroup(${this.#ref(from)}, ${ofPositions(add, args)})`)
    const init = `() => (${literal(step.init)})`
    const options = objectCode([
      ['name', quoted(step.id)],
      ['store', store === undefined ? undefined : quoted(store)],
      ['retentionMs', retentionMs === undefined ? undefined : durationCode(retentionMs)],
      ['merge', merge === undefined ? undefined : ofPositions(merge, ['left', 'right', 'key'])],
    ])
    if (window === undefined) lines.push(`.${call('aggregate', [init, options], inner)}`)
    else lines.push(`.${call('aggregateWindows', [literal(window), init, options], inner)}`)
    return [start, ...lines].join(`\n${inner}`)
  }

  #join(step: Extract<Step, { op: 'streamStreamJoin' | 'streamTableJoin' | 'tableTableJoin' }>): string {
    const joiner = ofPositions(step.joiner, ['left', 'right', 'key'])
    const members: [string, string][] = [
      ['name', quoted(step.id)],
      ['type', quoted(step.type)],
    ]
    if (step.op === 'streamStreamJoin') {
      members.push(['beforeMs', durationCode(step.beforeMs)], ['afterMs', durationCode(step.afterMs)])
      members.push(['graceMs', durationCode(step.graceMs)])
    }
    if (step.op === 'streamTableJoin' && step.graceMs !== undefined)
      members.push(['graceMs', durationCode(step.graceMs)])
    if (step.op === 'tableTableJoin' && step.store !== undefined) members.push(['store', quoted(step.store)])
    const method = step.op === 'streamStreamJoin' ? 'joinStream' : 'joinTable'
    return this.#after(step.left, method, [this.#ref(step.right), joiner, objectCode(members, indent)])
  }

  #sink(step: Extract<Step, { op: 'to' }>): string {
    const { partitioner, acks, compression } = step
    const options = objectCode(
      [
        ['name', quoted(step.id)],
        ['key', this.#serde(step.keyFormat)],
        ['value', this.#serde(step.valueFormat)],
        [
          'partitioner',
          partitioner === undefined || partitioner === 'default'
            ? undefined
            : typeof partitioner === 'string'
              ? quoted(partitioner)
              : ofRecord(partitioner.expr).replace(
                  /^\(([^)]*)\) =>/,
                  (_, record) => `(${record || '_record'}, partitions) =>`,
                ),
        ],
        ['acks', acks === undefined ? undefined : literal(acks)],
        ['compression', compression === undefined ? undefined : quoted(compression)],
      ],
      indent,
    )
    return this.#after(step.from, 'to', [quoted(step.topic), options])
  }
}

function windowMembers(window: WindowSpec): [string, string][] {
  switch (window.type) {
    case 'session':
      return [['gapMs', durationCode(window.gapMs)]]
    case 'sliding':
      return [['differenceMs', durationCode(window.differenceMs)]]
    case 'hopping':
      return [
        ['sizeMs', durationCode(window.sizeMs)],
        ['advanceMs', durationCode(window.advanceMs)],
      ]
    default:
      return [['sizeMs', durationCode(window.sizeMs)]]
  }
}

import type { Step } from '../compile/index.ts'
import type { FlowType } from '../pipeline/index.ts'
import { typeDeclaration, typeName } from './code-text.ts'

/** The types of what flows between steps, and the declarations that the code needs for them. */
export class FlowTypes {
  readonly #steps: ReadonlyMap<string, Step>
  readonly #outputType: (node: string) => FlowType
  readonly #declarations: string[] = []

  constructor(steps: ReadonlyMap<string, Step>, outputType: (node: string) => FlowType) {
    this.#steps = steps
    this.#outputType = outputType
  }

  /** In the order in which they were asked for. */
  get declarations(): readonly string[] {
    return this.#declarations
  }

  /** A type's text by its name, where it is long enough to have one. */
  named(id: string, text: string): string {
    const name = typeName(id)
    const declaration = typeDeclaration(name, text)
    if (declaration === undefined) return text
    if (!this.#declarations.includes(declaration)) this.#declarations.push(declaration)
    return name
  }

  /** Helper steps have types of their own: what they are given, and not what leaves their node. */
  of(ref: string): FlowType {
    const step = this.#step(ref)
    if (step?.op === 'merge') {
      const flows = step.from.map((from) => this.of(from))
      const union = (texts: readonly string[]) => [...new Set(texts)].join(' | ')
      return { key: union(flows.map((flow) => flow.key)), value: union(flows.map((flow) => flow.value)) }
    }
    if (step?.op === 'selectKey' && step.id !== step.node) {
      return { key: 'any', value: this.of(step.from).value }
    }
    return step ? this.#outputType(step.node) : { key: 'any', value: 'any' }
  }

  valueOf(ref: string): string {
    const step = this.#step(ref)
    const { value } = this.of(ref)
    const hasName = step !== undefined && (step.id === step.node || step.op === 'merge')
    return hasName ? this.named(step.id, value) : value
  }

  /** A branch's child is `id.name`. */
  #step(ref: string): Step | undefined {
    return this.#steps.get(ref) ?? this.#steps.get(ref.slice(0, Math.max(ref.lastIndexOf('.'), 0)))
  }
}

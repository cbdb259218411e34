/** Checks a node's configuration against its definition's fields. */
import { configWithDefaults, fieldShown, isConfig } from './config.ts'
import type { FieldSpec, NodeDefinition } from './definition.ts'
import type { ConfigValue, NodeConfig, PipelineNode } from './document.ts'
import type { Problem } from './problem.ts'
import { type ProblemCode, problem, problemCodes } from './problem-codes.ts'

/** What is wrong with an expression's syntax, or undefined. Injected: whoever can parse JavaScript. */
export type ExpressionChecker = (text: string) => { readonly what: string } | undefined

export interface FieldCheck {
  readonly checkExpression?: ExpressionChecker
}

export function checkNodeConfig(
  node: PipelineNode,
  definition: NodeDefinition,
  options: FieldCheck = {},
): Problem[] {
  const config = configWithDefaults(definition, node.config)
  const report = (code: ProblemCode, field: string, what: string, remedy: string): Problem =>
    problem(code, { what: `${node.name}: ${what}`, remedy, node: node.id, field })
  const found = checkFields(definition.fields, config, '', report, options)
  const known = new Set(definition.fields.map((field) => field.name))
  for (const name of Object.keys(node.config)) {
    if (known.has(name)) continue
    found.push(
      report(
        'MR-105',
        name,
        `“${name}” is not a setting of ${definition.title}`,
        'take it out of pipeline.json',
      ),
    )
  }
  for (const part of definition.check?.(config) ?? []) {
    if (!isProblemCode(part.code)) continue
    found.push(report(part.code, part.field, part.what, part.remedy))
  }
  return found
}

export function isProblemCode(code: string): code is ProblemCode {
  return Object.hasOwn(problemCodes, code)
}

type Report = (code: ProblemCode, field: string, what: string, remedy: string) => Problem

function checkFields(
  fields: readonly FieldSpec[],
  config: NodeConfig,
  prefix: string,
  report: Report,
  options: FieldCheck,
): Problem[] {
  return fields.flatMap((field) => {
    if (!fieldShown(field, config)) return []
    const path = prefix + field.name
    const value = config[field.name]
    if (value === undefined || value === null || value === '') {
      if (!field.required) return []
      return [report('MR-102', path, `“${field.label}” is empty`, `fill in “${field.label}”`)]
    }
    if (field.type === 'list') return checkList(field, value, path, report, options)
    const wrong = wrongValue(field, value)
    if (wrong) return [report('MR-103', path, `“${field.label}” ${wrong.what}`, wrong.remedy)]
    return checkText(field, value, path, report, options)
  })
}

function checkList(
  field: Extract<FieldSpec, { type: 'list' }>,
  value: ConfigValue,
  path: string,
  report: Report,
  options: FieldCheck,
): Problem[] {
  if (!Array.isArray(value) || !value.every(isConfig)) {
    return [report('MR-103', path, `“${field.label}” is not a list`, 'mend it in pipeline.json')]
  }
  const items: readonly NodeConfig[] = value.filter(isConfig)
  const found = items.flatMap((item, index) =>
    checkFields(field.item, item, `${path}.${index}.`, report, options),
  )
  if (items.length < (field.min ?? 0)) {
    const least = field.min === 1 ? 'one entry' : `${field.min} entries`
    found.push(report('MR-108', path, `“${field.label}” needs at least ${least}`, field.addLabel))
  }
  return found
}

interface Wrong {
  readonly what: string
  readonly remedy: string
}

function wrongValue(field: Exclude<FieldSpec, { type: 'list' }>, value: ConfigValue): Wrong | undefined {
  switch (field.type) {
    case 'number':
      return wrongNumber(value, field)
    case 'duration':
      return wrongNumber(value, { min: field.min ?? 0, integer: true })
    case 'boolean':
      return typeof value === 'boolean'
        ? undefined
        : { what: 'is not true or false', remedy: 'choose one of them' }
    case 'select': {
      if (field.options.some((option) => option.value === value)) return undefined
      const options = field.options.map(valueWithLabel).join(', ')
      return { what: `cannot be ${JSON.stringify(value)}`, remedy: `choose one of ${options}` }
    }
    default:
      return typeof value === 'string' ? undefined : { what: 'is not a text', remedy: 'write a text' }
  }
}

/** The form has labels, the file values: only there can be a wrong one. */
function valueWithLabel({ value, label }: { readonly value: string; readonly label: string }): string {
  return label.toLowerCase() === value ? `"${value}"` : `"${value}" (${label})`
}

function wrongNumber(
  value: ConfigValue,
  limits: { readonly min?: number; readonly max?: number; readonly integer?: boolean },
): Wrong | undefined {
  if (typeof value !== 'number' || !Number.isFinite(value))
    return { what: 'is not a number', remedy: 'write a number' }
  if (limits.integer && !Number.isInteger(value))
    return { what: `is ${value}`, remedy: 'write a whole number' }
  if (limits.min !== undefined && value < limits.min) {
    return { what: `is ${value}, below ${limits.min}`, remedy: `write ${limits.min} or more` }
  }
  if (limits.max !== undefined && value > limits.max) {
    return { what: `is ${value}, above ${limits.max}`, remedy: `write ${limits.max} or less` }
  }
  return undefined
}

/** More keeps the compiler for seconds, and after that for minutes. */
const codeCharactersMax: Partial<Record<FieldSpec['type'], number>> = { expression: 10_000, type: 50_000 }

function checkText(
  field: Exclude<FieldSpec, { type: 'list' }>,
  value: ConfigValue,
  path: string,
  report: Report,
  options: FieldCheck,
): Problem[] {
  if (typeof value !== 'string') return []
  const charactersMax = codeCharactersMax[field.type]
  if (charactersMax !== undefined && value.length > charactersMax) {
    const what = `“${field.label}” has ${value.length} characters`
    return [
      report('MR-133', path, what, `write at most ${charactersMax}; long code belongs into a processor`),
    ]
  }
  if ((field.type === 'file' || field.type === 'code') && hasControlCharacter(value)) {
    const what = `“${field.label}” cannot be ${JSON.stringify(value)}`
    return [report('MR-103', path, what, 'name the file without control characters')]
  }
  if (field.type === 'expression') {
    const wrong = options.checkExpression?.(value)
    if (!wrong) return []
    return [
      report('MR-104', path, `“${field.label}” is not JavaScript: ${wrong.what}`, 'correct the expression'),
    ]
  }
  if (field.type === 'topic' && !isTopicName(value)) {
    return [
      report(
        'MR-125',
        path,
        `“${value}” is not a topic name`,
        'use up to 249 letters, digits, ".", "_" and "-"',
      ),
    ]
  }
  if (field.type === 'text' && field.pattern && !new RegExp(`^(?:${field.pattern})$`).test(value)) {
    return [
      report('MR-103', path, `“${field.label}” cannot be “${value}”`, field.help ?? 'write it differently'),
    ]
  }
  if (field.type === 'json' && !isJson(value)) {
    return [
      report(
        'MR-126',
        path,
        `“${field.label}” is not JSON`,
        'correct it; names and texts stand in double quotes',
      ),
    ]
  }
  if ((field.type === 'file' || field.type === 'code') && !staysInside(value)) {
    const remedy = 'put the file into the folder, and name it without “..”'
    return [report('MR-124', path, `“${value}” leads out of the pipeline’s folder`, remedy)]
  }
  return []
}

export function isTopicName(name: string): boolean {
  return /^[A-Za-z0-9._-]{1,249}$/.test(name) && name !== '.' && name !== '..'
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch (thrown) {
    if (thrown instanceof SyntaxError) return false
    throw thrown
  }
}

export function hasControlCharacter(text: string): boolean {
  return /\p{Cc}/u.test(text)
}

function staysInside(path: string): boolean {
  return !/^(?:[\\/]|[A-Za-z]:)/.test(path) && !path.split(/[\\/]/).includes('..')
}

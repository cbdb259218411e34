import { MillraceError } from '../../base/errors.ts'

/** Kafka's types of settings, with its numbers in DescribeConfigs. */
export const settingTypeCodes = {
  boolean: 1,
  string: 2,
  int: 3,
  long: 5,
  double: 6,
  list: 7,
  password: 9,
} as const

export type SettingType = keyof typeof settingTypeCodes

export interface Setting {
  readonly name: string
  readonly type: SettingType
  /** As text, as Kafka's tools show it. */
  readonly fallback: string
  readonly min?: number
  readonly max?: number
  /** The texts that are allowed; of a list: its elements. */
  readonly oneOf?: readonly string[]
  /** Of a broker: can be changed while it runs (KIP-226). */
  readonly isDynamic?: boolean
  readonly documentation: string
}

/** The text, in the form that is stored. @throws MillraceError INVALID_CONFIG */
export function checkedSetting(setting: Setting, text: string): string {
  const value = text.trim()
  const { name, type, min, max, oneOf } = setting
  if (type === 'boolean' && value !== 'true' && value !== 'false') throw invalid(name, text, 'true or false')
  if (type === 'int' || type === 'long' || type === 'double') {
    const number = Number(value)
    const isWhole = type === 'double' ? Number.isFinite(number) : Number.isSafeInteger(number)
    if (value === '' || !isWhole) throw invalid(name, text, type === 'double' ? 'a number' : 'a whole number')
    if (min !== undefined && number < min) throw invalid(name, text, `at least ${min}`)
    if (max !== undefined && number > max) throw invalid(name, text, `at most ${max}`)
  }
  if (oneOf) {
    const parts = type === 'list' ? listOf(value) : [value]
    if (!parts.every((part) => oneOf.includes(part))) throw invalid(name, text, `of ${oneOf.join(', ')}`)
  }
  return value
}

export function listOf(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
}

function invalid(name: string, text: string, wanted: string): MillraceError {
  return new MillraceError({
    code: 'INVALID_CONFIG',
    what: `"${text}" is no value for ${name}`,
    where: name,
    remedy: `give ${wanted}`,
  })
}

/** Typed access to settings kept as text. */
export class SettingValues {
  private readonly lookUp: (name: string) => string

  constructor(lookUp: (name: string) => string) {
    this.lookUp = lookUp
  }

  text(name: string): string {
    return this.lookUp(name)
  }

  number(name: string): number {
    return Number(this.lookUp(name))
  }

  flag(name: string): boolean {
    return this.lookUp(name) === 'true'
  }

  list(name: string): string[] {
    return listOf(this.lookUp(name))
  }
}

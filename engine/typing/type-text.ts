import ts from 'typescript'

const depthMax = 8
const partsMax = 60

/**
 * A type as a text that stands on its own: aliases and interfaces are written out, since whoever reads it (the editor, an
 * exported project) does not have their declarations. Recursive types end in `unknown`.
 */
export function typeText(checker: ts.TypeChecker, type: ts.Type): string {
  return new TypePrinter(checker).print(type, 0, [])
}

class TypePrinter {
  readonly #checker: ts.TypeChecker

  constructor(checker: ts.TypeChecker) {
    this.#checker = checker
  }

  print(type: ts.Type, depth: number, within: readonly ts.Type[]): string {
    if (type.flags & ts.TypeFlags.Any) return 'any'
    if (type.flags & ts.TypeFlags.Boolean) return 'boolean'
    if (type.isUnion()) return this.#union(type, depth, within)
    if (isPlain(type)) return this.#checker.typeToString(type, undefined, ts.TypeFormatFlags.NoTruncation)
    if (within.includes(type) || depth > depthMax) return 'unknown'
    if (type.flags & (ts.TypeFlags.Object | ts.TypeFlags.Intersection)) {
      return this.#object(type, depth, [...within, type])
    }
    const constraint = this.#checker.getBaseConstraintOfType(type)
    return constraint && constraint !== type
      ? this.print(constraint, depth + 1, [...within, type])
      : 'unknown'
  }

  #union(type: ts.UnionType, depth: number, within: readonly ts.Type[]): string {
    const parts = type.types.map((part) => this.print(part, depth, within))
    const whole = parts.includes('true') && parts.includes('false')
    const named = whole ? ['boolean', ...parts.filter((part) => part !== 'true' && part !== 'false')] : parts
    const nothing = (part: string) => (part === 'null' || part === 'undefined' ? 1 : 0)
    const sorted = [...new Set(named)].sort((a, b) => nothing(a) - nothing(b))
    return sorted.slice(0, partsMax).join(' | ')
  }

  #object(type: ts.Type, depth: number, within: readonly ts.Type[]): string {
    if (this.#checker.isTupleType(type)) {
      const parts = this.#argumentsOf(type).map((part) => this.print(part, depth + 1, within))
      return `[${parts.join(', ')}]`
    }
    if (this.#checker.isArrayType(type)) {
      const [element] = this.#argumentsOf(type)
      const text = element ? this.print(element, depth + 1, within) : 'unknown'
      return text.includes(' | ') ? `(${text})[]` : `${text}[]`
    }
    if (type.getCallSignatures().length > 0 || type.getConstructSignatures().length > 0) return 'unknown'
    if (isFromLibrary(type))
      return this.#checker.typeToString(type, undefined, ts.TypeFormatFlags.NoTruncation)
    return this.#members(type, depth, within)
  }

  #argumentsOf(type: ts.Type): readonly ts.Type[] {
    return type.flags & ts.TypeFlags.Object && (type as ts.ObjectType).objectFlags & ts.ObjectFlags.Reference
      ? this.#checker.getTypeArguments(type as ts.TypeReference)
      : []
  }

  #members(type: ts.Type, depth: number, within: readonly ts.Type[]): string {
    const members: string[] = []
    for (const index of this.#checker.getIndexInfosOfType(type)) {
      const key = this.print(index.keyType, depth + 1, within)
      members.push(`[name: ${key}]: ${this.print(index.type, depth + 1, within)}`)
    }
    for (const property of this.#checker.getPropertiesOfType(type).slice(0, partsMax)) {
      const optional = (property.flags & ts.SymbolFlags.Optional) !== 0
      const value = this.#checker.getTypeOfSymbol(property)
      const shown = optional ? this.#checker.getNonNullableType(value) : value
      const keepsNull = optional && includesNull(value) ? ' | null' : ''
      members.push(
        `${nameText(property.name)}${optional ? '?' : ''}: ${this.print(shown, depth + 1, within)}${keepsNull}`,
      )
    }
    return members.length === 0 ? '{}' : `{ ${members.join('; ')} }`
  }
}

const plainFlags =
  ts.TypeFlags.StringLike |
  ts.TypeFlags.NumberLike |
  ts.TypeFlags.BooleanLike |
  ts.TypeFlags.BigIntLike |
  ts.TypeFlags.ESSymbolLike |
  ts.TypeFlags.Null |
  ts.TypeFlags.Undefined |
  ts.TypeFlags.Void |
  ts.TypeFlags.Never |
  ts.TypeFlags.Unknown

function isPlain(type: ts.Type): boolean {
  return (type.flags & plainFlags) !== 0
}

function includesNull(type: ts.Type): boolean {
  return type.isUnion() && type.types.some((part) => part.flags & ts.TypeFlags.Null)
}

/** `Date`, `Map`, …: known everywhere by name. */
function isFromLibrary(type: ts.Type): boolean {
  const file = type.symbol?.declarations?.[0]?.getSourceFile().fileName
  return file?.startsWith('/lib/') ?? false
}

function nameText(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name)
}

import { MillraceError } from '../../../base/errors.ts'
import {
  type Fits,
  inAnyCase,
  isIn,
  newline,
  type PatternNode,
  perlClasses,
  posixClasses,
  type Ranges,
} from './syntax.ts'

const lengthMax = 4096
const depthMax = 200
const repeatMax = 1000

interface Flags {
  readonly i: boolean
  readonly m: boolean
  readonly s: boolean
}

/**
 * RE2's syntax, which has no back references and does not look around, so that it can be run in linear time.
 * @throws MillraceError INVALID_REGULAR_EXPRESSION
 */
export function parsePattern(text: string): PatternNode {
  return new PatternParser(text).whole()
}

class PatternParser {
  private readonly text: string
  private at = 0
  private depth = 0
  private flags: Flags = { i: false, m: false, s: false }

  constructor(text: string) {
    this.text = text
    if (text.length > lengthMax) throw this.fault(`it is longer than ${lengthMax} characters`)
  }

  whole(): PatternNode {
    const node = this.choice()
    if (this.at < this.text.length) throw this.fault('a ")" has no "("')
    return node
  }

  private choice(): PatternNode {
    if (++this.depth > depthMax) throw this.fault('it is nested too deeply')
    const parts = [this.sequence()]
    while (this.take('|')) parts.push(this.sequence())
    this.depth--
    return parts.length === 1 ? parts[0]! : { kind: 'choice', parts }
  }

  private sequence(): PatternNode {
    const parts: PatternNode[] = []
    while (this.at < this.text.length && !this.sees('|') && !this.sees(')')) {
      if (this.take('\\Q')) {
        const end = this.text.indexOf('\\E', this.at)
        const quoted = this.text.slice(this.at, end < 0 ? undefined : end)
        for (const character of quoted) parts.push(this.literal(character.codePointAt(0)!))
        this.at += quoted.length + (end < 0 ? 0 : 2)
        continue
      }
      const part = this.atom()
      if (part) parts.push(this.repeated(part))
    }
    return parts.length === 1 ? parts[0]! : { kind: 'sequence', parts }
  }

  private repeated(part: PatternNode): PatternNode {
    const times = this.times()
    if (!times) return part
    // Lazy or not is the same where the whole text has to fit.
    this.take('?')
    if (this.times()) throw this.fault('a repetition is repeated')
    return { kind: 'repeat', part, ...times }
  }

  private times(): { readonly min: number; readonly max: number } | undefined {
    if (this.take('*')) return { min: 0, max: Number.POSITIVE_INFINITY }
    if (this.take('+')) return { min: 1, max: Number.POSITIVE_INFINITY }
    if (this.take('?')) return { min: 0, max: 1 }
    const counted = this.takeMatch(/\{(\d{1,9})(,)?(\d{1,9})?\}/y)
    if (!counted) return undefined
    const [, first, comma, last] = counted
    if (last !== undefined && comma === undefined) throw this.fault('a repetition cannot be read')
    const min = Number(first)
    const open = comma === undefined ? min : Number.POSITIVE_INFINITY
    const max = last === undefined ? open : Number(last)
    if (min > repeatMax || (max > repeatMax && max !== Number.POSITIVE_INFINITY) || max < min)
      throw this.fault(`a repetition is not within ${repeatMax} times`)
    return { min, max }
  }

  /** Undefined: flags, which match nothing themselves. */
  private atom(): PatternNode | undefined {
    const { flags } = this
    if (this.sees('*') || this.sees('+') || this.sees('?')) throw this.fault('there is nothing to repeat')
    if (this.take('(')) return this.group()
    if (this.take('[')) return this.character(this.brackets())
    if (this.take('^')) return { kind: 'position', holds: flags.m ? 'lineStart' : 'textStart' }
    if (this.take('$')) return { kind: 'position', holds: flags.m ? 'lineEnd' : 'textEnd' }
    if (this.take('.')) {
      const { s } = flags
      return { kind: 'character', fits: (codePoint) => s || codePoint !== newline }
    }
    if (this.take('\\A')) return { kind: 'position', holds: 'textStart' }
    if (this.take('\\z')) return { kind: 'position', holds: 'textEnd' }
    if (this.take('\\b')) return { kind: 'position', holds: 'wordEdge' }
    if (this.take('\\B')) return { kind: 'position', holds: 'noWordEdge' }
    const known = this.classEscape()
    return known ? this.character(known) : this.literal(this.codePoint())
  }

  private group(): PatternNode | undefined {
    const outer = this.flags
    if (this.take('?')) {
      const isNamed = this.takeMatch(/P?<[A-Za-z_]\w*>/y)
      const set = isNamed ? undefined : this.takeMatch(/([imsU]*)(-[imsU]+)?([:)])/y)
      if (!isNamed && !set) throw this.fault('what stands behind "(?" is not supported')
      if (set) {
        const [, on = '', off = '', end] = set
        const is = (flag: keyof Flags) => !off.includes(flag) && (on.includes(flag) || outer[flag])
        this.flags = { i: is('i'), m: is('m'), s: is('s') }
        if (end === ')') return undefined
      }
    }
    const node = this.choice()
    if (!this.take(')')) throw this.fault('a "(" has no ")"')
    this.flags = outer
    return node
  }

  private brackets(): Fits {
    const isNegated = this.take('^')
    const parts: Fits[] = []
    do {
      if (this.at >= this.text.length) throw this.fault('a "[" has no "]"')
      parts.push(this.posixClass() ?? this.classEscape() ?? this.range())
    } while (!this.take(']'))
    const fits: Fits = (codePoint) => parts.some((part) => part(codePoint))
    const cased = this.flags.i ? inAnyCase(fits) : fits
    return isNegated ? (codePoint) => !cased(codePoint) : cased
  }

  private posixClass(): Fits | undefined {
    const found = this.takeMatch(/\[:(\^?)(\w+):\]/y)
    if (!found) return undefined
    const known = posixClasses[found[2]!]
    if (!known) throw this.fault(`there is no class ${found[2]}`)
    return inRanges(known, found[1] === '^')
  }

  private range(): Fits {
    const first = this.codePoint()
    if (!this.sees('-') || this.text[this.at + 1] === ']') return (codePoint) => codePoint === first
    this.at++
    const last = this.codePoint()
    if (last < first) throw this.fault('a range ends before it begins')
    return (codePoint) => first <= codePoint && codePoint <= last
  }

  /** `\d`, `\p{Greek}` and their like. */
  private classEscape(): Fits | undefined {
    const perl = this.takeMatch(/\\([dswDSW])/y)
    if (perl) {
      const name = perl[1]!
      return inRanges(perlClasses[name.toLowerCase()]!, name !== name.toLowerCase())
    }
    const unicode = this.takeMatch(/\\([pP])(?:([A-Z])|\{(\^?)(\w+)\})/y)
    if (!unicode) return undefined
    const [, kind, letter, not, name = letter!] = unicode
    const one = unicodeClass(name)
    if (!one) throw this.fault(`there is no class ${name}`)
    const isNegated = (kind === 'P') !== (not === '^')
    return (codePoint) => one.test(String.fromCodePoint(codePoint)) !== isNegated
  }

  /** One character, escaped or not. */
  private codePoint(): number {
    if (this.at >= this.text.length) throw this.fault('it ends too early')
    if (!this.take('\\')) return this.next()
    const hex = this.takeMatch(/x(?:([0-9A-Fa-f]{2})|\{([0-9A-Fa-f]{1,6})\})/y)
    if (hex) {
      const codePoint = Number.parseInt(hex[1] ?? hex[2]!, 16)
      if (codePoint > 0x10ffff) throw this.fault('there is no such character')
      return codePoint
    }
    const octal = this.takeMatch(/0[0-7]{0,2}|[1-7][0-7]{1,2}/y)
    if (octal) return Number.parseInt(octal[0], 8)
    if (this.at >= this.text.length) throw this.fault('it ends with a backslash')
    const codePoint = this.next()
    const character = String.fromCodePoint(codePoint)
    const control = controls[character]
    if (control !== undefined) return control
    if (/[0-9A-Za-z]/.test(character)) throw this.fault(`\\${character} is not supported`)
    return codePoint
  }

  private next(): number {
    const codePoint = this.text.codePointAt(this.at)!
    this.at += codePoint > 0xffff ? 2 : 1
    return codePoint
  }

  private literal(wanted: number): PatternNode {
    const fits: Fits = (codePoint) => codePoint === wanted
    return { kind: 'character', fits: this.flags.i ? inAnyCase(fits) : fits }
  }

  private character(fits: Fits): PatternNode {
    return { kind: 'character', fits }
  }

  private sees(text: string): boolean {
    return this.text.startsWith(text, this.at)
  }

  private take(text: string): boolean {
    if (!this.sees(text)) return false
    this.at += text.length
    return true
  }

  private takeMatch(sticky: RegExp): RegExpExecArray | undefined {
    sticky.lastIndex = this.at
    const found = sticky.exec(this.text)
    if (!found) return undefined
    this.at += found[0].length
    return found
  }

  private fault(what: string): MillraceError {
    const where = `the regular expression ${JSON.stringify(this.text.slice(0, 100))}`
    return new MillraceError({ code: 'INVALID_REGULAR_EXPRESSION', what, where })
  }
}

const controls: Readonly<Record<string, number>> = { a: 7, f: 12, n: 10, r: 13, t: 9, v: 11 }

function inRanges(ranges: Ranges, isNegated: boolean): Fits {
  return (codePoint) => isIn(ranges, codePoint) !== isNegated
}

/** A general category, or a script. */
function unicodeClass(name: string): RegExp | undefined {
  for (const text of [`\\p{gc=${name}}`, `\\p{sc=${name}}`]) {
    try {
      return new RegExp(`^${text}$`, 'u')
    } catch {
      // It is none of these.
    }
  }
  return name === 'Any' ? /^[\s\S]*$/ : undefined
}

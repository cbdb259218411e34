/** What a regular expression says, before it is made to run. */
export type PatternNode =
  | { readonly kind: 'character'; readonly fits: Fits }
  | { readonly kind: 'position'; readonly holds: Position }
  | { readonly kind: 'sequence'; readonly parts: readonly PatternNode[] }
  | { readonly kind: 'choice'; readonly parts: readonly PatternNode[] }
  /** `max`: Infinity without a bound. */
  | { readonly kind: 'repeat'; readonly part: PatternNode; readonly min: number; readonly max: number }

/** Whether a code point is meant. */
export type Fits = (codePoint: number) => boolean
export type Position = 'textStart' | 'textEnd' | 'lineStart' | 'lineEnd' | 'wordEdge' | 'noWordEdge'

export const newline = 0x0a

export function isWord(codePoint: number): boolean {
  return isIn(wordRanges, codePoint)
}

export type Ranges = readonly (readonly [first: number, last: number])[]

export function isIn(ranges: Ranges, codePoint: number): boolean {
  return ranges.some(([first, last]) => first <= codePoint && codePoint <= last)
}

/** Ranges of ASCII characters, each as two characters. */
function ranges(text: string): Ranges {
  return (text.match(/[\s\S]{2}/g) ?? []).map((pair) => [pair.charCodeAt(0), pair.charCodeAt(1)] as const)
}

const digitRanges = ranges('09')
const wordRanges = ranges('09AZaz__')
const spaceRanges = ranges('\t\n\f\r  ')

/** `\d` and its like; the capital means all others. As in RE2 they are of ASCII. */
export const perlClasses: Readonly<Record<string, Ranges>> = { d: digitRanges, w: wordRanges, s: spaceRanges }

/** `[:alpha:]` and its like, within brackets. */
export const posixClasses: Readonly<Record<string, Ranges>> = {
  alnum: ranges('09AZaz'),
  alpha: ranges('AZaz'),
  ascii: ranges('\x00\x7f'),
  blank: ranges('\t\t  '),
  cntrl: ranges('\x00\x1f\x7f\x7f'),
  digit: digitRanges,
  graph: ranges('!~'),
  lower: ranges('az'),
  print: ranges(' ~'),
  punct: ranges('!/:@[`{~'),
  space: ranges('\t\r  '),
  upper: ranges('AZ'),
  word: wordRanges,
  xdigit: ranges('09AFaf'),
}

/** A character whatever its case. */
export function inAnyCase(fits: Fits): Fits {
  return (codePoint) => {
    if (fits(codePoint)) return true
    const text = String.fromCodePoint(codePoint)
    return fits(text.toLowerCase().codePointAt(0)!) || fits(text.toUpperCase().codePointAt(0)!)
  }
}

/** Pieces of the sentence in a node's body. */
import type { SentencePart } from './definition.ts'

const units: readonly (readonly [name: string, ms: number])[] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1000],
]

/** `10 min`, `1.5 s`, `500 ms`: the largest unit that needs no more than one decimal. */
export function durationText(durationMs: number): string {
  for (const [name, ms] of units) {
    const count = durationMs / ms
    if (count >= 1 && Number.isInteger(count * 10)) return `${count} ${name}`
  }
  return `${durationMs} ms`
}

export function countText(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`
}

export function code(text: string): SentencePart {
  return { code: text }
}

/** `value.origin` as people say it: `origin`. Other expressions stay whole. */
export function shortExpression(text: string): string {
  return /^value\.([A-Za-z_$][\w$]*)$/.exec(text.trim())?.[1] ?? text.trim()
}

/** Clauses separated by middle dots; empty ones are left out. */
export function clauses(...parts: readonly (readonly SentencePart[])[]): SentencePart[] {
  return parts
    .filter((part) => part.length > 0)
    .flatMap((part, index) => (index === 0 ? [...part] : [' · ', ...part]))
}

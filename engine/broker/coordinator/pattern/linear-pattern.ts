import { MillraceError } from '../../../base/errors.ts'
import { parsePattern } from './parse.ts'
import { type Fits, isWord, newline, type PatternNode, type Position } from './syntax.ts'

type Step =
  | { readonly kind: 'character'; readonly fits: Fits }
  | { readonly kind: 'position'; readonly holds: Position }
  /** Goes on in all of these places at once. */
  | { readonly kind: 'fork'; targets: readonly number[] }
  | { readonly kind: 'end' }

const stepsMax = 2000

/**
 * A regular expression of clients, which may be made to run for ever in a machine that tries one way after the other: here
 * all ways are followed at once (Thompson 1968), in time of at most its steps times the length of the text.
 */
export class LinearPattern {
  private readonly steps: Step[] = []
  /** For which position each step was reached last. */
  private readonly reached: Int32Array

  /** @throws MillraceError INVALID_REGULAR_EXPRESSION */
  constructor(text: string) {
    this.emit(parsePattern(text), text)
    this.push({ kind: 'end' }, text)
    this.reached = new Int32Array(this.steps.length)
  }

  /** Whether it fits the whole text. */
  matches(text: string): boolean {
    const codePoints = Array.from(text, (character) => character.codePointAt(0)!)
    this.reached.fill(-1)
    let at = this.reach([0], codePoints, 0)
    for (const [i, codePoint] of codePoints.entries()) {
      if (at.length === 0) return false
      const next = at.filter((index) => {
        const step = this.steps[index]!
        return step.kind === 'character' && step.fits(codePoint)
      })
      at = this.reach(
        next.map((index) => index + 1),
        codePoints,
        i + 1,
      )
    }
    return at.some((index) => this.steps[index]!.kind === 'end')
  }

  /** Where it can be without taking a character. */
  private reach(from: number[], codePoints: readonly number[], position: number): number[] {
    const open = from
    const found: number[] = []
    while (open.length > 0) {
      const index = open.pop()!
      if (this.reached[index] === position) continue
      this.reached[index] = position
      const step = this.steps[index]!
      if (step.kind === 'fork') open.push(...step.targets)
      else if (step.kind !== 'position') found.push(index)
      else if (holds(step.holds, codePoints, position)) open.push(index + 1)
    }
    return found
  }

  private emit(node: PatternNode, text: string): void {
    switch (node.kind) {
      case 'character':
      case 'position':
        this.push(node, text)
        return
      case 'sequence':
        for (const part of node.parts) this.emit(part, text)
        return
      case 'choice':
        this.emitChoice(node.parts, text)
        return
      case 'repeat':
        this.emitRepeat(node, text)
    }
  }

  private emitChoice(parts: readonly PatternNode[], text: string): void {
    const fork = this.fork(text)
    const starts: number[] = []
    const ends = parts.map((part) => {
      starts.push(this.steps.length)
      this.emit(part, text)
      return this.fork(text)
    })
    fork.targets = starts
    for (const end of ends) end.targets = [this.steps.length]
  }

  private emitRepeat({ part, min, max }: Extract<PatternNode, { kind: 'repeat' }>, text: string): void {
    const before = this.steps.length
    for (let count = 0; count < min; count++) {
      this.emit(part, text)
      // Nothing, however often.
      if (this.steps.length === before) return
    }
    if (max === Number.POSITIVE_INFINITY) {
      const start = this.steps.length
      const fork = this.fork(text)
      this.emit(part, text)
      this.fork(text).targets = [start]
      fork.targets = [start + 1, this.steps.length]
      return
    }
    const forks = Array.from({ length: max - min }, () => {
      const fork = this.fork(text)
      const start = this.steps.length
      this.emit(part, text)
      return { fork, start }
    })
    for (const { fork, start } of forks) fork.targets = [start, this.steps.length]
  }

  private fork(text: string): Extract<Step, { kind: 'fork' }> {
    const fork: Extract<Step, { kind: 'fork' }> = { kind: 'fork', targets: [] }
    this.push(fork, text)
    return fork
  }

  private push(step: Step, text: string): void {
    if (this.steps.length >= stepsMax) {
      const where = `the regular expression ${JSON.stringify(text.slice(0, 100))}`
      throw new MillraceError({ code: 'INVALID_REGULAR_EXPRESSION', what: 'it is too large', where })
    }
    this.steps.push(step)
  }
}

function holds(position: Position, codePoints: readonly number[], at: number): boolean {
  const isStart = at === 0
  const isEnd = at === codePoints.length
  switch (position) {
    case 'textStart':
      return isStart
    case 'textEnd':
      return isEnd
    case 'lineStart':
      return isStart || codePoints[at - 1] === newline
    case 'lineEnd':
      return isEnd || codePoints[at] === newline
    default: {
      const isEdge = (!isStart && isWord(codePoints[at - 1]!)) !== (!isEnd && isWord(codePoints[at]!))
      return isEdge === (position === 'wordEdge')
    }
  }
}

export interface Violation {
  /** Of the numbered list of the engine's invariants. */
  readonly invariant: number
  readonly text: string
}

/** What checkers found, and how often each had something to check. */
export class Findings {
  readonly violations: Violation[] = []
  readonly checked: Record<number, number> = {}
  private readonly known = new Set<string>()

  check(invariant: number, holds: boolean, text: () => string): void {
    this.checked[invariant] = (this.checked[invariant] ?? 0) + 1
    if (!holds) this.violate(invariant, text())
  }

  /** Each sentence once. */
  violate(invariant: number, text: string): void {
    if (this.known.has(text)) return
    this.known.add(text)
    this.violations.push({ invariant, text })
  }
}

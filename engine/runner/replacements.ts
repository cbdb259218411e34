/** After so many, so close together, there is something wrong with the machine, or with us, and it is said. */
const replacementsMax = 5
const closeMs = 5 * 60_000

/** Threads that were started again because they gave no sign of life. Of a run that lasts for days, those of long ago are forgotten. */
export class Replacements {
  #takenMs: number[] = []

  /** Whether one more may be replaced; if so, it counts. `nowMs` is monotonic. */
  take(nowMs: number): boolean {
    this.#takenMs = this.#takenMs.filter((takenMs) => nowMs - takenMs < closeMs)
    if (this.#takenMs.length >= replacementsMax) return false
    this.#takenMs.push(nowMs)
    return true
  }
}

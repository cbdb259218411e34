import type { Timers } from '../../../environment/index.ts'
import type { Transaction } from './transaction.ts'

/** Requests that wait until nothing is under way in a transaction any more. */
export class Settling {
  private readonly waiting = new Map<Transaction, Set<() => void>>()

  /** Resolves then, or when the time is over. */
  wait(transaction: Transaction, timers: Timers, timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const those = this.waiting.get(transaction) ?? new Set()
      this.waiting.set(transaction, those)
      const timer = timers.after(timeoutMs, () => end())
      const end = () => {
        timer.cancel()
        those.delete(end)
        if (those.size === 0) this.waiting.delete(transaction)
        resolve()
      }
      those.add(end)
    })
  }

  tell(transaction: Transaction): void {
    for (const end of [...(this.waiting.get(transaction) ?? [])]) end()
  }
}

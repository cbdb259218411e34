import { assert } from '../../../base/assert.ts'
import { isMillraceError } from '../../../base/errors.ts'
import type { Codecs } from '../../../environment/index.ts'
import { splitBatches } from '../../../protocol/record-batch.ts'
import { RecordCursor } from '../../../protocol/record-cursor.ts'
import type { Replica } from '../../replication/replica.ts'
import { readTransaction } from './stored-transactions.ts'
import type { Transaction } from './transaction.ts'

const readBytes = 1024 * 1024

/** The transactional ids of one partition of `__transaction_state`, while this broker leads it. */
export class TransactionShard {
  readonly replica: Replica
  /** Goes along with every marker: those of an older coordinator are refused. */
  readonly leaderEpoch: number
  readonly transactions = new Map<string, Transaction>()
  isLoaded = false

  constructor(replica: Replica) {
    this.replica = replica
    this.leaderEpoch = replica.leaderEpoch
  }

  get isCurrent(): boolean {
    return this.replica.leader?.leaderEpoch === this.leaderEpoch
  }

  /** Replays the partition; may be called again after it has failed. @throws MillraceError of the log */
  async load(codecs: Codecs, onUnreadable: (offset: number, what: string) => void): Promise<void> {
    const { log } = this.replica
    this.transactions.clear()
    const endOffset = log.logEndOffset
    let offset = log.logStartOffset
    while (offset < endOffset && this.isCurrent) {
      const { pieces } = await log.read(offset, readBytes, { endOffset })
      const before = offset
      for (const piece of pieces) {
        for (const batch of splitBatches(piece)) {
          offset = batch.nextOffset
          if (batch.isControl) continue
          const cursor = new RecordCursor(batch, codecs)
          while (cursor.next()) this.replay(cursor, onUnreadable)
        }
      }
      assert(offset > before, `nothing can be read at offset ${offset}`)
    }
    this.isLoaded = this.isCurrent
  }

  private replay(cursor: RecordCursor, onUnreadable: (offset: number, what: string) => void): void {
    const { key, value, offset } = cursor
    if (!key) return
    try {
      const read = readTransaction(key, value)
      if (!read) return
      const { transactionalId, facts } = read
      if (facts) this.transactions.set(transactionalId, { transactionalId, facts, pending: undefined })
      else this.transactions.delete(transactionalId)
    } catch (thrown) {
      // No other transactional id may suffer from it.
      if (!isMillraceError(thrown)) throw thrown
      onUnreadable(offset, thrown.what)
    }
  }
}

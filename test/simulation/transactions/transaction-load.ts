import { ClusterClient } from '../../../engine/client/cluster/cluster-client.ts'
import { createConsumer } from '../../../engine/client/index.ts'
import { connectionSettings } from '../../../engine/client/settings.ts'
import type { World } from '../../../engine/sim/index.ts'
import type { SimCluster } from '../sim-cluster.ts'
import { Refused, TransactionalProducer } from './transactional-producer.ts'

export const ledger = 'ledger'
export const ledgerPartitions = 3
const producers = 5
/** Far shorter than faults last together: transactions that nobody ends come to their end within a run. */
const timeoutMs = 4000

/** What its producer knows of a transaction. */
export interface Attempt {
  readonly producer: string
  readonly index: number
  readonly values: string[]
  /** Of the producer's group, in the transaction; undefined: none was committed. */
  offset: number | undefined
  /** `unknown`: a commit was asked for, and its answer was lost. */
  outcome: 'open' | 'committed' | 'aborted' | 'unknown'
}

export interface TransactionLoad {
  readonly attempts: readonly Attempt[]
  /** By readers of committed data while faults lasted, in their order. */
  readonly read: readonly string[]
  readonly zombies: { asked: number; refused: number }
  readonly failures: readonly string[]
  stop(): void
  isDone(): boolean
}

/**
 * Transactional producers of both versions: each commits, aborts, gives up in the middle, is replaced by another instance
 * while it goes on as a zombie, or lets its time run out. One consumer reads what is committed.
 */
export function startTransactions(world: World, cluster: SimCluster): TransactionLoad {
  const environment = world.node('client')
  const random = environment.random.fork('transactions')
  const { timers } = environment
  const settings = connectionSettings({
    bootstrap: cluster.bootstrap,
    requestTimeoutMs: 3000,
    metadataMaxAgeMs: 5000,
  })
  const client = new ClusterClient(environment, settings, { autoCreateTopics: false })
  client.track(ledger)
  const attempts: Attempt[] = []
  const failures: string[] = []
  const zombies = { asked: 0, refused: 0 }
  const read: string[] = []
  let isStopped = false
  let running = 0

  const background = (work: Promise<void>) => {
    running++
    work.catch((thrown: unknown) => failures.push(String(thrown))).finally(() => running--)
  }

  const writeSome = async (instance: TransactionalProducer, attempt: Attempt) => {
    const batches = 1 + random.int(4)
    for (let i = 0; i < batches; i++) {
      const values = Array.from({ length: 1 + random.int(3) }, () => {
        return `${attempt.producer}/${attempt.index}/${attempt.values.length}`.concat(
          `/${i}`,
          `/${random.int(1e9)}`,
        )
      })
      attempt.values.push(...values)
      await instance.write(ledger, random.int(ledgerPartitions), values)
    }
    if (random.int(2) > 0) return
    attempt.offset = attempt.index
    await instance.commitOffset(`group-of-${attempt.producer}`, ledger, attempt.index)
  }

  const end = async (instance: TransactionalProducer, attempt: Attempt, isCommit: boolean) => {
    try {
      await instance.end(isCommit)
      attempt.outcome = isCommit ? 'committed' : 'aborted'
    } catch (thrown) {
      if (!(thrown instanceof Refused)) throw thrown
      attempt.outcome = isCommit && thrown.isUncertain ? 'unknown' : 'aborted'
      throw thrown
    }
  }

  /**
   * The transaction has ended, the next one has not begun. As long as the marker is not there, the batch shares the fate
   * of the one before; it must never begin one that nobody ends.
   */
  const beLate = async (instance: TransactionalProducer, attempt: Attempt) => {
    const value = `${attempt.producer}/${attempt.index}/late`
    await timers.sleep(random.int(random.int(3) === 0 ? 400 : 60))
    try {
      await instance.writeLate(ledger, random.int(ledgerPartitions), [value])
      attempt.values.push(value)
    } catch (thrown) {
      if (!(thrown instanceof Refused)) throw thrown
    }
  }

  /** It is being replaced and does not know: whatever it still says must have no effect on others' transactions. */
  const haunt = async (zombie: TransactionalProducer, attempt: Attempt) => {
    await timers.sleep(random.int(1500))
    zombies.asked++
    try {
      // Part of its transaction, should it not have been replaced yet.
      const value = `${attempt.producer}/${attempt.index}/zombie/${zombies.asked}`
      attempt.values.push(value)
      await zombie.write(ledger, random.int(ledgerPartitions), [value])
      await end(zombie, attempt, true)
    } catch (thrown) {
      if (!(thrown instanceof Refused)) throw thrown
      zombies.refused++
      if (attempt.outcome === 'open') attempt.outcome = 'aborted'
    }
  }

  const one = async (
    instance: TransactionalProducer,
    attempt: Attempt,
  ): Promise<'goes on' | 'is replaced'> => {
    try {
      await writeSome(instance, attempt)
      // Long enough for a leader to go, or for another coordinator to come.
      if (random.int(3) === 0) await timers.sleep(random.int(200))
      const choice = random.int(10)
      if (choice === 0) {
        background(haunt(instance, attempt))
        return 'is replaced'
      }
      if (choice === 1) {
        await timers.sleep(timeoutMs + random.int(2000))
        await end(instance, attempt, true)
        return 'goes on'
      }
      const { identity } = instance
      const isCommit = choice < 8
      await end(instance, attempt, isCommit)
      // The same request once more, late: under version 2 it must not touch the transaction that runs by then.
      if (instance.version === 2 && random.int(4) === 0) {
        background(timers.sleep(random.int(300)).then(() => ignoreRefusal(instance.end(isCommit, identity))))
      }
      if (instance.version === 1 && random.int(4) === 0) await beLate(instance, attempt)
      return 'goes on'
    } catch (thrown) {
      if (!(thrown instanceof Refused)) throw thrown
      if (attempt.outcome === 'open') attempt.outcome = 'aborted'
      return 'is replaced'
    }
  }

  const life = async (name: string, version: 1 | 2) => {
    let index = 0
    while (!isStopped) {
      const instance = new TransactionalProducer(environment, client, name, version)
      await instance.init(timeoutMs)
      for (let isAlive = true; isAlive && !isStopped; ) {
        const attempt: Attempt = {
          producer: name,
          index: index++,
          values: [],
          offset: undefined,
          outcome: 'open',
        }
        attempts.push(attempt)
        isAlive = (await one(instance, attempt)) === 'goes on'
        await timers.sleep(random.int(40))
      }
    }
    const last = new TransactionalProducer(environment, client, name, version)
    // What the last instance left open is ended by the next one …
    await last.init(timeoutMs)
    const attempt: Attempt = { producer: name, index, values: [], offset: undefined, outcome: 'aborted' }
    attempts.push(attempt)
    // … and where none comes, by its time.
    await ignoreRefusal(writeSome(last, attempt))
  }

  const consumer = createConsumer(environment, {
    bootstrap: cluster.bootstrap,
    autoOffsetReset: 'earliest',
    isolation: 'read_committed',
    requestTimeoutMs: 3000,
    metadataMaxAgeMs: 5000,
  })
  consumer.assign(Array.from({ length: ledgerPartitions }, (_, partition) => ({ topic: ledger, partition })))
  const consume = async () => {
    while (!isStopped) {
      for (const { value } of await consumer.poll(100)) read.push(Buffer.from(value!).toString())
    }
    await consumer.close()
  }

  for (let i = 0; i < producers; i++) background(life(`teller-${i}`, i < 2 ? 1 : 2))
  background(consume())
  return {
    attempts,
    read,
    zombies,
    failures,
    stop: () => {
      isStopped = true
    },
    isDone: () => {
      if (running === 0) client.close()
      return running === 0
    },
  }
}

async function ignoreRefusal(work: Promise<void>): Promise<void> {
  try {
    await work
  } catch (thrown) {
    if (!(thrown instanceof Refused)) throw thrown
  }
}

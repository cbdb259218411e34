/** The processors that cases name, as a person would write them. */
import type { KeyValueStore, Processor, ProcessorContext, StreamRecord } from '../../engine/streams/index.ts'
import type { CaseOp } from './case.ts'

type Expression = (...values: unknown[]) => unknown
type Context = ProcessorContext<unknown, unknown>
type Compile = (text: string, names: readonly string[]) => Expression

export function processorFor(op: CaseOp, compile: Compile): () => Processor {
  const number = (field: string) => op[field] as number
  switch (op.processor as string) {
    case 'deduplicate':
      return () => deduplicate(number('windowMs'))
    case 'countEveryStreamTime':
      return () => countEveryStreamTime(number('everyMs'))
    case 'totalEveryWallClock':
      return () =>
        totalEveryWallClock(number('everyMs'), compile(op.amount as string, ['key', 'value', 'timestamp']))
    case 'expireIdle':
      return () => expireIdle(number('ttlMs'), number('everyMs'))
    case 'reorder':
      return () => reorder(number('delayMs'))
    case 'ticker':
      return () => ticker(op.clock as 'stream' | 'wall', number('everyMs'), op.startTimeMs, op.limit)
    case 'inspect':
      return () => ({
        process(record, context) {
          const { value, timestampMs } = record
          const { streamTimeMs, wallClockMs } = context
          context.forward({ ...record, value: { value, timestampMs, streamTimeMs, wallClockMs } })
        },
      })
    case 'shiftTimestamp':
      return () => ({
        process: (record, context) =>
          context.forward({ ...record, timestampMs: record.timestampMs + number('byMs') }),
      })
    case 'route':
      return () => route(compile(op.by as string, ['key', 'value', 'timestamp']))
    case 'scatter':
      return () => scatter
    default:
      throw new Error(`no processor ${op.processor}`)
  }
}

function route(by: Expression): Processor {
  return {
    process(record, context) {
      const output = by(record.key, record.value, record.timestampMs) as string | null
      context.forward(record, output ?? undefined)
    },
  }
}

const scatter: Processor = {
  process({ value }, context) {
    const records = value as readonly {
      to: string | null
      key: unknown
      value: unknown
      timestampMs: number
    }[]
    for (const { to, ...record } of records) context.forward(record, to ?? undefined)
  },
}

function state<V>(context: Context): KeyValueStore<unknown, V> {
  return context.store<unknown, V>('state')
}

function deduplicate(windowMs: number): Processor {
  return {
    process(record, context) {
      const seen = state<number>(context)
      const lastMs = seen.get(record.key)
      if (lastMs !== undefined && Math.abs(record.timestampMs - lastMs) < windowMs) return
      seen.put(record.key, record.timestampMs)
      context.forward(record)
    },
  }
}

function countEveryStreamTime(everyMs: number): Processor {
  return {
    init(context) {
      context.schedule(everyMs, 'stream-time', (timestampMs) => {
        for (const [key, value] of state<number>(context).entries())
          context.forward({ key, value, timestampMs })
      })
    },
    process({ key }, context) {
      const counts = state<number>(context)
      counts.put(key, (counts.get(key) ?? 0) + 1)
    },
  }
}

function totalEveryWallClock(everyMs: number, amount: Expression): Processor {
  return {
    init(context) {
      context.schedule(everyMs, 'wall-clock', (timestampMs) => {
        const totals = state<number>(context)
        for (const [key, value] of [...totals.entries()]) {
          context.forward({ key, value, timestampMs })
          totals.delete(key)
        }
      })
    },
    process({ key, value, timestampMs }, context) {
      const totals = state<number>(context)
      totals.put(key, (totals.get(key) ?? 0) + Number(amount(key, value, timestampMs)))
    },
  }
}

function expireIdle(ttlMs: number, everyMs: number): Processor {
  return {
    init(context) {
      context.schedule(everyMs, 'stream-time', (timestampMs) => {
        const latest = state<number>(context)
        for (const [key, keptMs] of [...latest.entries()]) {
          if (timestampMs - keptMs < ttlMs) continue
          latest.delete(key)
          context.forward({ key, value: null, timestampMs })
        }
      })
    },
    process(record, context) {
      const latest = state<number>(context)
      latest.put(record.key, Math.max(latest.get(record.key) ?? record.timestampMs, record.timestampMs))
      context.forward(record)
    },
  }
}

function reorder(delayMs: number): Processor {
  let arrivals = 0
  return {
    process(record, context) {
      const held = state<[unknown, unknown]>(context)
      const place = `${digits(record.timestampMs, 12)}-${digits(arrivals++, 8)}`
      held.put(place, [record.key, record.value])
      for (const [name, [key, value]] of [...held.entries()]) {
        const timestampMs = Number(String(name).slice(0, 12))
        if (timestampMs > context.streamTimeMs - delayMs) break
        held.delete(name)
        context.forward({ key, value, timestampMs })
      }
    },
  }
}

function digits(number: number, length: number): string {
  return String(number).padStart(length, '0')
}

function ticker(clock: 'stream' | 'wall', everyMs: number, startTimeMs: unknown, limit: unknown): Processor {
  let tick = 0
  return {
    init(context) {
      const options = startTimeMs === undefined ? {} : { startTimeMs: startTimeMs as number }
      const punctuate = (timestampMs: number) => {
        tick++
        const { streamTimeMs, wallClockMs } = context
        context.forward({ key: 'tick', value: { tick, streamTimeMs, wallClockMs }, timestampMs })
        if (tick === limit) timer.cancel()
      }
      const timer = context.schedule(
        everyMs,
        clock === 'stream' ? 'stream-time' : 'wall-clock',
        punctuate,
        options,
      )
    },
    process: (record: StreamRecord, context) => context.forward(record),
  }
}

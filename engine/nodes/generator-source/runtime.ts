import { numberOf, textOf } from '../../pipeline/index.ts'
import type { FeedContext, NodeRuntime } from '../runtime.ts'
import { type Dice, dice } from './dice.ts'

const names = ['index', 'timestamp', 'int', 'float', 'normal', 'pick', 'skewed', 'chance'] as const

/** Without a pause a fast generator would keep the thread from all else. */
const recordsPerBreath = 500

async function run(context: FeedContext): Promise<void> {
  const { config, signal, environment } = context
  const count = numberOf(config, 'count')
  const seed = numberOf(config, 'seed')
  const make = maker(context)
  const timeOf = timeSource(context)
  for (let index = Number(context.resume ?? '0'); count === 0 || index < count; index++) {
    const chances = dice(seed, index)
    const timestampMs = timeOf(index, chances)
    const { key, value } = make(index, timestampMs, chances)
    await context.produce({ key, value, timestampMs, ordinal: index + 1, resume: String(index + 1) })
    if (index % recordsPerBreath === recordsPerBreath - 1) await breath(environment)
    if (signal.aborted) return
  }
}

function maker(
  context: FeedContext,
): (index: number, timestampMs: number, chances: Dice) => { key: unknown; value: unknown } {
  const keyText = textOf(context.config, 'key')
  const key = keyText === '' ? () => null : context.compileExpression(keyText, names)
  const value = context.compileExpression(textOf(context.config, 'value'), names)
  return (index, timestampMs, { int, float, normal, pick, skewed, chance }) => {
    const values = [index, timestampMs, int, float, normal, pick, skewed, chance]
    return { key: key(...values), value: value(...values) }
  }
}

function timeSource({ config, environment }: FeedContext): (index: number, chances: Dice) => number {
  const disorderMs = numberOf(config, 'disorderMs')
  const late = (chances: Dice) => (disorderMs > 0 ? Math.floor(chances.float(0, disorderMs + 1)) : 0)
  if (textOf(config, 'time') !== 'stepped') return (_, chances) => environment.clock.nowMs() - late(chances)
  const startMs = Date.parse(textOf(config, 'startTime'))
  const stepMs = numberOf(config, 'stepMs', 1)
  return (index, chances) => startMs + index * stepMs - late(chances)
}

export const runtime: NodeRuntime = {
  feed: {
    run,
    identify: async ({ config }) => String(numberOf(config, 'seed')),
    pace: (config) => ({ by: 'rate', recordsPerSec: numberOf(config, 'rate', 1) }),
  },
}

function breath({ timers }: FeedContext['environment']): Promise<void> {
  return new Promise((resolve) => timers.soon(resolve))
}

import { processor } from 'millrace'
import type { Flow } from 'millrace/flow'

export interface Alert {
  origin: string
  destination: string
  city: string | null
  delay: number
  level: 'normal' | 'high' | 'severe'
  /** Alerts from this airport so far, this one included. */
  count: number
}

/** Long delays become alerts: the more an airport has had, the more they weigh. */
export default processor<Flow['severity'], Alert>((record, ctx) => {
  const { origin, destination, city, delay } = record.value
  if (delay < 45) return
  const seen = ctx.store<string, number>('seen')
  const count = (seen.get(origin) ?? 0) + 1
  seen.put(origin, count)
  const level = delay >= 180 ? 'severe' : count > 20 ? 'high' : 'normal'
  ctx.forward({ value: { origin, destination, city, delay, level, count } })
})

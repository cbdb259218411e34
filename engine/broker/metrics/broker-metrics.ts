import type { Clock } from '../../environment/index.ts'
import { RequestTimes } from './request-times.ts'
import { TopicTraffic } from './topic-traffic.ts'

/** What a broker counts of its clients as it happens; `ReplicationMetrics` has the rest, `gauges.ts` what can be looked up. */
export class BrokerMetrics {
  readonly traffic: TopicTraffic
  readonly requests: RequestTimes

  constructor(clock: Clock) {
    this.traffic = new TopicTraffic(clock)
    this.requests = new RequestTimes(clock)
  }
}

import type { Clock } from '../../environment/index.ts'
import { Meter, type Metric, meterMetrics } from '../../metrics/index.ts'

/** Kafka's names under `kafka.server:type=BrokerTopicMetrics`. */
const ofTopics = [
  'BytesInPerSec',
  'BytesOutPerSec',
  'MessagesInPerSec',
  'TotalProduceRequestsPerSec',
  'TotalFetchRequestsPerSec',
  'FailedProduceRequestsPerSec',
  'FailedFetchRequestsPerSec',
] as const

type TopicMeter = (typeof ofTopics)[number]
type TopicMeters = Readonly<Record<TopicMeter, Meter>>

/** What clients write and read, of the broker and of each topic. */
export class TopicTraffic {
  readonly #clock: Clock
  readonly #all: TopicMeters
  readonly #byTopic = new Map<string, TopicMeters>()

  constructor(clock: Clock) {
    this.#clock = clock
    this.#all = metersFor(clock.monotonicMs())
  }

  /** One partition of a Produce request. */
  produced(topic: string, sizeBytes: number, records: number): void {
    this.#mark(topic, 'TotalProduceRequestsPerSec', 1)
    this.#mark(topic, 'BytesInPerSec', sizeBytes)
    this.#mark(topic, 'MessagesInPerSec', records)
  }

  produceFailed(topic: string | undefined): void {
    this.#mark(topic, 'TotalProduceRequestsPerSec', 1)
    this.#mark(topic, 'FailedProduceRequestsPerSec', 1)
  }

  /** One partition of a client's Fetch request. */
  fetched(topic: string, sizeBytes: number): void {
    this.#mark(topic, 'TotalFetchRequestsPerSec', 1)
    this.#mark(topic, 'BytesOutPerSec', sizeBytes)
  }

  fetchFailed(topic: string | undefined): void {
    this.#mark(topic, 'TotalFetchRequestsPerSec', 1)
    this.#mark(topic, 'FailedFetchRequestsPerSec', 1)
  }

  /** A deleted topic is no longer told of. */
  forget(topic: string): void {
    this.#byTopic.delete(topic)
  }

  metrics(): Metric[] {
    const nowMs = this.#clock.monotonicMs()
    const all = ofTopics.flatMap((name) => meterMetrics(groupOf(name, {}), this.#all[name], nowMs))
    const byTopic = [...this.#byTopic].flatMap(([topic, meters]) =>
      ofTopics.flatMap((name) => meterMetrics(groupOf(name, { topic }), meters[name], nowMs)),
    )
    return [...all, ...byTopic]
  }

  /** @param topic undefined: one that is not known here, by whatever name a client called it */
  #mark(topic: string | undefined, name: TopicMeter, count: number): void {
    const nowMs = this.#clock.monotonicMs()
    this.#all[name].mark(count, nowMs)
    if (topic === undefined) return
    let meters = this.#byTopic.get(topic)
    if (!meters) {
      meters = metersFor(nowMs)
      this.#byTopic.set(topic, meters)
    }
    meters[name].mark(count, nowMs)
  }
}

function metersFor(nowMs: number): TopicMeters {
  return Object.fromEntries(ofTopics.map((name) => [name, new Meter(nowMs)])) as Record<TopicMeter, Meter>
}

function groupOf(name: string, tags: Readonly<Record<string, string>>) {
  return { domain: 'kafka.server', type: 'BrokerTopicMetrics', name, tags }
}

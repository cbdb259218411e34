import type { Clock } from '../../environment/index.ts'
import { attributes, type Metric, Sampled } from '../../metrics/index.ts'

/** A partition as the fetcher knows it, with what was given out of it since this was looked at last. */
interface CountedPartition {
  readonly topic: string
  readonly partition: number
  /** −1: not known. */
  readonly position: number
  readonly logStartOffset: number
  readonly endOffset: number
  takenRecords: number
  takenBytes: number
}

interface Consumed {
  readonly records: Sampled
  readonly bytes: Sampled
}

/** `kafka.consumer`: consumer-fetch-manager-metrics, of the consumer, of each topic and of each partition. */
export class FetchMetrics {
  readonly #clock: Clock
  readonly #all: Consumed
  readonly #byTopic = new Map<string, Consumed>()
  readonly #lags = new WeakMap<CountedPartition, Sampled>()
  readonly #lag: Sampled
  readonly #latencyMs: Sampled
  readonly #fetchBytes: Sampled
  readonly #fetchRecords: Sampled

  constructor(clock: Clock) {
    this.#clock = clock
    const nowMs = clock.monotonicMs()
    this.#all = { records: new Sampled(nowMs), bytes: new Sampled(nowMs) }
    this.#lag = new Sampled(nowMs)
    this.#latencyMs = new Sampled(nowMs)
    this.#fetchBytes = new Sampled(nowMs)
    this.#fetchRecords = new Sampled(nowMs)
  }

  fetched(latencyMs: number, sizeBytes: number, records: number): void {
    const nowMs = this.#clock.monotonicMs()
    this.#latencyMs.record(latencyMs, nowMs)
    this.#fetchBytes.record(sizeBytes, nowMs)
    if (records > 0) this.#fetchRecords.record(records, nowMs)
  }

  /** After records were given out. */
  consumed(partitions: readonly CountedPartition[]): void {
    const nowMs = this.#clock.monotonicMs()
    for (const partition of partitions) {
      const { takenRecords, takenBytes } = partition
      if (takenRecords === 0 && takenBytes === 0) continue
      partition.takenRecords = 0
      partition.takenBytes = 0
      for (const consumed of [this.#all, this.#topic(partition.topic, nowMs)]) {
        consumed.records.record(takenRecords, nowMs)
        consumed.bytes.record(takenBytes, nowMs)
      }
      const lag = lagOf(partition)
      if (Number.isNaN(lag)) continue
      this.#lag.record(lag, nowMs)
      this.#lagsOf(partition, nowMs).record(lag, nowMs)
    }
  }

  metrics(clientId: string, partitions: readonly CountedPartition[]): Metric[] {
    const nowMs = this.#clock.monotonicMs()
    const tags = { 'client-id': clientId }
    const group = (more: Readonly<Record<string, string>>) => ({
      domain: 'kafka.consumer',
      type: 'consumer-fetch-manager-metrics',
      tags: { ...tags, ...more },
    })
    return [
      ...attributes(group({}), {
        ...consumedValues(this.#all, nowMs),
        'records-lag-max': this.#lag.max(nowMs),
        'records-per-request-avg': this.#fetchRecords.avg(nowMs),
        'fetch-rate': this.#latencyMs.eventsPerSec(nowMs),
        'fetch-total': this.#latencyMs.totalCount,
        'fetch-latency-avg': this.#latencyMs.avg(nowMs),
        'fetch-latency-max': this.#latencyMs.max(nowMs),
        'fetch-size-avg': this.#fetchBytes.avg(nowMs),
        'fetch-size-max': this.#fetchBytes.max(nowMs),
      }),
      ...[...this.#byTopic].flatMap(([topic, consumed]) =>
        attributes(group({ topic }), consumedValues(consumed, nowMs)),
      ),
      ...partitions.flatMap((each) => {
        const lags = this.#lagsOf(each, nowMs)
        return attributes(group({ topic: each.topic, partition: String(each.partition) }), {
          'records-lag': lagOf(each),
          'records-lag-avg': lags.avg(nowMs),
          'records-lag-max': lags.max(nowMs),
          'records-lead':
            each.position < 0 || each.endOffset < 0 ? Number.NaN : each.position - each.logStartOffset,
        })
      }),
    ]
  }

  #lagsOf(partition: CountedPartition, nowMs: number): Sampled {
    let lags = this.#lags.get(partition)
    if (!lags) {
      lags = new Sampled(nowMs)
      this.#lags.set(partition, lags)
    }
    return lags
  }

  #topic(topic: string, nowMs: number): Consumed {
    let consumed = this.#byTopic.get(topic)
    if (!consumed) {
      consumed = { records: new Sampled(nowMs), bytes: new Sampled(nowMs) }
      this.#byTopic.set(topic, consumed)
    }
    return consumed
  }
}

/** Records between the position and the end that the last fetch told of. */
function lagOf({ position, endOffset }: CountedPartition): number {
  return position < 0 || endOffset < 0 ? Number.NaN : Math.max(0, endOffset - position)
}

function consumedValues({ records, bytes }: Consumed, nowMs: number) {
  return {
    'records-consumed-rate': records.ratePerSec(nowMs),
    'records-consumed-total': records.total,
    'bytes-consumed-rate': bytes.ratePerSec(nowMs),
    'bytes-consumed-total': bytes.total,
  }
}

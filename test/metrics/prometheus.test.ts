import { expect, it } from 'vitest'
import {
  attributes,
  gauge,
  Histogram,
  histogramMetrics,
  Meter,
  mbeanName,
  meterMetrics,
  prometheusText,
} from '../../engine/metrics/index.ts'
import { parsePrometheus } from './prometheus-parser.ts'

const bytesIn = { domain: 'kafka.server', type: 'BrokerTopicMetrics', name: 'BytesInPerSec' }

it('names are those that the JMX exporter gives Kafka’s MBeans', () => {
  const meter = new Meter(0)
  meter.mark(500, 0)
  const histogram = new Histogram(0)
  histogram.record(20, 0)
  const scraped = parsePrometheus(
    prometheusText([
      {
        labels: { broker: '1' },
        metrics: [
          ...meterMetrics({ ...bytesIn, tags: {} }, meter, 5000),
          ...meterMetrics({ ...bytesIn, tags: { topic: 'orders' } }, meter, 5000),
          ...histogramMetrics(
            {
              domain: 'kafka.network',
              type: 'RequestMetrics',
              name: 'TotalTimeMs',
              tags: { request: 'Produce' },
            },
            histogram,
            5000,
          ),
          gauge({ domain: 'kafka.server', type: 'ReplicaManager', name: 'PartitionCount', tags: {} }, 8),
          ...attributes(
            { domain: 'kafka.producer', type: 'producer-metrics', tags: { 'client-id': 'a' } },
            { 'record-send-rate': 2.5, 'record-send-total': 75, 'request-latency-avg': Number.NaN },
          ),
        ],
      },
      {
        labels: { broker: '2' },
        metrics: [
          gauge({ domain: 'kafka.server', type: 'ReplicaManager', name: 'PartitionCount', tags: {} }, 9),
        ],
      },
    ]),
  )
  const broker = '1'
  expect(scraped.one('kafka_server_brokertopicmetrics_bytesin_total', { broker, topic: 'orders' })).toBe(500)
  expect(scraped.types.get('kafka_server_brokertopicmetrics_bytesin_total')).toBe('counter')
  expect(scraped.sum('kafka_server_brokertopicmetrics_bytesinpersec_oneminuterate')).toBe(200)
  const request = { broker, request: 'Produce', quantile: '0.99' }
  expect(scraped.one('kafka_network_requestmetrics_totaltimems', request)).toBeCloseTo(20, 0)
  expect(scraped.one('kafka_network_requestmetrics_totaltimems_count')).toBe(1)
  expect(scraped.one('kafka_server_replicamanager_partitioncount', { broker: '2' })).toBe(9)
  expect(scraped.one('kafka_producer_producer_metrics_record_send_rate', { client_id: 'a' })).toBe(2.5)
  expect(scraped.one('kafka_producer_producer_metrics_request_latency_avg')).toBeNaN()
  expect(scraped.types.get('kafka_producer_producer_metrics_record_send_total')).toBe('counter')
})

it('labels survive whatever is in them', () => {
  const odd = 'a"b\\c\nd,e="f"}'
  const tags = { topic: odd }
  const { series } = parsePrometheus(
    prometheusText([{ labels: {}, metrics: [gauge({ ...bytesIn, tags }, 1)] }]),
  )
  expect(series).toEqual([
    { name: 'kafka_server_brokertopicmetrics_bytesinpersec', labels: { topic: odd }, value: 1 },
  ])
})

it('an MBean’s name is written as JMX writes it', () => {
  expect(mbeanName({ ...bytesIn, tags: { topic: 'orders' } })).toBe(
    'kafka.server:type=BrokerTopicMetrics,name=BytesInPerSec,topic=orders',
  )
  expect(
    mbeanName({ domain: 'kafka.producer', type: 'producer-metrics', tags: { 'client-id': 'a,b="c"' } }),
  ).toBe('kafka.producer:type=producer-metrics,client-id="a,b=\\"c\\""')
})

it('the parser refuses what a scraper would', () => {
  for (const text of [
    'a 1',
    'a 1\n',
    '# TYPE a gauge\na 1\na 1\n',
    '# TYPE a gauge\na{b="1",} 1\n',
    '# TYPE a gauge\na{b="1"x="2"} 1\n',
    '# TYPE a gauge\na{b="\\x"} 1\n',
    '# TYPE a gauge\na one\n',
    '# TYPE a counter\na -1\n',
    '# TYPE a gauge\na 1\n# TYPE b gauge\nb 1\na{c="1"} 1\n',
    '# TYPE a gauge\n# TYPE a gauge\n',
  ]) {
    expect(() => parsePrometheus(text), text).toThrow()
  }
})

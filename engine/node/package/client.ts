/** `millrace/client`: producer, consumer and admin for any Kafka. */

import type {
  Admin,
  ConnectionOptions,
  Consumer,
  ConsumerOptions,
  Producer,
  ProducerOptions,
} from '../../client/api.ts'
import {
  createAdmin as admin,
  createConsumer as consumer,
  createProducer as producer,
} from '../../client/index.ts'
import { createNodeEnvironment } from '../environment/index.ts'

export type * from '../../client/api.ts'
export { type LabelledMetrics, type Metric, mbeanName, prometheusText } from '../../metrics/index.ts'

export function createProducer(options: ProducerOptions): Producer {
  return producer(createNodeEnvironment(), options)
}

export function createConsumer(options: ConsumerOptions): Consumer {
  return consumer(createNodeEnvironment(), options)
}

export function createAdmin(options: ConnectionOptions): Admin {
  return admin(createNodeEnvironment(), options)
}

import { afterAll, beforeAll, describe } from 'vitest'
import { createNodeEnvironment } from '../../engine/node/environment/index.ts'
import { runtimeSuite } from '../streams/runtime-suite.ts'
import type { Site } from '../streams/topics.ts'
import { type ApacheKafka, apacheKafkaMissing, startApacheKafka } from './apache-kafka.ts'

const missing = await apacheKafkaMissing()

describe.skipIf(missing !== undefined)('the runtime on Apache Kafka', () => {
  const environment = createNodeEnvironment()
  let kafka: ApacheKafka | undefined
  let site: Site

  beforeAll(async () => {
    kafka = await startApacheKafka({ nodes: 3, settings: { 'group.initial.rebalance.delay.ms': '0' } })
    site = { environment, bootstrap: kafka.bootstrap }
  }, 120_000)
  afterAll(() => kafka?.stop())

  for (const guarantee of ['at_least_once', 'exactly_once_v2'] as const) {
    describe(guarantee, () => {
      runtimeSuite(
        () => site,
        guarantee,
        async () => kafka?.kill(3),
      )
      afterAll(() => kafka?.restart(3))
    })
  }
})

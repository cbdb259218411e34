import { afterAll, beforeAll, describe } from 'vitest'
import { createNodeEnvironment } from '../../engine/node/environment/index.ts'
import { runtimeSuite } from '../streams/runtime-suite.ts'
import type { Site } from '../streams/topics.ts'
import { type ApacheKafka, apacheKafkaMissing, startApacheKafka } from './apache-kafka.ts'

const settings = {
  'group.initial.rebalance.delay.ms': '0',
  // Records here are of 1970: whatever is kept for a week goes as soon as retention first looks, which is after 30 s.
  'log.initial.task.delay.ms': '86400000',
}

const missing = await apacheKafkaMissing()

describe.skipIf(missing !== undefined)('the runtime on Apache Kafka', () => {
  const environment = createNodeEnvironment()
  let kafka: ApacheKafka | undefined
  let site: Site

  beforeAll(async () => {
    kafka = await startApacheKafka({ nodes: 3, settings })
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

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { apis } from '../../engine/protocol/apis/index.ts'
import { EveryVersion } from '../golden/every-version.ts'
import { type ApacheKafka, apacheKafkaMissing, startApacheKafka } from './apache-kafka.ts'

const missing = await apacheKafkaMissing()
if (missing !== undefined) process.stdout.write(`SKIPPED every version on Apache Kafka: ${missing}\n`)

describe.skipIf(missing !== undefined)('Apache Kafka', () => {
  let kafka: ApacheKafka
  beforeAll(async () => {
    kafka = await startApacheKafka()
  }, 90_000)
  afterAll(() => kafka?.stop())

  it('takes our requests in every version, and its answers are encoded as we encode them', async () => {
    const run = await EveryVersion.run(Number(kafka.bootstrap[0]!.split(':')[1]))
    expect(run.complaints).toEqual([])
    const all = apis.flatMap(({ name, versions: [first, last] }) =>
      Array.from({ length: last - first + 1 }, (_, index) => `${name} v${first + index}`),
    )
    expect([...run.answered].sort()).toEqual(all.sort())
  }, 60_000)
})

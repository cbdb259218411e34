/** The exported flagship against a real Apache Kafka, by one environment variable. */
import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { expect, test } from 'vitest'
import { ended, exportSample, minuteMs, recordsIn } from '../packaging/exported.ts'
import { alerts } from '../samples/expected.ts'
import { apacheKafkaMissing, startApacheKafka } from './apache-kafka.ts'

const missing = await apacheKafkaMissing()

test.skipIf(missing !== undefined)(
  'the exported flagship runs on Apache Kafka, and its sinks hold what they should',
  { timeout: 5 * minuteMs },
  async () => {
    const folder = await mkdtemp(path.join(os.tmpdir(), 'millrace-exported-'))
    const out = path.join(folder, 'flight-delays')
    const kafka = await startApacheKafka({ nodes: 3 })
    try {
      expect(await exportSample('flight-delays', out)).toMatchObject({ status: 0 })
      expect(
        await ended('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline'], out),
      ).toMatchObject({
        status: 0,
      })
      const bootstrap = kafka.bootstrap.join(',')
      const run = await ended('npm', ['start', '--', '--fast', '--until-idle'], out, {
        KAFKA_BOOTSTRAP_SERVERS: bootstrap,
      })
      expect(run).toMatchObject({ status: 0 })
      expect(await recordsIn('alerts', bootstrap)).toBe(alerts().length)
    } finally {
      await kafka.stop()
      await rm(folder, { recursive: true, force: true, maxRetries: 3 })
    }
  },
)

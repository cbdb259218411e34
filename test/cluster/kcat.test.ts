/** kcat, which is librdkafka, against our brokers; skipped where it is not installed. */
import { spawnSync } from 'node:child_process'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { EmbeddedCluster } from '../../engine/cluster/index.ts'
import { ClusterWorld, numbers, run } from './cluster-world.ts'

const hasKcat = spawnSync('kcat', ['-V']).status === 0

describe.skipIf(!hasKcat)('kcat', () => {
  const world = new ClusterWorld()
  let cluster: EmbeddedCluster
  let brokers: string

  beforeAll(async () => {
    cluster = await world.start()
    brokers = cluster.bootstrap.join(',')
  })
  afterAll(() => world.end())

  const produce = (topic: string, lines: readonly string[], ...more: string[]) =>
    run('kcat', ['-P', '-b', brokers, '-t', topic, ...more], `${lines.join('\n')}\n`)
  const consume = async (topic: string, ...more: string[]) =>
    (await run('kcat', ['-C', '-b', brokers, '-t', topic, '-e', '-q', ...more])).trim().split('\n')

  test.each(['none', 'gzip', 'snappy', 'lz4', 'zstd'])('writes and reads with codec %s', async (codec) => {
    await produce(`codec-${codec}`, numbers(0, 500), '-z', codec, '-X', 'enable.idempotence=true')
    expect(await consume(`codec-${codec}`)).toEqual(numbers(0, 500))
  })

  test('keeps keys and headers', async () => {
    await produce('headers', ['k1:v1'], '-K', ':', '-H', 'a=1', '-H', 'b=2')
    expect(await consume('headers', '-f', '%k %s %h\\n')).toEqual(['k1 v1 a=1,b=2'])
  })

  test('reads as a group, which goes on where it stopped', async () => {
    await cluster.createTopics([{ name: 'grouped', partitions: 3 }])
    await produce('grouped', numbers(0, 100))
    const read = async () => {
      const args = ['-G', 'readers', '-b', brokers, '-e', '-q', '-X', 'auto.offset.reset=earliest', 'grouped']
      return (await run('kcat', args))
        .trim()
        .split('\n')
        .filter((line) => line !== '')
    }
    expect((await read()).sort()).toEqual(numbers(0, 100))
    await produce('grouped', numbers(100, 110))
    expect((await read()).sort()).toEqual(numbers(100, 110))
  })

  test('finds offsets by time', async () => {
    await produce('timed', ['first'])
    await new Promise((resolve) => setTimeout(resolve, 20))
    const middleMs = Date.now()
    await new Promise((resolve) => setTimeout(resolve, 20))
    await produce('timed', ['second'])
    expect(await consume('timed', '-o', `s@${middleMs}`)).toEqual(['second'])
  })

  test('shows brokers, topics and replicas', async () => {
    const shown = JSON.parse(await run('kcat', ['-L', '-J', '-b', brokers, '-t', 'grouped']))
    expect(shown.brokers).toHaveLength(3)
    for (const partition of shown.topics[0].partitions) {
      expect(partition.replicas).toHaveLength(3)
      expect(partition.isrs).toHaveLength(3)
    }
  })
})

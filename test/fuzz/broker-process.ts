/**
 * A broker to be fuzzed, in a process of its own: says by IPC where it listens, then its memory whenever asked, and each
 * error that it logs. What it logs of clients is counted only.
 */
import { EmbeddedCluster } from '../../engine/cluster/index.ts'
import { createNodeEnvironment } from '../../engine/node/environment/index.ts'

export type BrokerNews =
  | { readonly kind: 'ready'; readonly port: number }
  | { readonly kind: 'error'; readonly text: string }
  | {
      readonly kind: 'memory'
      readonly residentBytes: number
      readonly keptBytes: number
      readonly warnings: number
    }

export const fuzzedTopics = ['fuzzed', 'fuzzed-compacted'] as const
export const witnessTopic = 'witness'

if (process.send !== undefined) {
  const say = (news: BrokerNews) => void process.send?.(news)
  let warnings = 0
  const environment = createNodeEnvironment({
    log: {
      write(level, source, text) {
        if (level === 'warn') warnings++
        if (level === 'error') say({ kind: 'error', text: `${source}: ${text}` })
      },
    },
  })
  const cluster = await EmbeddedCluster.start(() => environment, {
    brokers: 1,
    // A machine with other things to do must not look like a broker that has died.
    settings: { 'auto.create.topics.enable': 'false', 'broker.session.timeout.ms': '60000' },
    topics: [
      { name: fuzzedTopics[0], partitions: 1 },
      { name: fuzzedTopics[1], partitions: 1, configs: { 'cleanup.policy': 'compact' } },
      { name: witnessTopic, partitions: 1 },
    ],
  })
  process.on('message', () => {
    globalThis.gc?.()
    // What native code has unfolded is given back a turn later.
    setTimeout(() => {
      globalThis.gc?.()
      const { rss, heapUsed, arrayBuffers } = process.memoryUsage()
      say({ kind: 'memory', residentBytes: rss, keptBytes: heapUsed + arrayBuffers, warnings })
    }, 100)
  })
  process.on('disconnect', () => {
    void cluster.stop().finally(() => process.exit(0))
  })
  say({ kind: 'ready', port: Number(cluster.bootstrap[0]!.split(':')[1]) })
}

import type { TopicSpec } from '../../../engine/client/api.ts'
import { nodeCodecs } from '../../../engine/node/environment/index.ts'
import { startAdminLoad } from '../admin-load.ts'
import { checkTransactions } from '../transactions/transaction-checker.ts'
import { ledger, ledgerPartitions, startTransactions } from '../transactions/transaction-load.ts'
import { startCommitLoad } from './commit-load.ts'
import { startCompactedLoad, tableKeys } from './compacted-load.ts'
import { startGroupLoad } from './group-load.ts'
import type { Load, LoadContext } from './load.ts'
import { startResendingLoad } from './resending-load.ts'
import { startShortLivedLoad } from './short-lived-load.ts'
import { startSteadyLoad } from './steady-load.ts'

export const loadNames = [
  'steady',
  'resending',
  'compacted',
  'transactions',
  'group',
  'commits',
  'short-lived',
  'administration',
] as const
export type LoadName = (typeof loadNames)[number]

const events = 'events'
const eventsPartitions = 3
export const table = 'table'
export const shortLived = 'short-lived'
const retentionMs = 10 * 60_000

export const topics: TopicSpec[] = [
  { name: events, partitions: eventsPartitions, configs: { 'segment.bytes': '16384' } },
  { name: ledger, partitions: ledgerPartitions, configs: { 'segment.bytes': '8192' } },
  {
    name: table,
    partitions: 1,
    configs: {
      'cleanup.policy': 'compact',
      'segment.bytes': '1024',
      'min.cleanable.dirty.ratio': '0.01',
      'delete.retention.ms': '500',
    },
  },
  {
    name: shortLived,
    partitions: 1,
    configs: { 'retention.ms': String(retentionMs), 'segment.bytes': '1024' },
  },
]

/** Those that are asked for, or all. */
export function startLoads(
  context: LoadContext,
  chosen: ReadonlySet<LoadName> = new Set(loadNames),
): { readonly all: readonly Load[]; readonly group: ReturnType<typeof startGroupLoad> | undefined } {
  const isChosen = (name: LoadName) => chosen.has(name)
  const writers: Load[] = []
  if (isChosen('steady'))
    writers.push(startSteadyLoad(context, { topic: events, partitions: eventsPartitions }))
  if (isChosen('resending')) {
    for (const partition of [0, 1]) {
      const rules = { name: `writer-${partition}`, rememberedBatches: 5, restMsMax: 20, keyOf: () => null }
      writers.push(startResendingLoad(context, { topic: events, partition, ...rules }))
    }
    const tableRules = { topic: table, partition: 0, rememberedBatches: 1, restMsMax: 2500 }
    const keyOf = (random: { int(bound: number): number }) => `shared-${random.int(tableKeys)}`
    // They supersede each other: of one that rests nothing but the memory of its last batch is left.
    for (const name of ['table-writer-0', 'table-writer-1']) {
      writers.push(startResendingLoad(context, { name, ...tableRules, keyOf }))
    }
  }
  const all = [...writers]
  if (isChosen('compacted')) all.push(startCompactedLoad(context, { topic: table, partition: 0 }))
  if (isChosen('commits')) all.push(startCommitLoad(context, { topic: events }))
  if (isChosen('short-lived')) all.push(startShortLivedLoad(context, { topic: shortLived, retentionMs }))
  if (isChosen('transactions')) all.push(startTransactionLoad(context))
  if (isChosen('administration')) {
    const { world, cluster } = context
    all.push(startAdminLoad(world, cluster, { topics: [events, table], partitions: [eventsPartitions, 1] }))
  }
  const isComplete = () => writers.every((load) => load.isDone())
  const group = isChosen('group') ? startGroupLoad(context, { topic: events, isComplete }) : undefined
  if (group) all.push(group)
  return { all, group }
}

function startTransactionLoad({ world, cluster, findings }: LoadContext): Load {
  const load = startTransactions(world, cluster)
  return {
    get operations() {
      const counts: Record<string, number> = {
        'zombie refused': load.zombies.refused,
        'read committed': load.read.length,
      }
      for (const { outcome } of load.attempts)
        counts[`transaction ${outcome}`] = (counts[`transaction ${outcome}`] ?? 0) + 1
      return counts
    },
    failures: load.failures,
    stop: () => load.stop(),
    isDone: () => load.isDone(),
    verify: () => checkTransactions(cluster, load, nodeCodecs, findings),
  }
}

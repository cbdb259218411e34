import { MillraceError } from '../../base/errors.ts'
import type { Admin, TopicSpec } from '../../client/api.ts'
import { isRetriable } from '../../client/kafka-error.ts'
import type { Environment } from '../../environment/index.ts'
import type { BuiltTopology } from '../topology.ts'
import { type PartitionPlan, planPartitions, sourceTopics } from './partition-plan.ts'

interface Setting {
  readonly environment: Environment
  readonly admin: Admin
  readonly applicationId: string
  readonly replicationFactor: number | undefined
}

const attempts = 10
const pauseMs = 300

/**
 * Finds the source topics, and sees to it that repartition topics and changelogs are there. Several threads do this at once:
 * whoever comes second finds the topic.
 * @throws MillraceError MISSING_SOURCE_TOPIC, CO_PARTITIONING, INTERNAL_TOPIC_MISMATCH
 */
export async function prepareTopics(topology: BuiltTopology, setting: Setting): Promise<PartitionPlan> {
  const sources = sourceTopics(topology)
  const plan = await withRetries(setting, async () => {
    const known = await partitionCounts(setting.admin)
    const missing = sources.filter((topic) => !known.has(topic))
    if (missing.length > 0) throw missingTopics(missing)
    const counts = new Map(sources.map((topic) => [topic, known.get(topic)!]))
    return planPartitions(topology, setting.applicationId, counts)
  })
  await withRetries(setting, () => createMissing(plan, setting))
  return plan
}

/** As Kafka Streams has it: what lies in the segment that is written to is not compacted yet. */
const segmentBytes = String(50 * 1024 * 1024)

async function createMissing(plan: PartitionPlan, { admin, replicationFactor }: Setting): Promise<void> {
  const wanted: TopicSpec[] = []
  for (const [name, partitions] of plan.repartitionTopics) {
    const configs = { 'cleanup.policy': 'delete', 'retention.ms': '-1', 'segment.bytes': segmentBytes }
    wanted.push({ name, partitions, replicationFactor, configs })
  }
  for (const [name, partitions] of plan.changelogTopics) {
    const configs = { 'cleanup.policy': 'compact', 'retention.ms': '-1', 'segment.bytes': segmentBytes }
    wanted.push({ name, partitions, replicationFactor, configs })
  }
  const known = await partitionCounts(admin)
  for (const { name, partitions } of wanted) {
    const there = known.get(name)
    if (there !== undefined && there !== partitions) throw mismatch(name, there, partitions)
  }
  const missing = wanted.filter(({ name }) => !known.has(name))
  if (missing.length > 0) await admin.createTopics(missing)
}

async function partitionCounts(admin: Admin): Promise<Map<string, number>> {
  const topics = await admin.listTopics()
  return new Map(topics.map(({ name, partitions }) => [name, partitions.length]))
}

/** What was just created may not be known to every broker yet. */
async function withRetries<T>({ environment }: Setting, run: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await run()
    } catch (error) {
      if (attempt >= attempts || !mayPass(error)) throw error
      await environment.timers.sleep(pauseMs)
    }
  }
}

function mayPass(error: unknown): boolean {
  if (isRetriable(error)) return true
  return (
    error instanceof MillraceError &&
    (error.code === 'MISSING_SOURCE_TOPIC' || error.code === 'TOPIC_ALREADY_EXISTS')
  )
}

function missingTopics(topics: readonly string[]): MillraceError {
  return new MillraceError({
    code: 'MISSING_SOURCE_TOPIC',
    what: `there is no topic ${topics.map((topic) => `"${topic}"`).join(', ')} to read`,
    where: topics[0],
    remedy: 'create the topic, or check its name',
  })
}

function mismatch(name: string, there: number, wanted: number): MillraceError {
  return new MillraceError({
    code: 'INTERNAL_TOPIC_MISMATCH',
    what: `the internal topic has ${there} partitions where the topology now needs ${wanted}`,
    where: name,
    remedy: 'run from the start, which makes the internal topics anew',
    details: { topic: name },
  })
}

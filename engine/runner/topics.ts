import { isMillraceError, MillraceError } from '../base/errors.ts'
import type { Admin } from '../client/api.ts'
import type { Environment } from '../environment/index.ts'
import { nodeKinds } from '../nodes/kinds.ts'
import type { PlannedTopic, TopologyPlan } from '../streams/plan.ts'

const internalEndings = ['-changelog', '-repartition', '-sink']
const deletionMsMax = 10_000

/** Makes the topics that the plan names and the cluster does not have. */
export async function ensureTopics(admin: Admin, topics: readonly PlannedTopic[]): Promise<void> {
  const existing = new Set((await admin.listTopics()).map((topic) => topic.name))
  const missing = topics.filter((topic) => !existing.has(topic.name))
  if (missing.length === 0) return
  try {
    await admin.createTopics(
      missing.map(({ name, partitions, configs }) => ({ name, partitions: partitions ?? -1, configs })),
    )
  } catch (thrown) {
    // Made by another run in the same moment.
    if (!isMillraceError(thrown, 'TOPIC_ALREADY_EXISTS')) throw thrown
  }
}

/** Topics that belong to the run alone: what its feeds fill, repartitions, changelogs, and what goes to sinks outside. */
export function ownTopics(existing: readonly string[], applicationId: string, plan: TopologyPlan): string[] {
  const feeds = new Set(plan.feeds.map((feed) => feed.topic))
  return existing.filter(
    (name) =>
      feeds.has(name) ||
      (name.startsWith(`${applicationId}-`) && internalEndings.some((ending) => name.endsWith(ending))),
  )
}

/** Undoes what sinks outside the cluster have written. */
export async function resetSinks(
  environment: Environment,
  plan: TopologyPlan,
  folder: string,
): Promise<void> {
  for (const step of plan.steps) {
    if (step.op !== 'external') continue
    await nodeKinds.get(step.kind)?.runtime?.reset?.({ environment, config: step.config, folder })
  }
}

/** Removes what an earlier run has left: offsets, stores, and topics of its own. Topics that people named stay. */
export async function resetRun(
  environment: Environment,
  admin: Admin,
  plan: TopologyPlan,
  applicationId: string,
  stateFolder: string,
): Promise<void> {
  await environment.disk.remove(stateFolder)
  const existing = (await admin.listTopics()).map((topic) => topic.name)
  const own = ownTopics(existing, applicationId, plan)
  await forgetOffsets(admin, applicationId, own)
  if (own.length === 0) return
  await admin.deleteTopics(own)
  const deadlineMs = environment.clock.monotonicMs() + deletionMsMax
  while ((await admin.listTopics()).some((topic) => own.includes(topic.name))) {
    if (environment.clock.monotonicMs() > deadlineMs) {
      throw new MillraceError({
        code: 'RESET_FAILED',
        what: 'the cluster has not removed the topics of the earlier run',
        where: own.join(', '),
        remedy: 'check that all brokers run, then start again',
      })
    }
    await environment.timers.sleep(50)
  }
}

/** Offsets of topics that stay go to their beginning; those of topics that go, to where the new ones begin. */
async function forgetOffsets(admin: Admin, groupId: string, going: readonly string[]): Promise<void> {
  const committed = await admin.groupOffsets(groupId)
  if (committed.length === 0) return
  const staying = committed.filter(({ topic }) => !going.includes(topic))
  const starts =
    staying.length === 0
      ? []
      : await admin.listOffsets(
          staying.map(({ topic, partition }) => ({ topic, partition, spec: 'earliest' as const })),
        )
  const gone = committed
    .filter(({ topic }) => going.includes(topic))
    .map(({ topic, partition }) => ({ topic, partition, offset: 0 }))
  await admin.resetGroupOffsets(groupId, [
    ...starts.map(({ topic, partition, offset }) => ({ topic, partition, offset })),
    ...gone,
  ])
}

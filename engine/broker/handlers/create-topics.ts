/**
 * CreateTopics (19), versions 2–7.
 *
 * Any broker takes it and passes it to the active controller; answered once the topics are committed and known here.
 * - v4: −1 asks for the default number of partitions or replicas. v5: the answer has the topic's numbers and settings.
 * - v7: the answer has the topic's id.
 * - controller_mutation_rate (KIP-599): from v6 THROTTLING_QUOTA_EXCEEDED past it; before, the client is held up afterwards.
 * - Any version: a request for more than 10,000 partitions in all is refused as a whole with POLICY_VIOLATION.
 * Deviations: the answer's settings are those that were given, not all that hold. `timeoutMs` bounds the wait for the
 * controller.
 */

import { isMillraceError } from '../../base/errors.ts'
import type { RequestOf } from '../../protocol/api.ts'
import { createTopics } from '../../protocol/apis/create-topics.ts'
import { errorCodes } from '../../protocol/error-codes.ts'
import {
  excessivePartitions,
  type NewTopic,
  partitionsPerRequestMax,
  type TopicAnswer,
} from '../controller/topics.ts'
import type { BrokerContext } from '../server/context.ts'
import { handler } from '../server/handler.ts'
import { mutationPermits } from '../server/quotas/mutation-permits.ts'

type AskedTopic = RequestOf<typeof createTopics>['topics'][number]

export const handleCreateTopics = handler(createTopics, async (broker, request, context) => {
  const { version } = context
  if (partitionsIn(request.topics, broker.settings.number('num.partitions')) > partitionsPerRequestMax) {
    return { topics: request.topics.map((topic) => toResponse(topic, excessive, version)) }
  }
  const twice = namedTwice(request.topics)
  const permits = mutationPermits(context, strictSince)
  const perTopic = broker.settings.number('num.partitions')
  const single = request.topics.filter(({ name }) => !twice.has(name))
  const asked = single.filter((topic) => permits.take(partitionsIn([topic], perTopic)))
  const throttled = single.filter((topic) => !asked.includes(topic))
  const answers = await create(broker, asked, request.timeoutMs, request.validateOnly)
  const created = asked.filter((_topic, i) => answers[i]!.error === 'NONE')
  if (!request.validateOnly) {
    const isKnown = () => created.every(({ name }) => broker.image.topics.has(name))
    await broker.untilImage(isKnown, request.timeoutMs)
  }
  const doubled = [...twice].map((name) => ({
    name,
    errorCode: errorCodes.INVALID_REQUEST,
    errorMessage: 'Duplicate topic name.',
    configs: null,
  }))
  const topics = asked.map((topic, i) => toResponse(topic, answers[i]!, version))
  const refused = throttled.map((topic) => toResponse(topic, exceeded, version))
  return { throttleTimeMs: permits.settle(), topics: [...topics, ...refused, ...doubled] }
})

/** Before, what is past the quota is done, and the client held up afterwards. */
const strictSince = 6

const exceeded: TopicAnswer = {
  error: 'THROTTLING_QUOTA_EXCEEDED',
  message: 'The throttling quota has been exceeded.',
  topicId: '',
  partitions: -1,
  replicationFactor: -1,
}

const excessive: TopicAnswer = {
  error: 'POLICY_VIOLATION',
  message: excessivePartitions,
  topicId: '',
  partitions: -1,
  replicationFactor: -1,
}

/** A topic for which an impossible number is asked counts as one, so that there is a bound for topics too. */
function partitionsIn(topics: readonly AskedTopic[], byDefault: number): number {
  let sum = 0
  for (const { assignments, numPartitions } of topics) {
    const asked = numPartitions === -1 ? byDefault : numPartitions
    sum += Math.max(1, assignments.length > 0 ? assignments.length : asked)
  }
  return sum
}

function namedTwice(topics: readonly AskedTopic[]): Set<string> {
  const once = new Set<string>()
  const twice = new Set<string>()
  for (const { name } of topics) (once.has(name) ? twice : once).add(name)
  return twice
}

async function create(
  broker: BrokerContext,
  asked: readonly AskedTopic[],
  timeoutMs: number,
  validateOnly: boolean,
): Promise<readonly TopicAnswer[]> {
  if (asked.length === 0) return []
  try {
    return await broker.askController(
      'create-topics',
      { topics: asked.map(toNewTopic), validateOnly },
      timeoutMs,
    )
  } catch (thrown) {
    if (!isMillraceError(thrown)) throw thrown
    const failed = { topicId: '', partitions: -1, replicationFactor: -1 }
    return asked.map(() => ({ error: 'REQUEST_TIMED_OUT', message: thrown.what, ...failed }))
  }
}

function toNewTopic(topic: AskedTopic): NewTopic {
  const byPartition = [...topic.assignments].sort((a, b) => a.partitionIndex - b.partitionIndex)
  return {
    name: topic.name,
    partitions: topic.numPartitions,
    replicationFactor: topic.replicationFactor,
    // Where partitions are missing or come twice, one without replicas: the controller refuses it.
    assignments: byPartition.map(({ partitionIndex, brokerIds }, i) =>
      partitionIndex === i ? brokerIds : [],
    ),
    configs: topic.configs,
  }
}

function toResponse(topic: AskedTopic, answer: TopicAnswer, version: number) {
  const isCreated = answer.error === 'NONE'
  return {
    name: topic.name,
    ...(isCreated ? { topicId: answer.topicId } : {}),
    errorCode: errorCodes[answer.error],
    errorMessage: answer.message ?? null,
    numPartitions: answer.partitions,
    replicationFactor: answer.replicationFactor,
    configs:
      isCreated && version >= 5
        ? topic.configs.map(({ name, value }) => ({
            name,
            value,
            readOnly: false,
            configSource: 1,
            isSensitive: false,
          }))
        : null,
  }
}

/**
 * CreatePartitions (37), versions 0–3.
 *
 * Adds partitions to topics, by given assignments or round robin. Every topic that was asked for is answered.
 * - controller_mutation_rate (KIP-599): from v3 THROTTLING_QUOTA_EXCEEDED past it; before, the client is held up afterwards.
 * Deviations: more than 10,000 new partitions are refused with POLICY_VIOLATION, where Kafka fails with UNKNOWN_SERVER_ERROR.
 */

import { isMillraceError } from '../../base/errors.ts'
import { createPartitions } from '../../protocol/apis/create-partitions.ts'
import { errorCodes } from '../../protocol/error-codes.ts'
import type { TopicAnswer } from '../controller/topics.ts'
import { handler } from '../server/handler.ts'
import { mutationPermits } from '../server/quotas/mutation-permits.ts'

export const handleCreatePartitions = handler(createPartitions, async (broker, request, context) => {
  const { timeoutMs, validateOnly } = request
  const permits = mutationPermits(context, strictSince)
  const isAllowed = ({ name, count }: { readonly name: string; readonly count: number }) =>
    permits.take(Math.max(0, count - (broker.image.topics.get(name)?.partitions.length ?? count)))
  const allowed = request.topics.filter(isAllowed)
  const topics = allowed.map(({ name, count, assignments }) => ({
    name,
    count,
    assignments: assignments?.map(({ brokerIds }) => brokerIds) ?? null,
  }))
  let answers: readonly TopicAnswer[]
  try {
    answers = await broker.askController('create-partitions', { topics, validateOnly }, timeoutMs)
  } catch (thrown) {
    if (!isMillraceError(thrown)) throw thrown
    const failed = { topicId: '', partitions: -1, replicationFactor: -1 }
    answers = topics.map(() => ({ error: 'REQUEST_TIMED_OUT', message: thrown.what, ...failed }))
  }
  const created = topics.filter((_topic, i) => answers[i]!.error === 'NONE')
  if (!validateOnly) {
    const isKnown = () => created.every(({ name, count }) => broker.image.partition(name, count - 1))
    await broker.untilImage(isKnown, timeoutMs)
  }
  const results = topics.map(({ name }, i) => ({
    name,
    errorCode: errorCodes[answers[i]!.error],
    errorMessage: answers[i]!.message ?? null,
  }))
  const throttled = request.topics
    .filter((topic) => !allowed.includes(topic))
    .map(({ name }) => ({
      name,
      errorCode: errorCodes.THROTTLING_QUOTA_EXCEEDED,
      errorMessage: 'The throttling quota has been exceeded.',
    }))
  return { throttleTimeMs: permits.settle(), results: [...results, ...throttled] }
})

/** Before, what is past the quota is done, and the client held up afterwards. */
const strictSince = 3

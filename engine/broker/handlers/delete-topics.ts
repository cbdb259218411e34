/**
 * DeleteTopics (20), versions 1–6.
 *
 * - v6: topics by name or by id; before: by name.
 * - TOPIC_DELETION_DISABLED where delete.topic.enable is false; INVALID_REQUEST for one that is named with its id too.
 * - controller_mutation_rate (KIP-599): from v5 THROTTLING_QUOTA_EXCEEDED past it; before, the client is held up afterwards.
 * Deviations: none known.
 */

import { isMillraceError } from '../../base/errors.ts'
import { deleteTopics } from '../../protocol/apis/delete-topics.ts'
import { type ErrorName, errorCodes } from '../../protocol/error-codes.ts'
import { zeroUuid } from '../../protocol/reader.ts'
import type { BrokerContext } from '../server/context.ts'
import { handler } from '../server/handler.ts'
import { mutationPermits } from '../server/quotas/mutation-permits.ts'

export const handleDeleteTopics = handler(deleteTopics, async (broker, request, context) => {
  const { version } = context
  const permits = mutationPermits(context, strictSince)
  const asked =
    version >= 6 ? request.topics : request.topicNames.map((name) => ({ name, topicId: zeroUuid }))
  const responses = await Promise.all(
    asked.map(async ({ name, topicId }) => {
      const topic = name === null ? broker.image.topicById(topicId) : broker.image.topics.get(name)
      const isAllowed = topic === undefined || permits.take(topic.partitions.length)
      if (!isAllowed) return { name, topicId, ...exceeded }
      const answer = await remove(broker, name, topicId, request.timeoutMs)
      return { name: answer.name, topicId: answer.topicId, errorCode: errorCodes[answer.error] }
    }),
  )
  return { throttleTimeMs: permits.settle(), responses }
})

/** Before, what is past the quota is done, and the client held up afterwards. */
const strictSince = 5

const exceeded = {
  errorCode: errorCodes.THROTTLING_QUOTA_EXCEEDED,
  errorMessage: 'The throttling quota has been exceeded.',
}

async function remove(
  broker: BrokerContext,
  name: string | null,
  givenId: string,
  timeoutMs: number,
): Promise<{ name: string | null; topicId: string; error: ErrorName }> {
  const { image } = broker
  const topic = name === null ? image.topicById(givenId) : image.topics.get(name)
  if (name !== null && givenId !== zeroUuid) return { name, topicId: givenId, error: 'INVALID_REQUEST' }
  if (!topic) {
    const error = name === null ? 'UNKNOWN_TOPIC_ID' : 'UNKNOWN_TOPIC_OR_PARTITION'
    return { name, topicId: givenId, error }
  }
  const found = { name: topic.name, topicId: topic.topicId }
  if (!broker.settings.flag('delete.topic.enable')) return { ...found, error: 'TOPIC_DELETION_DISABLED' }
  try {
    const [answer] = await broker.askController('delete-topics', { topicIds: [topic.topicId] }, timeoutMs)
    await broker.untilImage(() => !image.topicById(topic.topicId), timeoutMs)
    return { ...found, error: answer!.error }
  } catch (thrown) {
    if (isMillraceError(thrown)) return { ...found, error: 'REQUEST_TIMED_OUT' }
    throw thrown
  }
}

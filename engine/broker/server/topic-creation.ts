import { isMillraceError } from '../../base/errors.ts'
import type { ErrorName } from '../../protocol/error-codes.ts'
import { offsetsTopic, transactionsTopic } from '../controller/topic-names.ts'
import type { NewTopic } from '../controller/topics.ts'
import type { BrokerContext } from './context.ts'

const creationTimeoutMs = 5000

/**
 * Creates a topic that clients asked for, with the cluster's defaults, and waits until this broker knows it. The error
 * to answer if it is still not there.
 */
export async function ensureTopic(broker: BrokerContext, name: string): Promise<ErrorName> {
  const topic = specOf(broker, name)
  try {
    const [answer] = await broker.askController(
      'create-topics',
      { topics: [topic], validateOnly: false },
      creationTimeoutMs,
    )
    const { error } = answer!
    if (error !== 'NONE' && error !== 'TOPIC_ALREADY_EXISTS') {
      return error === 'INVALID_REPLICATION_FACTOR' ? 'LEADER_NOT_AVAILABLE' : error
    }
    await broker.untilImage(() => broker.image.topics.has(name), creationTimeoutMs)
    return 'LEADER_NOT_AVAILABLE'
  } catch (thrown) {
    if (isMillraceError(thrown)) return 'LEADER_NOT_AVAILABLE'
    throw thrown
  }
}

function specOf(broker: BrokerContext, name: string): NewTopic {
  if (name === offsetsTopic) return offsetsTopicSpec(broker)
  if (name === transactionsTopic) return transactionsTopicSpec(broker)
  return { name, partitions: -1, replicationFactor: -1, assignments: [], configs: [] }
}

/** Where transactional ids keep their state. */
function transactionsTopicSpec({ settings }: BrokerContext): NewTopic {
  return {
    name: transactionsTopic,
    partitions: settings.number('transaction.state.log.num.partitions'),
    replicationFactor: settings.number('transaction.state.log.replication.factor'),
    assignments: [],
    configs: [
      { name: 'cleanup.policy', value: 'compact' },
      { name: 'compression.type', value: 'producer' },
      { name: 'retention.ms', value: '-1' },
      { name: 'min.insync.replicas', value: settings.text('transaction.state.log.min.isr') },
      { name: 'segment.bytes', value: settings.text('transaction.state.log.segment.bytes') },
    ],
  }
}

/**
 * Where groups keep their state: compacted, and never deleted by age. While fewer brokers than replicas are registered it
 * cannot be made: it would have too few of them for good.
 */
function offsetsTopicSpec({ settings }: BrokerContext): NewTopic {
  return {
    name: offsetsTopic,
    partitions: settings.number('offsets.topic.num.partitions'),
    replicationFactor: settings.number('offsets.topic.replication.factor'),
    assignments: [],
    configs: [
      { name: 'cleanup.policy', value: 'compact' },
      { name: 'compression.type', value: 'producer' },
      { name: 'retention.ms', value: '-1' },
      { name: 'segment.bytes', value: settings.text('offsets.topic.segment.bytes') },
    ],
  }
}

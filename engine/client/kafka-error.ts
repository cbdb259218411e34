import { MillraceError } from '../base/errors.ts'
import { errorCodes, errorOf } from '../protocol/error-codes.ts'

/** Kafka's error as ours: its name is the code; `details` carry the number and whether trying again may help. */
export function kafkaError(errorCode: number, where?: string, message?: string | null): MillraceError {
  const entry = errorOf(errorCode)
  return new MillraceError({
    code: entry.name,
    what: message ? `${entry.message} (${message})` : entry.message,
    where,
    remedy: remedyFor(entry.name, where),
    details: { errorCode, retriable: entry.retriable },
  })
}

function remedyFor(name: string, where: string | undefined): string | undefined {
  const isBrokers = name === 'INVALID_TOPIC_EXCEPTION' && brokersTopics.test(where ?? '')
  return isBrokers ? 'write to a topic of your own: only brokers write this one' : remedies[name]
}

/** Where groups and transactions are kept, perhaps with a partition. */
const brokersTopics = /(^| )__(consumer_offsets|transaction_state)(-\d+)?$/

/** @throws MillraceError with Kafka's name for the code, unless it is 0 */
export function checkCode(errorCode: number, where?: string, message?: string | null): void {
  if (errorCode !== 0) throw kafkaError(errorCode, where, message)
}

/** Errors of the connection, after which the same request may succeed, perhaps with another broker. */
const retriableCodes = new Set([
  'CONNECTION_LOST',
  'CONNECTION_REFUSED',
  'CONNECTION_TIMED_OUT',
  'HOST_NOT_FOUND',
  'REQUEST_TIMED_OUT',
  'NO_BROKER_REACHABLE',
])

export function isRetriable(thrown: unknown): boolean {
  if (!(thrown instanceof MillraceError)) return false
  return retriableCodes.has(thrown.code) || thrown.details?.retriable === true
}

const staleMetadataCodes: ReadonlySet<number> = new Set([
  errorCodes.UNKNOWN_TOPIC_OR_PARTITION,
  errorCodes.LEADER_NOT_AVAILABLE,
  errorCodes.NOT_LEADER_OR_FOLLOWER,
  errorCodes.REPLICA_NOT_AVAILABLE,
  errorCodes.KAFKA_STORAGE_ERROR,
  errorCodes.FENCED_LEADER_EPOCH,
  errorCodes.UNKNOWN_LEADER_EPOCH,
  errorCodes.OFFSET_NOT_AVAILABLE,
  errorCodes.LISTENER_NOT_FOUND,
  errorCodes.UNKNOWN_TOPIC_ID,
  errorCodes.INCONSISTENT_TOPIC_ID,
])

/** The broker's answer shows that what we know of topics and leaders is out of date. */
export function showsStaleMetadata(errorCode: number): boolean {
  return staleMetadataCodes.has(errorCode)
}

export function isRetriableCode(errorCode: number): boolean {
  return errorOf(errorCode).retriable
}

export function notInAnswer(where: string): MillraceError {
  return new MillraceError({
    code: 'INCOMPLETE_ANSWER',
    what: 'the broker did not answer for all that was asked',
    where,
    details: { retriable: true },
  })
}

export function clientClosed(): MillraceError {
  return new MillraceError({ code: 'CLIENT_CLOSED', what: 'the client has been closed' })
}

const remedies: Readonly<Record<string, string>> = {
  SASL_AUTHENTICATION_FAILED: 'check the user, the password or the token',
  UNSUPPORTED_SASL_MECHANISM: 'sign in in one of the ways that the broker offers',
  ILLEGAL_SASL_STATE: 'sign in only where the port of the broker asks for it',
  NOT_ENOUGH_REPLICAS: 'start the brokers that are down, or lower min.insync.replicas of the topic',
  UNKNOWN_TOPIC_OR_PARTITION: 'create the topic, or check its name',
  INVALID_TOPIC_EXCEPTION:
    "use another name: letters, digits, '.', '_' and '-', at most 249, and no topic's whose '.' and '_' alone differ",
  INVALID_CONFIG: "use Kafka's names of settings, with values that they take",
  INVALID_REPLICATION_FACTOR: 'ask for no more replicas than there are brokers',
  TOPIC_ALREADY_EXISTS: 'use another name',
  MESSAGE_TOO_LARGE: 'send smaller records, or raise max.message.bytes of the topic',
  INVALID_SESSION_TIMEOUT: 'choose a session timeout that the broker allows (6 s to 30 min by default)',
  INCONSISTENT_GROUP_PROTOCOL: 'let all members of the group use the same assignors',
  FENCED_INSTANCE_ID: 'give every running member its own group instance id',
}

/**
 * Which brokers are there. A broker's state, from the controller's side:
 *
 * | state         | input                                       | next          | records                                    |
 * |---------------|---------------------------------------------|---------------|--------------------------------------------|
 * | any           | registration, another incarnation           | fenced        | register; unless cleanly back: left in-sync sets, or suspect |
 * | fenced        | heartbeat, caught up with its registration  | active        | unfence; leaderless partitions it has      |
 * | active        | no heartbeat for the session timeout        | fenced        | fence; left in-sync sets, leaders moved    |
 * | active        | heartbeat that wants to shut down           | shutting down | mark; left in-sync sets, leaders moved     |
 * | shutting down | heartbeat once nothing depends on it        | (answered)    | –                                          |
 * | any           | heartbeat of another broker epoch           | unchanged     | refused: STALE_BROKER_EPOCH                |
 */
import type { ErrorName } from '../../protocol/error-codes.ts'
import type { ControllerState, Decision } from './decision.ts'
import {
  type LogReport,
  recordsForLeaving,
  recordsForReturning,
  recordsForUncleanReturn,
} from './elections.ts'
import type { MetadataRecord } from './records.ts'

export interface Registration {
  readonly id: number
  readonly incarnation: string
  readonly host: string
  readonly port: number
  /** The broker epoch under which it last stopped with all data synced; −1: it did not. */
  readonly cleanBrokerEpoch: number
  /** What lies on its disk. */
  readonly logs: readonly LogReport[]
}

export function registerBroker(
  state: ControllerState,
  registration: Registration,
  nowMs: number,
): Decision<{ error: ErrorName; brokerEpoch: number }> {
  const { id, incarnation, host, port } = registration
  const known = state.image.brokers.get(id)
  state.contactMs.set(id, nowMs)
  state.heard.add(id)
  if (known?.incarnation === incarnation) {
    return { records: [], response: { error: 'NONE', brokerEpoch: known.brokerEpoch } }
  }
  const brokerEpoch = state.nextIndex
  const records: MetadataRecord[] = []
  // After an unclean stop it may lack what it acknowledged: in the in-sync sets it has no place (KIP-966).
  const isIntact = known !== undefined && registration.cleanBrokerEpoch === known.brokerEpoch
  if (known) {
    records.push(
      ...(isIntact
        ? recordsForLeaving(state.image, id).filter(isLeaderless).map(keepIsr)
        : recordsForUncleanReturn(state.image, id, registration.logs, isHeard(state))),
    )
  }
  records.push({ type: 'register-broker', id, brokerEpoch, incarnation, host, port })
  return { records, response: { error: 'NONE', brokerEpoch } }
}

function isLeaderless(record: MetadataRecord): boolean {
  return record.type === 'partition-change' && record.leader !== undefined
}

function keepIsr(record: MetadataRecord): MetadataRecord {
  return record.type === 'partition-change' ? { ...record, isr: undefined } : record
}

export interface Heartbeat {
  readonly id: number
  readonly brokerEpoch: number
  /** The entry up to which the broker has applied the metadata. */
  readonly appliedIndex: number
  readonly wantsShutdown: boolean
}

export interface HeartbeatAnswer {
  readonly error: ErrorName
  readonly fenced: boolean
  readonly mayShutDown: boolean
}

export function heartbeat(state: ControllerState, beat: Heartbeat, nowMs: number): Decision<HeartbeatAnswer> {
  const broker = state.image.brokers.get(beat.id)
  if (broker?.brokerEpoch !== beat.brokerEpoch) {
    return { records: [], response: { error: 'STALE_BROKER_EPOCH', fenced: true, mayShutDown: false } }
  }
  state.contactMs.set(beat.id, nowMs)
  const isFirst = !state.heard.has(beat.id)
  state.heard.add(beat.id)
  const id = { id: beat.id, brokerEpoch: beat.brokerEpoch }
  if (beat.wantsShutdown) {
    const leaving = recordsForLeaving(state.image, beat.id)
    const records: MetadataRecord[] = broker.shuttingDown
      ? leaving
      : [...leaving, { type: 'shutting-down', ...id }]
    return { records, response: { error: 'NONE', fenced: broker.fenced, mayShutDown: leaving.length === 0 } }
  }
  if (!broker.fenced || beat.appliedIndex < broker.brokerEpoch) {
    // One that was there all the time: partitions may have waited for a word of it.
    const records = isFirst && !broker.fenced ? recordsForReturning(state.image, beat.id, isHeard(state)) : []
    return { records, response: { error: 'NONE', fenced: broker.fenced, mayShutDown: false } }
  }
  const records: MetadataRecord[] = [
    { type: 'unfence-broker', ...id },
    ...recordsForReturning(state.image, beat.id, isHeard(state)),
  ]
  return { records, response: { error: 'NONE', fenced: false, mayShutDown: false } }
}

function isHeard({ heard }: ControllerState): (id: number) => boolean {
  return (id) => heard.has(id)
}

/** Fences a broker that has gone silent, one at a time. */
export function fenceSilentBrokers(state: ControllerState, nowMs: number): Decision<undefined> {
  const timeoutMs = state.settings.number('broker.session.timeout.ms')
  for (const broker of state.image.brokers.values()) {
    const heardMs = state.contactMs.get(broker.id) ?? nowMs
    state.contactMs.set(broker.id, heardMs)
    if (broker.fenced || nowMs - heardMs < timeoutMs) continue
    return fenceBroker(state, broker.id)
  }
  return { records: [], response: undefined }
}

export function fenceBroker(state: ControllerState, id: number): Decision<undefined> {
  const broker = state.image.brokers.get(id)
  if (!broker || broker.fenced) return { records: [], response: undefined }
  const records: MetadataRecord[] = [
    ...recordsForLeaving(state.image, id),
    { type: 'fence-broker', id, brokerEpoch: broker.brokerEpoch },
  ]
  return { records, response: undefined }
}

import type { ErrorName } from '../../protocol/error-codes.ts'
import type { IsrChange, IsrChangeAnswer } from '../controller/alter-partition.ts'
import type { AskedElection, ElectionAnswer } from '../controller/asked-elections.ts'
import type { Heartbeat, HeartbeatAnswer, Registration } from '../controller/brokers.ts'
import type { QuotaAlteration, QuotaAnswer } from '../controller/client-quotas.ts'
import type { ConfigAlteration, ConfigAnswer } from '../controller/configs.ts'
import type { FeaturesAnswer, FeatureUpdate } from '../controller/features.ts'
import type { QuorumView } from '../controller/quorum.ts'
import type { Reassignment, ReassignmentAnswer } from '../controller/reassignments.ts'
import type { ScramAlteration, ScramAnswer } from '../controller/scram-credentials.ts'
import type { NewTopic, TopicAnswer } from '../controller/topics.ts'

/** What brokers ask of the active controller. JSON on the wire. */
export interface ControllerRequests {
  register: { request: Registration; answer: { error: ErrorName; brokerEpoch: number } }
  heartbeat: { request: Heartbeat; answer: HeartbeatAnswer }
  'alter-partitions': {
    request: { brokerId: number; brokerEpoch: number; changes: readonly IsrChange[] }
    answer: { error: ErrorName; partitions: readonly IsrChangeAnswer[] }
  }
  'create-topics': {
    request: { topics: readonly NewTopic[]; validateOnly: boolean }
    answer: readonly TopicAnswer[]
  }
  'delete-topics': { request: { topicIds: readonly string[] }; answer: readonly TopicAnswer[] }
  'create-partitions': {
    request: {
      topics: readonly {
        name: string
        count: number
        assignments: readonly (readonly number[])[] | null
      }[]
      validateOnly: boolean
    }
    answer: readonly TopicAnswer[]
  }
  'alter-configs': {
    request: { alterations: readonly ConfigAlteration[]; validateOnly: boolean }
    /** Metadata up to `index` has all of it. */
    answer: { answers: readonly ConfigAnswer[]; index: number }
  }
  'elect-leaders': { request: { elections: readonly AskedElection[] }; answer: readonly ElectionAnswer[] }
  reassign: {
    request: { reassignments: readonly Reassignment[]; allowsOtherFactor: boolean }
    answer: readonly ReassignmentAnswer[]
  }
  'describe-quorum': { request: Record<string, never>; answer: QuorumView }
  'alter-scram': {
    request: ScramAlteration
    /** Metadata up to `index` has all of it. */
    answer: { answers: readonly ScramAnswer[]; index: number }
  }
  'alter-quotas': {
    request: { alterations: readonly QuotaAlteration[]; validateOnly: boolean }
    answer: { answers: readonly QuotaAnswer[]; index: number }
  }
  'update-features': {
    request: { updates: readonly FeatureUpdate[]; validateOnly: boolean }
    answer: { answer: FeaturesAnswer; index: number }
  }
  'producer-ids': { request: { count: number }; answer: { first: number } }
}

export type ControllerRequestKind = keyof ControllerRequests

export type ControllerRequest = {
  [K in ControllerRequestKind]: { readonly kind: K; readonly request: ControllerRequests[K]['request'] }
}[ControllerRequestKind]

export type ControllerAnswer<K extends ControllerRequestKind> = ControllerRequests[K]['answer']

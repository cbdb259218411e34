import type { QuotaEntity } from './clients-image.ts'

/**
 * What the quorum decides, one type per change. Stored as JSON: names and meanings never change once released.
 * Records of one entry apply together or not at all.
 */
export interface PartitionState {
  readonly replicas: readonly number[]
  readonly isr: readonly number[]
  /** −1: none. */
  readonly leader: number
  /** Grows with every election. */
  readonly leaderEpoch: number
  /** Grows with every change at all. */
  readonly partitionEpoch: number
  /**
   * Members of the in-sync set that came back from an unclean stop while no other member was up, with what their logs
   * hold: each may lack what was acknowledged. Only while there is no leader.
   */
  readonly suspects?: readonly SuspectLog[]
  /** Among `replicas`, while they are being moved: those that come, and those that go. */
  readonly adding?: readonly number[]
  readonly removing?: readonly number[]
}

export interface SuspectLog {
  readonly id: number
  /** Of the last record; −1: there is none. */
  readonly lastEpoch: number
  readonly endOffset: number
}

export type PartitionChange = Extract<MetadataRecord, { type: 'partition-change' }>

export type MetadataRecord =
  | { readonly type: 'cluster'; readonly clusterId: string }
  | {
      readonly type: 'register-broker'
      readonly id: number
      /** The index of the entry that registers it: greater than of any registration before. */
      readonly brokerEpoch: number
      /** Of the process: a new one each time a broker starts. */
      readonly incarnation: string
      readonly host: string
      readonly port: number
    }
  | { readonly type: 'fence-broker'; readonly id: number; readonly brokerEpoch: number }
  | { readonly type: 'unfence-broker'; readonly id: number; readonly brokerEpoch: number }
  | { readonly type: 'shutting-down'; readonly id: number; readonly brokerEpoch: number }
  | { readonly type: 'topic'; readonly name: string; readonly topicId: string }
  | {
      readonly type: 'partition'
      readonly topicId: string
      readonly partition: number
      readonly state: PartitionState
    }
  | {
      readonly type: 'partition-change'
      readonly topicId: string
      readonly partition: number
      /** Left out: as it was. A leader here, even the same, opens a new leader epoch. */
      readonly isr?: readonly number[]
      readonly leader?: number
      /** Left out: as they were, but gone with the election of a leader. */
      readonly suspects?: readonly SuspectLog[]
      /** Left out: as they were. */
      readonly replicas?: readonly number[]
      readonly adding?: readonly number[]
      readonly removing?: readonly number[]
    }
  | { readonly type: 'remove-topic'; readonly topicId: string }
  /** The value null: back to the default. */
  | {
      readonly type: 'config'
      readonly resource: 'topic' | 'broker'
      readonly name: string
      readonly key: string
      readonly value: string | null
    }
  | { readonly type: 'producer-ids'; readonly next: number }
  /** Bytes in base 64; the mechanism by Kafka's number. */
  | {
      readonly type: 'scram-credential'
      readonly user: string
      readonly mechanism: number
      readonly iterations: number
      readonly salt: string
      readonly storedKey: string
      readonly serverKey: string
    }
  | { readonly type: 'remove-scram-credential'; readonly user: string; readonly mechanism: number }
  /** The value null: none any more. */
  | {
      readonly type: 'client-quota'
      readonly entity: QuotaEntity
      readonly key: string
      readonly value: number | null
    }
  /** Level 0: switched off. */
  | { readonly type: 'feature'; readonly name: string; readonly level: number }

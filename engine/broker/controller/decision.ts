import type { Random } from '../../environment/index.ts'
import type { BrokerSettings } from '../settings/broker-settings.ts'
import type { ClusterImage } from './image.ts'
import type { MetadataRecord } from './records.ts'

/**
 * What the active controller decides with: the image with all that it has proposed so far, committed or not, and what
 * only lives while it leads.
 */
export interface ControllerState {
  readonly image: ClusterImage
  readonly settings: BrokerSettings
  readonly random: Random
  /** When each broker was last heard of. */
  readonly contactMs: Map<number, number>
  /** Brokers that have spoken to this controller. Of others the image may tell what was before all of them stopped. */
  readonly heard: Set<number>
  /** Of the entry that the next decision becomes. */
  readonly nextIndex: number
}

/** Records to commit together, and what to answer once they are. */
export interface Decision<Response> {
  readonly records: readonly MetadataRecord[]
  readonly response: Response
}

import type { Environment } from '../../environment/index.ts'
import type { ClusterImage } from '../controller/image.ts'
import type { GroupCoordinator } from '../coordinator/group/coordinator.ts'
import type { TransactionCoordinator } from '../coordinator/transaction/coordinator.ts'
import type { BrokerMetrics } from '../metrics/broker-metrics.ts'
import type { BrokerAnswer, BrokerRequestKind, BrokerRequests } from '../peers/broker-requests.ts'
import type {
  ControllerAnswer,
  ControllerRequestKind,
  ControllerRequests,
} from '../peers/controller-requests.ts'
import type { Replicas } from '../replication/replicas.ts'
import type { BrokerSettings } from '../settings/broker-settings.ts'
import type { ProducerIds } from './producer-ids.ts'

/** What handlers work with. */
export interface BrokerContext {
  readonly id: number
  readonly environment: Environment
  readonly settings: BrokerSettings
  /** Committed metadata, as far as this broker has it. */
  readonly image: ClusterImage
  readonly replicas: Replicas
  readonly groups: GroupCoordinator
  readonly transactions: TransactionCoordinator
  readonly producerIds: ProducerIds
  readonly metrics: BrokerMetrics
  /** Undefined while the quorum has no leader. */
  readonly controllerId: number | undefined
  /** Asks the active controller, and tries again while there is none. @throws MillraceError NO_CONTROLLER after `timeoutMs` */
  askController<K extends ControllerRequestKind>(
    kind: K,
    request: ControllerRequests[K]['request'],
    timeoutMs: number,
  ): Promise<ControllerAnswer<K>>
  /** Asks one broker, perhaps this one. @throws MillraceError PEER_LOST, PEER_TIMED_OUT */
  askBroker<K extends BrokerRequestKind>(
    id: number,
    kind: K,
    request: BrokerRequests[K]['request'],
  ): Promise<BrokerAnswer<K>>
  /** Resolves when the metadata here satisfies the condition; false after `timeoutMs`. */
  untilImage(condition: () => boolean, timeoutMs: number): Promise<boolean>
}

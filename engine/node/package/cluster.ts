/** `millrace/cluster`: the embedded cluster. */
import { type ClusterOptions, EmbeddedCluster } from '../../cluster/index.ts'
import { createNodeEnvironment } from '../environment/index.ts'

export type {
  BrokerMetricSet,
  ClusterOptions,
  ClusterStatus,
  ClusterTopic,
  EmbeddedCluster,
} from '../../cluster/index.ts'

/** Resolves when every broker serves clients. */
export function startCluster(options: ClusterOptions = {}): Promise<EmbeddedCluster> {
  return EmbeddedCluster.start(() => createNodeEnvironment(), options)
}

/** The thread that the embedded cluster runs in. */
import { runCluster } from '../../host/cluster/cluster-body.ts'
import { createNodeEnvironment, serveWorker } from '../environment/index.ts'

serveWorker(createNodeEnvironment(), runCluster)

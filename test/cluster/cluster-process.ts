/** A cluster in a process of its own, to be killed: `node cluster-process.ts DATA`. Prints its bootstrap addresses. */
import { EmbeddedCluster } from '../../engine/cluster/index.ts'
import { createNodeEnvironment } from '../../engine/node/environment/index.ts'

const environment = createNodeEnvironment()
const cluster = await EmbeddedCluster.start(() => environment, {
  dataFolder: process.argv[2],
  topics: [{ name: 't', partitions: 1 }],
})
console.log(cluster.bootstrap.join(','))
process.on('SIGTERM', async () => {
  await cluster.stop()
  process.exit(0)
})
// Nothing else keeps the process alive.
setInterval(() => undefined, 60_000)

/** Starts the embedded cluster in this process and prints the milliseconds until its first acknowledged record. */
import { createProducer } from '../../engine/client/index.ts'
import { EmbeddedCluster } from '../../engine/cluster/index.ts'
import { createNodeEnvironment } from '../../engine/node/environment/index.ts'

const environment = createNodeEnvironment()
const startedMs = performance.now()
const cluster = await EmbeddedCluster.start(() => environment, { topics: [{ name: 'first', partitions: 1 }] })
const producer = createProducer(environment, { bootstrap: cluster.bootstrap, lingerMs: 0 })
await producer.send({ topic: 'first', key: null, value: Buffer.from('1') })
process.stdout.write(`${performance.now() - startedMs}\n`)
await producer.close()
await cluster.stop()

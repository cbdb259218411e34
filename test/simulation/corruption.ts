import type { Random } from '../../engine/environment/index.ts'
import { splitBatches } from '../../engine/protocol/record-batch.ts'
import type { World } from '../../engine/sim/index.ts'
import type { SimCluster } from './sim-cluster.ts'

/** Where a batch's checksum begins: what lies before it, offsets and lengths, is not covered by it. */
const crcPosition = 17

/** Spoils a byte of some batch of some log. Gives the file; undefined when there is none. */
export function spoilLog(world: World, node: string, random: Random): string | undefined {
  const logs = world.files(node).filter(({ path, bytes }) => path.endsWith('.log') && bytes.length > 0)
  if (logs.length === 0) return undefined
  const { path, bytes } = logs[random.int(logs.length)]!
  const starts: { position: number; sizeBytes: number }[] = []
  let position = 0
  for (const { sizeBytes } of splitBatches(Buffer.from(bytes))) {
    starts.push({ position, sizeBytes })
    position += sizeBytes
  }
  const batch = starts[random.int(starts.length)]
  if (!batch) return undefined
  const offset = crcPosition + random.int(batch.sizeBytes - crcPosition)
  return world.corrupt(node, path, batch.position + offset) ? path : undefined
}

/** Reads all that a broker has, as clients and followers would in time: damage shows now, and not among later faults. */
export async function readEverything(cluster: SimCluster, id: number): Promise<void> {
  for (const { id: owner, replica } of cluster.replicas()) {
    if (owner !== id) continue
    let offset = replica.log.logStartOffset
    while (cluster.live.has(id) && replica.isOpen && offset < replica.log.logEndOffset) {
      try {
        const { pieces } = await replica.log.read(Math.max(offset, replica.log.logStartOffset), 4096)
        const last = pieces.flatMap((piece) => [...splitBatches(piece)]).at(-1)
        if (!last) break
        offset = last.nextOffset
      } catch {
        break // the log says so itself, and the broker goes offline
      }
    }
  }
}

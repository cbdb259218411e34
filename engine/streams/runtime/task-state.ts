import type { Environment } from '../../environment/index.ts'
import type { TaskState } from '../task.ts'
import type { SubTopology } from '../topology.ts'

/** A new database for a task's stores on disk; undefined when it has none, or there is nowhere to put it. */
export async function openTaskState(
  environment: Environment,
  stateFolder: string | undefined,
  subTopology: SubTopology,
  partition: number,
): Promise<TaskState | undefined> {
  if (stateFolder === undefined || !subTopology.stores.some(({ onDisk }) => onDisk)) return undefined
  // A task that moves here from another thread may still be open there: each opening has a folder of its own.
  const folder = `${stateFolder}/${subTopology.index}_${partition}-${environment.random.uuid()}`
  await environment.disk.makeFolder(folder)
  const database = await environment.keyValue.open(folder)
  return {
    database,
    async release() {
      await database.close()
      await environment.disk.remove(folder)
    },
  }
}

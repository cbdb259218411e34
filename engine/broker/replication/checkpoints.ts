import { MillraceError } from '../../base/errors.ts'
import type { Environment } from '../../environment/index.ts'

const highWatermarksName = 'high-watermarks.json'
const cleanName = 'clean-shutdown.json'

/** High watermarks by the name of the replica's folder. An old or missing one is only lower than it could be. */
export async function readHighWatermarks(
  environment: Environment,
  folder: string,
): Promise<Map<string, number>> {
  const content = await readJson(environment, `${folder}/${highWatermarksName}`)
  return new Map(Array.isArray(content) ? (content as [string, number][]) : [])
}

export async function writeHighWatermarks(
  environment: Environment,
  folder: string,
  highWatermarks: ReadonlyMap<string, number>,
): Promise<void> {
  const text = JSON.stringify([...highWatermarks])
  await environment.disk.writeFileAtomic(`${folder}/${highWatermarksName}`, text)
}

/** Says under which registration the broker stopped with all data synced. */
export async function writeCleanMark(
  environment: Environment,
  folder: string,
  brokerEpoch: number,
): Promise<void> {
  await environment.disk.writeFileAtomic(`${folder}/${cleanName}`, JSON.stringify({ brokerEpoch }))
}

/** The mark is taken away: a crash from now on is no clean stop. −1: there was none. */
export async function takeCleanMark(environment: Environment, folder: string): Promise<number> {
  const path = `${folder}/${cleanName}`
  const content = await readJson(environment, path)
  if (content === undefined) return -1
  await environment.disk.remove(path)
  await environment.disk.syncFolder(folder)
  const { brokerEpoch } = content as { brokerEpoch?: unknown }
  return typeof brokerEpoch === 'number' ? brokerEpoch : -1
}

async function readJson(environment: Environment, path: string): Promise<unknown> {
  if (!(await environment.disk.stat(path))) return undefined
  try {
    return JSON.parse((await environment.disk.readFile(path)).toString('utf8'))
  } catch (thrown) {
    environment.log.write(
      'warn',
      'broker',
      `${path} cannot be read and is ignored: ${MillraceError.from(thrown).what}`,
    )
    return undefined
  }
}

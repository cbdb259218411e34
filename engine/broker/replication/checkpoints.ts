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

/** Under which registration a broker stopped with all data synced, and where each log ended then, by its folder. */
export interface CleanMark {
  readonly brokerEpoch: number
  readonly logEndOffsets: ReadonlyMap<string, number>
}

export async function writeCleanMark(
  environment: Environment,
  folder: string,
  mark: CleanMark,
): Promise<void> {
  const content = { brokerEpoch: mark.brokerEpoch, logEndOffsets: [...mark.logEndOffsets] }
  await environment.disk.writeFileAtomic(`${folder}/${cleanName}`, JSON.stringify(content))
}

/** The mark is taken away: a crash from now on is no clean stop. Undefined: there was none. */
export async function takeCleanMark(
  environment: Environment,
  folder: string,
): Promise<CleanMark | undefined> {
  const path = `${folder}/${cleanName}`
  const content = await readJson(environment, path)
  if (content === undefined) return undefined
  await environment.disk.remove(path)
  await environment.disk.syncFolder(folder)
  const { brokerEpoch, logEndOffsets } = content as { brokerEpoch?: unknown; logEndOffsets?: unknown }
  if (typeof brokerEpoch !== 'number' || !Array.isArray(logEndOffsets)) return undefined
  return { brokerEpoch, logEndOffsets: new Map(logEndOffsets as [string, number][]) }
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

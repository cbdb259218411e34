import { MillraceError } from '../base/errors.ts'
import type { DiskLock, Environment } from '../environment/index.ts'

const formatVersion = 1
const metaName = 'cluster.json'

/** Where a cluster keeps its data, held by one process at a time. */
export interface DataFolder {
  readonly path: string
  readonly isTemporary: boolean
  /** Lets it go; a temporary one is removed. */
  release(): Promise<void>
}

/** @throws MillraceError DATA_IN_USE, DATA_TOO_NEW, DATA_DAMAGED, WRONG_BROKER_COUNT, NO_PERMISSION */
export async function openDataFolder(
  { disk }: Environment,
  path: string | undefined,
  brokers: number,
): Promise<DataFolder> {
  if (path === undefined) {
    const temporary = await disk.temporaryFolder('millrace-cluster-')
    return { path: temporary, isTemporary: true, release: () => disk.remove(temporary) }
  }
  await disk.makeFolder(path)
  const lock: DiskLock = await disk.lock(`${path}/disk.lock`)
  try {
    const metaPath = `${path}/${metaName}`
    if (await disk.stat(metaPath))
      checkMeta((await disk.readFile(metaPath)).toString('utf8'), metaPath, brokers)
    else await disk.writeFileAtomic(metaPath, `${JSON.stringify({ format: formatVersion, brokers })}\n`)
  } catch (thrown) {
    await lock.release()
    throw thrown
  }
  return { path, isTemporary: false, release: () => lock.release() }
}

function checkMeta(text: string, where: string, brokers: number): void {
  let meta: { format?: unknown; brokers?: unknown }
  try {
    meta = JSON.parse(text)
  } catch (cause) {
    throw new MillraceError({
      code: 'DATA_DAMAGED',
      what: 'the file that describes the data folder is not JSON',
      where,
      remedy: 'choose another data folder, or restore the file',
      cause,
    })
  }
  if (meta.format !== formatVersion) {
    throw new MillraceError({
      code: 'DATA_TOO_NEW',
      what: `the data has format ${meta.format}, this version reads ${formatVersion}`,
      where,
      remedy: 'use the version that wrote it, or choose another data folder',
    })
  }
  if (meta.brokers !== brokers) {
    throw new MillraceError({
      code: 'WRONG_BROKER_COUNT',
      what: `the data belongs to ${meta.brokers} brokers, not ${brokers}`,
      where,
      remedy: `start ${meta.brokers} brokers, or choose another data folder`,
    })
  }
}

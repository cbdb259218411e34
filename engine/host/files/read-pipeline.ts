import { MillraceError } from '../../base/errors.ts'
import type { Disk } from '../../environment/index.ts'
import type { PipelineDocument } from '../../pipeline/document.ts'
import { parseDocument } from '../../pipeline/parse.ts'
import { join, nameOf, normalized, parentOf } from './paths.ts'
import { documentName, readPipelineFolder, type SourceFile } from './pipeline-folder.ts'

export interface ReadPipeline {
  /** The folder. */
  readonly path: string
  readonly document: PipelineDocument
  readonly documentText: string
  readonly files: SourceFile[]
  readonly assets: string[]
  readonly folders: string[]
  readonly readme: string | undefined
}

/**
 * A pipeline by its folder or its `pipeline.json`. @throws MillraceError NOT_A_PIPELINE, PIPELINE_NOT_JSON and others of
 * `parseDocument`
 */
export async function readPipeline(disk: Disk, given: string): Promise<ReadPipeline> {
  const path = await pipelineFolder(disk, given)
  const content = await readPipelineFolder(disk, path)
  const { document } = parseDocument(content.documentText, join(path, documentName))
  return { path, document, ...content }
}

async function pipelineFolder(disk: Disk, given: string): Promise<string> {
  const path = normalized(given)
  const folder = nameOf(path) === documentName ? parentOf(path) : path
  if (await disk.stat(join(folder, documentName))) return folder
  throw new MillraceError({
    code: 'NOT_A_PIPELINE',
    what: `there is no ${documentName} here`,
    where: given,
    remedy: `choose a folder with a ${documentName}, or that file`,
  })
}
